package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gtrace/session/engine"
)

const oneCall = `
g1 enter main.work 20 n=1
g1 return main.work 20
`

// anyProgram is a file that can stand for PROG, as no fake reads it.
const anyProgram = "/proc/self/exe"

func TestRunStatus(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		signal       string
		status       int
		args         []string
		want         int
		stderr       []string
	}{
		{name: "exit", script: oneCall + "exit 0", want: 0, stderr: []string{"main.work", "exited with status 0"}},
		{name: "status", script: oneCall + "exit 3", status: 3, want: 3},
		{name: "killed", script: oneCall + "exit SIGKILL", signal: "SIGKILL", want: 128 + 9},
		{name: "limit", script: oneCall + oneCall, args: []string{"-n", "1"}, status: 4, want: 4, stderr: []string{"gtrace: tracing ended at --limit; waiting for PID 7 to end"}},
		{name: "for", script: oneCall, args: []string{"--for", "20ms"}, status: 5, want: 5, stderr: []string{"tracing ended after --for"}},
		{name: "stop at", script: oneCall + oneCall, args: []string{"--stop-at", "main.work"}, status: 4, want: 4, stderr: []string{"gtrace: tracing ended at --stop-at; waiting for PID 7 to end"}},
		{
			name: "not computed", script: oneCall + oneCall + "exit 0", args: []string{"--where", "exceptions[5].class == 'x'"},
			stderr: []string{"gtrace: --where could not be computed for 2 calls, and counts as not true for them", "\ngtrace:   exceptions[5].class == 'x'\ngtrace:             ^\n"},
		},
		{name: "exec", script: oneCall + "exec", status: 6, want: 6},
		{name: "quiet", script: oneCall + oneCall, args: []string{"-q", "-n", "1"}, want: 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tgt := newFakeTarget(t, tt.script)
			tgt.status, tgt.signal = tt.status, tt.signal
			r := gtrace(t, &fakeBackend{target: tgt}, append([]string{"run", anyProgram}, tt.args...)...)
			if r.status != tt.want {
				t.Errorf("status %d, want %d\n%s", r.status, tt.want, r.stderr)
			}
			if !tgt.closed {
				t.Error("the engine was not closed")
			}
			wantText(t, "stderr", r.stderr, tt.stderr...)
			if slices.Contains(tt.args, "-q") && strings.Contains(r.stderr, "gtrace: ") {
				t.Errorf("-q prints a message:\n%s", r.stderr)
			}
		})
	}
}

func TestRunRefusesPattern(t *testing.T) {
	tgt := newFakeTarget(t, oneCall+"exit 0")
	r := gtrace(t, &fakeBackend{target: tgt}, "run", anyProgram, "--trace=main.wrok")
	if r.status != statusUsage {
		t.Errorf("status %d, want %d", r.status, statusUsage)
	}
	wantText(t, "stderr", r.stderr,
		`gtrace: no function matches "main.wrok"`,
		"gtrace: hint: gtrace run "+anyProgram+" --trace=main.work\n",
		"gtrace: hint: gtrace funcs "+anyProgram+"\n")
	if !slices.Contains(tgt.signals, os.Signal(syscall.SIGKILL)) {
		t.Error("a program that is not traced must not run")
	}
	if !tgt.closed {
		t.Error("the engine was not closed")
	}
}

func TestRunArguments(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{anyProgram}, nil},
		{[]string{anyProgram, "a", "b"}, []string{"a", "b"}},
		{[]string{anyProgram, "-q", "a"}, []string{"a"}},
		{[]string{anyProgram, "--", "-x", "y"}, []string{"-x", "y"}},
		{[]string{anyProgram, "-q", "--", "-q", "--", "z"}, []string{"-q", "--", "z"}},
		{[]string{"--", anyProgram, "-v"}, []string{"-v"}},
	} {
		b := &fakeBackend{target: newFakeTarget(t, oneCall+"exit 0")}
		if r := gtrace(t, b, append([]string{"run"}, tt.args...)...); r.status != 0 {
			t.Errorf("%q: status %d\n%s", tt.args, r.status, r.stderr)
		}
		if !slices.Equal(b.launch.Args, tt.want) {
			t.Errorf("%q: the target gets %q, want %q", tt.args, b.launch.Args, tt.want)
		}
	}
}

