package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newHelpCommand is cobra's, but that it refuses what is no command.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Describe a command, with its flags and examples",
		Long: `Describe a command, with its flags, examples and exit status; or gtrace itself.

EXIT STATUS
  0    the description was printed
  2    there is no such command`,
		Example:           "  gtrace help run",
		ValidArgsFunction: completeCommand,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) == 0 {
				about.InitDefaultHelpFlag()
				return about.Help()
			}
			err = fmt.Errorf("help: unknown command %q", strings.Join(args, " "))
			if near := nearCommand(cmd.Root(), args[0]); near != "" {
				return usage(withHint(err, "gtrace help "+near))
			}
			return usage(withHint(err, "gtrace help"))
		},
	}
}

// completeCommand offers the names of the commands to the shell's completion.
func completeCommand(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, c := range cmd.Root().Commands() {
		if len(args) == 0 && c.IsAvailableCommand() {
			names = append(names, c.Name()+"\t"+c.Short)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
