package e2e

import (
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"gtrace/events"
)

// TestSignalLaunched sends signals to gtrace while it runs a target: the trace
// ends, the target gets the signal too, and its end is gtrace's.
func TestSignalLaunched(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, c := range []struct {
		name   string
		signal syscall.Signal
		how    string // what the target does about it
		status int
	}{
		{"SIGINT-dies", syscall.SIGINT, "default", 130},
		{"SIGTERM-dies", syscall.SIGTERM, "default", 143},
		{"SIGTERM-handles", syscall.SIGTERM, "handle", 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := keepOnFailure(t, "gtrace-launch-")
			prog, trace := buildTarget(t, "opt", "patient"), filepath.Join(dir, "trace.jsonl")
			g := startTracer(t, "run", "--format", "json", "-o", trace, "-t", "main.step", prog, "--", c.how)
			awaitSize(t, trace, 8000)
			if err := g.cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			if got := g.wait(t); got != c.status {
				t.Errorf("exit status %d, want %d\n%s", got, c.status, g.messages.String())
			}
			checkEnd(t, trace, events.ReasonInterrupted, c.signal)
		})
	}
}

// TestManyProbes plants probes in all of net/http below a busy server.
func TestManyProbes(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	s := startServer(t)
	finish := s.load()
	trace := filepath.Join(keepOnFailure(t, "gtrace-many-"), "trace.jsonl")
	g := startTracer(t, "attach", "-t", "net/http.*", "-t", "net/textproto.*", "-t", "main.*", "--max-probes", "10000", "-n", "3000", "--format", "json", "-o", trace, strconv.Itoa(s.pid))
	if got := g.wait(t); got != 0 {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
	s.checkFree(t, finish)
	checkEnd(t, trace, events.ReasonLimit, 0)
}

// TestLibrary plants probes in most of the standard library below a program
// that uses much of it, and expects that it does the same as alone.
func TestLibrary(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	prog, dir := buildTarget(t, "opt", "library"), t.TempDir()
	for name, patterns := range map[string][]string{
		"text":    {"fmt.*", "strconv.*", "strings.*", "bytes.*", "unicode/..."},
		"json":    {"encoding/json.*", "reflect.*", "sort.*", "slices.*"},
		"os":      {"os.*", "os/exec.*", "syscall.*", "internal/poll.*", "io.*"},
		"sync":    {"sync.*", "sync/atomic.*", "internal/sync.*", "time.*", "context.*"},
		"runtime": {"runtime.mallocgc", "runtime.newproc", "runtime.gopark", "runtime.chansend1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			foreign{dir: dir, argv: []string{prog}, patterns: patterns, calls: 20}.check(t)
		})
	}
}