func TestStartFailures(t *testing.T) {
	wrapped := fmt.Errorf("ptrace: %w", engine.ErrPermission)
	for _, tt := range []struct {
		args []string
		err  error
		want int
	}{
		{[]string{"run", anyProgram}, wrapped, 126},
		{[]string{"attach", "1"}, wrapped, 126},
		{[]string{"attach", "no-such-program"}, nil, 126},
		{[]string{"attach", "-5"}, nil, 2}, // read as a flag
		{[]string{"attach", "0"}, nil, 126},
		{[]string{"funcs", anyProgram}, engine.ErrNotGo, 126},
		{[]string{"run", "./no-such-program"}, nil, 127},
		{[]string{"run", "/no/such/program"}, nil, 127},
		{[]string{"run", anyProgram, "-o", "/no/such/dir/file"}, nil, 125},
		{[]string{"run"}, nil, 2},
		{[]string{"run", anyProgram, "-Q"}, nil, 2},
		{[]string{"run", anyProgram, "-t", "/(/"}, nil, 2},
		{[]string{"attach", "1", "2"}, wrapped, 126},
		{[]string{"attach", "1", "no-such-program"}, nil, 126},
		{[]string{"attach", "1", "2", "-ff", "-o", "/dev/null"}, nil, 2},
		{[]string{"attach", "-p", ","}, nil, 2},
		{[]string{"nonsense"}, nil, 2},
	} {
		b := &fakeBackend{target: newFakeTarget(t, oneCall+"exit 0"), err: tt.err}
		r := gtrace(t, b, tt.args...)
		if r.status != tt.want {
			t.Errorf("%q: status %d, want %d\n%s", tt.args, r.status, tt.want, r.stderr)
		}
		if !strings.HasPrefix(r.stderr, "gtrace: ") || r.stdout != "" {
			t.Errorf("%q: prints\n%s%s", tt.args, r.stdout, r.stderr)
		}
	}
}

func TestAttachEndedBySignal(t *testing.T) {
	// Under nohup it would be ignored, rightly.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	for sig, want := range map[syscall.Signal]int{
		syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129, syscall.SIGQUIT: 131,
		syscall.SIGUSR1: 138, syscall.SIGXCPU: 152, 36: 164,
	} {
		tgt := newFakeTarget(t, oneCall)
		tgt.begin = func() {
			for range 3 { // the second and third must not kill
				kill(t, sig)
			}
		}
		r := gtrace(t, &fakeBackend{target: tgt}, "attach", "1", "--format", "json")
		kill(t, sig) // nor must one that is late
		if r.status != want {
			t.Errorf("%v: status %d, want %d\n%s", sig, r.status, want, r.stderr)
		}
		if !tgt.closed || len(tgt.signals) > 0 {
			t.Errorf("%v: closed %t, signals %v", sig, tgt.closed, tgt.signals)
		}
		wantText(t, "stdout", r.stdout, `"kind":"end"`, `"reason":"interrupted"`, signalName(sig))
		wantText(t, "stderr", r.stderr, "tracing ended by "+signalName(sig)+"; PID 1 runs on")
	}
}

func TestRunHandsSignalsOn(t *testing.T) {
	tgt := newFakeTarget(t, oneCall)
	tgt.wait = true
	tgt.signal = "SIGTERM"
	tgt.begin = func() { kill(t, syscall.SIGTERM) }
	r := gtrace(t, &fakeBackend{target: tgt}, "run", anyProgram)
	if r.status != 128+15 {
		t.Errorf("status %d, want %d\n%s", r.status, 128+15, r.stderr)
	}
	if !slices.Equal(tgt.signals, []os.Signal{syscall.SIGTERM}) {
		t.Errorf("the target got %v", tgt.signals)
	}
}

// kill sends this process a signal, which gtrace listens for, and returns once it
// was received: a late one would be taken for that of another test.
func kill(t *testing.T, sig syscall.Signal) {
	t.Helper()
	runtime.LockOSThread() // a thread that sends one to itself has got it then
	defer runtime.UnlockOSThread()
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), sig); err != nil {
		t.Error(err)
	}
	other := make(chan os.Signal, 1)
	signal.Notify(other, syscall.SIGWINCH)
	signal.Stop(other) // waits until all that came are handed out
}

func TestOutputFails(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	many := strings.Repeat(oneCall, 100)
	for _, tt := range []struct {
		name   string
		args   []string
		want   int
		stderr string
	}{
		{"closed pipe", []string{"attach", "1"}, 0, ""},
		{"disk full", []string{"attach", "1", "-o", "/dev/full"}, 125, "gtrace: write /dev/full: no space left on device"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tgt := newFakeTarget(t, many) // then it idles: only a failure ends the trace
			errs, stderr := tempFile(t)
			a := newApp()
			a.engine = &fakeBackend{target: tgt}
			a.err, a.say.w, a.out = errs, errs, w
			if status := a.main(tt.args); status != tt.want {
				t.Errorf("status %d, want %d\n%s", status, tt.want, stderr())
			}
			wantText(t, "stderr", stderr(), tt.stderr)
			if !tgt.closed {
				t.Error("the engine was not closed")
			}
		})
	}
}

