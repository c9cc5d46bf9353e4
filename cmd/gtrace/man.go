//go:build man

// With the tag man this is another program, for those who package gtrace: it writes
// the manual pages to a directory, and gtrace itself needs nothing of what makes them.
//
//	go run -tags man ./cmd/gtrace DIR
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra/doc"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -tags man ./cmd/gtrace DIR")
		os.Exit(statusUsage)
	}
	if err := writeManual(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "manual pages:", err)
		os.Exit(statusFailed)
	}
}

// writeManual writes a page for gtrace, and one for each command.
func writeManual(dir string) error {
	root := newRootCommand(newApp())
	root.DisableAutoGenTag = true
	for _, sub := range root.Commands() {
		sub.Long = manText(sub.Long)
	}
	header := &doc.GenManHeader{Title: "GTRACE", Section: "1", Source: "gtrace", Manual: "gtrace"}
	return doc.GenManTree(root, header, dir)
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
