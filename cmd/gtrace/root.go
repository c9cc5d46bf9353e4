package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gtrace/diag"
)

func newRootCommand(a *app) *cobra.Command {
	var version bool
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
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return a.noCommand()
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				info, _ := debug.ReadBuildInfo()
				return printVersion(a.out, info)
			}
			return cmd.Help()
		},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(a.flagError)
	root.Flags().BoolVarP(&version, "version", "V", false, "print the versions, as gtrace version does")
	root.SetHelpCommand(newHelpCommand())
	root.AddCommand(
		newRunCommand(a), newTestCommand(a), newAttachCommand(a), newFuncsCommand(a),
		newPsCommand(a), newDoctorCommand(a), newRepairCommand(a),
		newVersionCommand(a), newCompletionCommand(a),
	)
	root.InitDefaultHelpCmd()
	return root
}

// asCommand writes -p PID, as strace takes it, as the command attach.
func asCommand(args []string) []string {
	if len(args) == 0 || !strings.HasPrefix(args[0], "-") {
		return args
	}
	attach := append([]string{"attach"}, args...)
	w := hintWorld{args: append([]string{"gtrace"}, attach...), flags: newAttachCommand(newApp()).Flags()}
	if slices.ContainsFunc(w.words(), func(x word) bool { return x.flag == pidFlag }) {
		return attach
	}
	return args
}

// noCommand refuses a command line without a command, and guesses what was meant.
func (a *app) noCommand() error {
	args := a.say.world.args[min(1, len(a.say.world.args)):]
	if len(args) == 0 {
		return usage(withHint(errors.New("a command is missing"), "gtrace help"))
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if strings.HasPrefix(args[0], "-") {
		err = errors.New("a command is missing")
	}
	for _, again := range a.guesses(args) {
		if a.parses(again) {
			return usage(withHint(err, "gtrace "+quoteAll(again)))
		}
	}
	return usage(withHint(err, "gtrace help"))
}

// guesses are command lines that may have been meant, the likeliest first.
func (a *app) guesses(args []string) [][]string {
	var list [][]string
	root := newRootCommand(a)
	if near := nearCommand(root, args[0]); near != "" {
		again := slices.Clone(args)
		again[0] = near
		list = append(list, again, []string{near, "--help"})
	}
	if pid, err := strconv.Atoi(args[0]); err == nil && isFile(a.procs.path(pid, "")) {
		list = append(list, append([]string{"attach"}, args...))
	}
	run := append([]string{"run"}, args...)
	cmd, rest, err := root.Find(run)
	if err == nil && cmd.ParseFlags(rest) == nil && cmd.Flags().NArg() > 0 {
		if kind, _, err := classify(cmd.Flags().Arg(0)); err == nil && kind != aPackage {
			list = append(list, run)
		}
	}
	return list
}

// nearCommand returns the command whose name differs by a letter or two.
func nearCommand(root *cobra.Command, name string) string {
	var names []string
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	near := diag.Nearest(name, names)
	if len(name) < 2 || diag.Distance(name, near) > max(1, len(name)/3) {
		return ""
	}
	return near
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
