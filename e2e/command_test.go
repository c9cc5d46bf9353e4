package e2e

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"gtrace/events"
	"gtrace/events/eventstest"
)

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands returns what scripts can say beyond testscript's own commands; doc.go
// describes them.
func commands() map[string]command {
	return map[string]command{
		"build":     cmdBuild,
		"exits":     cmdExits,
		"trace":     cmdTrace,
		"events":    cmdEvents,
		"validate":  cmdValidate,
		"start":     cmdStart,
		"await":     cmdAwait,
		"untouched": cmdUntouched,
	}
}

// buildModes maps the name of a way to build a target to the arguments of go.
var buildModes = map[string][]string{
	"opt":      {"build"},
	"debug":    {"build", "-gcflags=all=-N -l"},
	"race":     {"build", "-race"},
	"pie":      {"build", "-buildmode=pie"},
	"trimpath": {"build", "-trimpath"},
	"stripped": {"build", "-ldflags=-s -w"},
	"test":     {"test", "-c"},
	"cgo":      {"build", "-tags=withcgo"},
}

func cmdBuild(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: build MODE OUT [PKG]")
	}
	mode, ok := buildModes[args[0]]
	if !ok {
		ts.Fatalf("build: no mode %s", args[0])
	}
	if _, err := os.Stat(ts.MkAbs("go.mod")); errors.Is(err, os.ErrNotExist) {
		ts.Check(os.WriteFile(ts.MkAbs("go.mod"), []byte("module prog\n\ngo 1.26\n"), 0o666))
	}
	line := append(slices.Clone(mode), "-o", args[1])
	ts.Check(ts.Exec("go", append(line, args[2:]...)...))
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROG [ARGS…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got, err := exitStatus(ts.Exec(args[1], args[2:]...))
	ts.Check(err)
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// exitStatus returns the status that a shell would show for a command's error.
func exitStatus(err error) (int, error) {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return 0, err
	}
	if ws := exit.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal()), nil
	}
	return exit.ExitCode(), nil
}

// traceFile is where trace leaves the stream.
const traceFile = "trace.jsonl"

func cmdTrace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: trace STATUS [FLAGS…] PROG [ARGS…]")
	}
	line := []string{args[0], "gtrace", "run", "--format", "json", "-o", traceFile}
	cmdExits(ts, false, append(line, args[1:]...))
	cmdEvents(ts, false, []string{traceFile})
	v := eventstest.Validator{Kinds: askedKinds(args), Filtered: isFiltered(args)}
	stream, err := readStream(strings.NewReader(ts.ReadFile(traceFile)))
	for _, e := range stream {
		err = errors.Join(err, v.Check(e))
	}
	if err := errors.Join(err, v.Finish()); err != nil {
		ts.Fatalf("trace: %v", err)
	}
}

// filters are the flags that leave calls out of a stream.
var filters = []string{
	"--where", "-z", "-Z", "--slower", "--skip", "--every", "--sample", "--start-at", "--stop-at", "--backlog",
}

// isFiltered reports whether a command line of gtrace leaves calls out.
func isFiltered(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool { return slices.Contains(filters, arg) })
}

// askedKinds returns the kinds that a command line of gtrace asks for.
func askedKinds(args []string) []events.Kind {
	var kinds []events.Kind
	for i, arg := range args[:len(args)-1] {
		if arg == "-e" || arg == "--events" {
			for name := range strings.SplitSeq(args[i+1], ",") {
				kinds = append(kinds, events.ParseKind(name))
			}
		}
	}
	return kinds
}

func cmdEvents(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("events", flag.ContinueOnError)
	at := flags.Bool("at", false, "print places")
	ts.Check(flags.Parse(args))
	if neg || flags.NArg() != 1 {
		ts.Fatalf("usage: events [-at] FILE")
	}
	stream, err := readStream(strings.NewReader(ts.ReadFile(flags.Arg(0))))
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), compact(stream, *at))
	ts.Check(err)
}

func cmdValidate(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: validate FILE…")
	}
	for _, file := range args {
		err := validate(strings.NewReader(ts.ReadFile(file)))
		if neg && err == nil {
			ts.Fatalf("validate: %s is valid", file)
		}
		if !neg && err != nil {
			ts.Fatalf("validate: %s: %v", file, err)
		}
	}
}

// startLimit is how long a target may take to say that it is ready.
const startLimit = 30 * time.Second

func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME PROG [ARGS…]")
	}
	cmd := exec.Command(ts.MkAbs(args[1]), args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	done := make(chan struct{})
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	ready := make(chan error, 1)
	go func() {
		defer close(done)
		ready <- awaitReady(out)
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	}()
	select {
	case err := <-ready:
		ts.Check(err)
	case <-time.After(startLimit):
		ts.Fatalf("start: %s did not get ready", args[1])
	}
	ts.Setenv(args[0], strconv.Itoa(cmd.Process.Pid))
}

// awaitReady reads a target's output up to the line "ready".
func awaitReady(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if lines.Text() == "ready" {
			return nil
		}
	}
	return fmt.Errorf("target ended before it was ready: %w", lines.Err())
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await PID")
	}
	for deadline := time.Now().Add(startLimit); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat("/proc/" + args[0]); errors.Is(err, os.ErrNotExist) {
			return
		}
	}
	ts.Fatalf("await: %s still runs", args[0])
}

func cmdUntouched(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: untouched PID")
	}
	pid, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(untouched(pid))
}
