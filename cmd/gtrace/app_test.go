package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gtrace/session/engine"
	"gtrace/session/engine/enginetest"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace"
)

// A fakeTarget plays a script in the place of a process.
type fakeTarget struct {
	*enginetest.Fake
	status int    // what Wait returns
	signal string // what Wait returns
	begin  func() // called when the target begins to run
	ran    bool   // it has been traced, and not only idle

	guarded     bool  // Protect was called
	unprotected error // what Protect returns

	mu      sync.Mutex
	signals []os.Signal
	closed  bool
	wait    bool // Wait waits for a signal
	gotOne  chan struct{}
}

func newFakeTarget(t *testing.T, script string) *fakeTarget {
	t.Helper()
	fake, err := enginetest.NewFake(script)
	if err != nil {
		t.Fatal(err)
	}
	return &fakeTarget{Fake: fake, gotOne: make(chan struct{})}
}

func (f *fakeTarget) Hits(ctx context.Context) iter.Seq2[engine.Hit, error] {
	f.ran = true
	if f.begin != nil {
		f.begin()
	}
	return f.Fake.Hits(ctx)
}

func (f *fakeTarget) Idle(ctx context.Context) bool {
	<-ctx.Done()
	return true
}

func (f *fakeTarget) Protect(context.Context) error {
	f.guarded = true
	return f.unprotected
}

func (f *fakeTarget) Wait() (int, string, error) {
	if f.wait {
		<-f.gotOne
	}
	return f.status, f.signal, nil
}

func (f *fakeTarget) Signal(sig os.Signal) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.signals = append(f.signals, sig); len(f.signals) == 1 {
		close(f.gotOne)
	}
	return nil
}

func (f *fakeTarget) Close() error {
	f.closed = true
	return f.Fake.Close()
}

// A fakeBackend opens one target, or fails.
type fakeBackend struct {
	target  *fakeTarget
	several map[int]*fakeTarget // of Attach, by PID; nil: target
	err     error
	launch  ptrace.Launch // what Run was asked for
	mu      sync.Mutex
	pid     int // what Attach was asked for

	checks map[int]error // what Check returns
	left   bool
	// unprotected is what Protectable returns.
	unprotected error
	program     program.Build // what Inspect returns
	trial       ptrace.Trial  // what Try returns
}

func (b *fakeBackend) HasLeft(pid int) bool                  { return b.left }
func (b *fakeBackend) Protectable(pid int) error             { return b.unprotected }
func (b *fakeBackend) Check(pid int) error                   { return b.checks[pid] }
func (b *fakeBackend) Inspect(string) (program.Build, error) { return b.program, nil }
func (b *fakeBackend) Try() ptrace.Trial                     { return b.trial }

func (b *fakeBackend) Run(l ptrace.Launch) (target, error) {
	b.launch = l
	if b.err != nil {
		return nil, b.err
	}
	return b.target, nil
}

func (b *fakeBackend) Attach(pid int) (target, error) {
	b.mu.Lock()
	b.pid = pid
	b.mu.Unlock()
	if b.err != nil {
		return nil, b.err
	}
	if b.several != nil {
		if b.several[pid] == nil {
			return nil, fmt.Errorf("attach to process %d: %w", pid, engine.ErrNoProcess)
		}
		return b.several[pid], nil
	}
	b.target.About.Launched = false
	return b.target, nil
}

func (b *fakeBackend) Open(string) (image, error) {
	if b.err != nil {
		return nil, b.err
	}
	return fakeImage{b.target.Fake}, nil
}

type fakeImage struct{ fake *enginetest.Fake }

func (i fakeImage) Functions() []*engine.Function         { return i.fake.Functions() }
func (i fakeImage) Module() string                        { return i.fake.About.Module }
func (i fakeImage) GoVersion() string                     { return i.fake.About.GoVersion }
func (i fakeImage) Close() error                          { return nil }
func (i fakeImage) Lines(*engine.Function) ([]int, error) { return nil, engine.ErrNotSupported }

// A result is what one command line did.
type result struct {
	status         int
	stdout, stderr string
}

// gtrace runs one command line against a backend.
func gtrace(t *testing.T, b backend, args ...string) result {
	t.Helper()
	return gtraceOn(t, b, procfs{root: "/proc"}, 0, args...)
}

// gtraceOn runs one command line as a user on a machine with that /proc.
func gtraceOn(t *testing.T, b backend, procs procfs, euid int, args ...string) result {
	t.Helper()
	out, stdout := tempFile(t)
	errs, stderr := tempFile(t)
	a := newApp()
	a.engine = b
	if p, ok := b.(prober); ok {
		a.probe = p
	}
	a.procs, a.say.world.procs, a.say.world.euid = procs, procs, euid
	a.out, a.err, a.say.w = out, errs, errs
	a.say.world.args = append([]string{"/opt/gtrace"}, args...)
	status := a.main(args)
	return result{status, stdout(), stderr()}
}

// tempFile returns a file and how to read what was written to it.
func tempFile(t *testing.T) (*os.File, func() string) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, func() string {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
}

func wantText(t *testing.T, what, got string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %q:\n%s", what, want, got)
		}
	}
}