// TestStalledReader gives up a pipe that nobody reads: an attached target is let
// go, one that was launched runs to its end.
func TestStalledReader(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		stderr []string
	}{
		{[]string{"attach", "1", "--stall", "50ms"}, []string{"tracing ended; PID 1 runs on"}},
		{[]string{"run", anyProgram, "-o", "-", "--stall", "50ms"}, []string{"tracing ended; waiting for PID 7 to end"}},
	} {
		t.Run(tt.args[0], func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			defer r.Close()
			tgt := newFakeTarget(t, strings.Repeat(oneCall, 10_000)) // then it idles
			errs, stderr := tempFile(t)
			a := newApp()
			a.engine = &fakeBackend{target: tgt}
			a.err, a.say.w, a.out = errs, errs, w
			if status := a.main(tt.args); status != statusFailed {
				t.Errorf("status %d, want %d", status, statusFailed)
			}
			wantText(t, "stderr", stderr(), "gtrace: write "+w.Name()+": no progress for 50ms", "--stall 1m waits longer")
			wantText(t, "stderr", stderr(), tt.stderr...)
			if !tgt.closed {
				t.Error("the engine was not closed")
			}
		})
	}
}

// TestStalledMessages ends although nobody reads what it has to say.
func TestStalledMessages(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	if _, err := w.Write(make([]byte, 1<<16)); err != nil { // all it takes
		t.Fatal(err)
	}
	tgt := newFakeTarget(t, oneCall)
	a := newApp()
	a.engine = &fakeBackend{target: tgt}
	a.err, a.say.w, a.out = w, w, w
	if status := a.main([]string{"attach", "1", "-v", "-n", "1", "--stall", "50ms"}); status != statusFailed || !tgt.closed {
		t.Errorf("status %d, want %d; closed %t", status, statusFailed, tgt.closed)
	}
}

func TestOutputFileIsKeptUntilTracing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	if err := os.WriteFile(file, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		args []string
		has  []string
	}{
		{[]string{"-t", "main.wrok"}, []string{"old\n"}},
		{[]string{"--append"}, []string{"old\n", "main.work"}},
		{[]string{"--format=json"}, []string{`{"kind":"start"`, `"func":"main.work"`}},
	}
	for _, step := range steps {
		b := &fakeBackend{target: newFakeTarget(t, oneCall+"exit 0")}
		gtrace(t, b, append([]string{"run", anyProgram, "-o", file}, step.args...)...)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		wantText(t, fmt.Sprint(step.args), string(text), step.has...)
	}
	if text, _ := os.ReadFile(file); strings.Contains(string(text), "old") {
		t.Error("the file was not replaced")
	}
}

func TestEventsAreSeenWhileTheTargetIdles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	tgt := newFakeTarget(t, "g1 enter main.work 20 n=1") // a text sink holds it back
	go func() {
		deadline := time.Now().Add(10 * time.Second)
		for time.Now().Before(deadline) {
			if text, _ := os.ReadFile(file); strings.Contains(string(text), "main.work") {
				kill(t, syscall.SIGINT)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Error("the event was never written")
		kill(t, syscall.SIGINT)
	}()
	if r := gtrace(t, &fakeBackend{target: tgt}, "attach", "1", "-o", file); r.status != 130 {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
}

// A panicTarget panics when it is observed.
type panicTarget struct{ *fakeTarget }

func (p panicTarget) Hits(context.Context) iter.Seq2[engine.Hit, error] { panic("engine bug") }

type panicBackend struct {
	fakeBackend
	target panicTarget
}

func (b *panicBackend) Attach(int) (target, error) { return b.target, nil }

func TestPanicDetaches(t *testing.T) {
	tgt := panicTarget{newFakeTarget(t, oneCall)}
	r := gtrace(t, &panicBackend{target: tgt}, "attach", "1")
	if r.status != statusFailed || !tgt.closed {
		t.Errorf("status %d, closed %t", r.status, tgt.closed)
	}
	wantText(t, "stderr", r.stderr, "gtrace: internal error: engine bug", "gtrace: hint: this is a bug", "panicTarget")
}

func TestEngineFailure(t *testing.T) {
	tgt := newFakeTarget(t, oneCall)
	tgt.Fail = errors.New("the machine is on fire")
	r := gtrace(t, &fakeBackend{target: tgt}, "run", anyProgram)
	if r.status != statusFailed || !tgt.closed {
		t.Errorf("status %d, closed %t", r.status, tgt.closed)
	}
	wantText(t, "stderr", r.stderr, "the machine is on fire")
}
