package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"gtrace/session/engine/ptrace"
)

func newTestCommand(a *app) *cobra.Command {
	var f runFlags
	var dash int
	cmd := &cobra.Command{
		Use:   "test [flags] [PKG] [-- ARGS…]",
		Short: "Build a test binary and trace it",
		Long: `Build the tests of PKG, a directory or an import path (default: the current
directory), without optimisation, run them in the package's directory with ARGS,
and write their events to stderr.

ARGS are those of the test binary; -run, -v, -count and the other flags of go
test are understood too. Without --trace every function of the module is traced.

EXIT STATUS
  as the test binary: 0 when the tests pass, 1 when they fail; but
` + exitText,
		Example: `  gtrace test
  gtrace test ./store -- -run TestLoad -v
  gtrace test -t 'example.com/shop/store.*' -e exception ./store`,
		Args: func(cmd *cobra.Command, args []string) error {
			if dash = cmd.ArgsLenAtDash(); dash < 0 {
				dash = len(args)
			}
			return needArgs(0, 1, "PKG")(cmd, args[:dash])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			pkg := "."
			if dash > 0 {
				pkg = args[0]
			}
			return runTest(cmd.Context(), a, &f, pkg, args[dash:])
		},
	}
	f.register(cmd.Flags(), launchedStall)
	f.build.register(cmd.Flags())
	f.complete(cmd)
	cmd.PreRunE = f.presets.apply
	return cmd
}

// generatedMain is the file that the go command writes to start the tests. Its
// package main belongs to no one's module.
const generatedMain = "_testmain.go"

func runTest(ctx context.Context, a *app, f *runFlags, pkg string, args []string) error {
	if err := f.begin(a); err != nil {
		return err
	}
	a.say.world.prog = pkg
	p, dir, err := a.testBinary(ctx, pkg, &f.build)
	if err != nil {
		return err
	}
	defer p.remove()
	if len(f.trace) == 0 {
		f.ignore = append(f.ignore, generatedMain)
	}
	env := append(a.env[:len(a.env):len(a.env)], "PWD="+filepath.Clean(dir))
	return traceLaunched(ctx, a, &f.traceFlags, ptrace.Launch{Path: p.path, Args: testArgs(args), Dir: dir, Env: env})
}

// testBinary builds the tests of a package, and returns the directory that they
// run in.
func (a *app) testBinary(ctx context.Context, pkg string, build *buildFlags) (p *executable, dir string, err error) {
	stderr, done := a.working("building the tests of " + printable(pkg))
	defer done()
	g := &goTool{stderr: stderr, env: a.env}
	from, name := "", pkg
	if isFile(pkg) {
		from, name = pkg, "." // its module may be another one than that of this directory
	}
	if dir, err = g.list(ctx, from, name, build); err != nil {
		return nil, "", notFound(err)
	}
	p, err = g.build(ctx, "test", from, name, build)
	return p, dir, err
}
