package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newManCommand is for those who package gtrace.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages to a directory",
		Hidden: true,
		Args:   needArgs(1, 1, "DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true
			for _, sub := range root.Commands() {
				sub.Long = manText(sub.Long)
			}
			header := &doc.GenManHeader{Title: "GTRACE", Section: "1", Source: "gtrace", Manual: "gtrace"}
			return doc.GenManTree(root, header, args[0])
		},
	}
}

// manText gives the exit status its section, and its lines the four columns that
// make them stay lines.
func manText(long string) string {
	text, status, ok := strings.Cut(long, "EXIT STATUS\n")
	if !ok {
		return long
	}
	return text + "# EXIT STATUS\n\n" + strings.ReplaceAll("\n"+status, "\n  ", "\n    ")
}
