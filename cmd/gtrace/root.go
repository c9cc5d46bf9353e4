package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "gtrace",
		Short: "Trace a Go process from outside",
		Long: `gtrace attaches to a running Go process, or starts one, and streams what the
program does: calls with their arguments, returns with results and durations,
and exceptions (panics, runtime errors, error results). The program's source
stays as it is.

A pattern chooses code: main.work, net/http.(*Server).*, example.com/x/...,
/regexp/, server.go. Without one, every function of the target's main
module is traced.`,
		Example: `  gtrace run ./cmd/server                    build a package and trace it
  gtrace run ./server -t 'main.*' -- -p 80   trace a binary, which gets -p 80
  gtrace test ./store -- -run TestLoad       trace one test
  gtrace attach server -t 'store.(*DB).*'    trace a running process
  gtrace attach server -c --for 10s          a table: calls, errors, times
  gtrace funcs ./server '/Handler$/'         what a pattern matches
  gtrace ps                                  which processes can be traced
  gtrace doctor 4711                         what is in the way, and what helps`,
		SuggestionsMinimumDistance: 2,

		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              rootArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newRunCommand(a), newTestCommand(a), newAttachCommand(a), newFuncsCommand(a),
		newPsCommand(a), newDoctorCommand(a), newRepairCommand(a),
		newVersionCommand(a), newCompletionCommand(a), newManCommand(),
	)
	return root
}

// rootArgs refuses what is no command, and guesses what was meant.
func rootArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usage(withHint(err, "gtrace "+near[0]))
	}
	if isFile(args[0]) || strings.Contains(args[0], "/") {
		return usage(withHint(err, "gtrace run "+quoteAll(args)))
	}
	return usage(withHint(err, "gtrace help"))
}

// flagError points a flag that is unknown to gtrace, or lacks its value, to
// where it may belong.
func flagError(cmd *cobra.Command, err error) error {
	if cmd.Name() == "run" || cmd.Name() == "test" {
		if strings.HasPrefix(err.Error(), "unknown") {
			return usage(withHint(err, "flags of the target stand after --: "+cmd.CommandPath()+" PROG -- -flag"))
		}
	}
	return usage(withHint(err, cmd.CommandPath()+" --help"))
}

// needArgs refuses a command line with too few or too many arguments.
func needArgs(least, most int, missing string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage(withHint(fmt.Errorf("%s: %s is missing", cmd.Name(), missing), cmd.CommandPath()+" --help"))
		case most >= 0 && len(args) > most:
			return usage(withHint(fmt.Errorf("%s: unexpected argument %q", cmd.Name(), args[most]), cmd.CommandPath()+" --help"))
		}
		return nil
	}
}
