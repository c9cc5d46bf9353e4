package main

import (
	"context"

	"github.com/spf13/cobra"

	"gtrace/session/engine/ptrace"
)

// runFlags are the flags of run.
type runFlags struct {
	traceFlags
	build buildFlags
}

// begin checks the flags.
func (f *runFlags) begin(a *app) error {
	if _, err := f.build.parse(); err != nil {
		return usage(err)
	}
	return a.begin(&f.traceFlags)
}

func newRunCommand(a *app) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [flags] PROG [-- ARGS…]",
		Short: "Start a program and trace it",
		Long: `Start PROG with ARGS and write its events to stderr, so that its stdout stays
its own. PROG is a binary, which is looked for in $PATH when it has no slash;
or a package directory, a .go file or an import path, which is built first,
without optimisation so that every function and variable can be seen.

Ctrl-C, --limit, --for, --stop-at and a closed pipe end the trace; the program
runs on and gtrace waits for it. SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2
end the trace and are handed to the program.

EXIT STATUS
  as PROG: its own status, or 128+N when signal N killed it; but
` + exitText,
		Example: `  gtrace run ./cmd/server
  gtrace run -t 'main.*' -x main.poll ./server -- -listen :8080
  gtrace run -e exception -k 5 main.go
  gtrace run --build-flags='-race -tags=sqlite' ./cmd/server
  gtrace run --optimized -o trace.json --format json ./cmd/server`,
		Args: needArgs(1, -1, "PROG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRun(cmd.Context(), a, &f, args[0], args[1:])
		},
	}
	f.register(cmd.Flags(), launchedStall)
	f.build.register(cmd.Flags())
	f.complete(cmd)
	cmd.PreRunE = f.presets.apply
	return cmd
}

func runRun(ctx context.Context, a *app, f *runFlags, prog string, args []string) error {
	if err := f.begin(a); err != nil {
		return err
	}
	a.say.world.prog = prog
	p, err := a.program(ctx, prog, &f.build)
	if err != nil {
		return err
	}
	defer p.remove()
	return traceLaunched(ctx, a, &f.traceFlags, ptrace.Launch{Path: p.path, Args: args, Env: a.env})
}
