package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace"
)

// An app is what every command reaches the outside world through.
type app struct {
	streams
	env    []string
	say    *voice
	engine backend
	probe  prober
	procs  procfs
}

// streams are the standard files of gtrace, which a launched target inherits.
type streams struct{ in, out, err *os.File }

// A backend opens targets. What it opens belongs to the goroutine that did.
type backend interface {
	Run(ptrace.Launch) (target, error)
	Attach(pid int) (target, error)
	Open(path string) (image, error)
}

// A prober finds out what can be traced, without tracing it.
type prober interface {
	Check(pid int) error
	// HasLeft reports whether a gtrace that was killed has left something.
	HasLeft(pid int) bool
	// Protectable says why a process would not survive SIGKILL to gtrace.
	Protectable(pid int) error
	Inspect(path string) (program.Build, error)
	Try() ptrace.Trial
}

// A target is an engine with a process that may be ours to wait for. Signal may
// be called from any goroutine, also while another waits. Idle lets it run, without
// the probes that were prepared, until a context is cancelled or it ends, and reports
// whether it still runs.
type target interface {
	engine.Engine
	Idle(context.Context) (runs bool)
	Wait() (status int, signal string, err error)
	Signal(os.Signal) error
}

// An image is a program on disk.
type image interface {
	engine.LineLister
	Functions() []*engine.Function
	Module() string
	GoVersion() string
	Close() error
}

func newApp() *app {
	procs := procfs{root: "/proc"}
	return &app{
		streams: streams{in: os.Stdin, out: os.Stdout, err: os.Stderr},
		env:     os.Environ(),
		say: &voice{w: os.Stderr, world: hintWorld{
			procs: procs, euid: os.Geteuid(), args: os.Args,
		}},
		engine: local{},
		probe:  local{},
		procs:  procs,
	}
}

// main runs one command line, prints what went wrong and returns the status.
func (a *app) main(args []string) int {
	err := a.execute(args)
	a.say.report(err)
	return exitStatus(err)
}

// begin checks the flags of a command that traces and takes those that are
// about messages.
func (a *app) begin(f *traceFlags) error {
	if err := f.check(); err != nil {
		return usage(err)
	}
	a.say.quiet, a.say.verbose = f.quiet, f.verbose
	return nil
}

// execute runs one command line. A panic of our own comes back as an error:
// deferred calls have let go of the target by then.
func (a *app) execute(args []string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()
	// A fault at an address that is no nil pointer would be fatal otherwise.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	root := newRootCommand(a)
	args = asCommand(args)
	root.SetArgs(args)
	if cmd, _, err := root.Find(args); err == nil {
		if !cmd.HasParent() && len(args) > 0 && !strings.HasPrefix(args[0], "-") && !strings.HasPrefix(args[0], "__") {
			return a.noCommand() // whatever flags come with it; __complete is the shell's
		}
		a.say.world.flags = cmd.Flags()
	}
	return root.Execute()
}

// A panicError is a bug in gtrace.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("internal error: %v", e.value) }

// local is the backend of the engine ptrace, and its prober.
type local struct{}

func (local) Run(l ptrace.Launch) (target, error) {
	e, err := ptrace.Run(l)
	if err != nil {
		return nil, err // a nil *ptrace.Engine must not become a non-nil target
	}
	return e, nil
}

func (local) Attach(pid int) (target, error) {
	e, err := ptrace.Attach(pid)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (local) Open(path string) (image, error) {
	i, err := program.Open(path)
	if err != nil {
		return nil, err
	}
	return i, nil
}

func (local) HasLeft(pid int) bool                       { return ptrace.HasLeft(pid) }
func (local) Protectable(pid int) error                  { return ptrace.Protectable(pid) }
func (local) Check(pid int) error                        { return ptrace.Check(pid) }
func (local) Inspect(path string) (program.Build, error) { return program.Inspect(path) }
func (local) Try() ptrace.Trial                          { return ptrace.Try() }
