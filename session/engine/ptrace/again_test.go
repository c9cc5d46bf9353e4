//go:build linux && amd64

package ptrace_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"gtrace/leash"
	"gtrace/session/engine"
	"gtrace/session/engine/ptrace"
	"gtrace/session/engine/ptrace/guard"
)

var long = flag.Int("long", 1, "attach `N` times as often")

func TestMain(m *testing.M) {
	guard.Main()
	os.Exit(leash.Run(m.Run))
}

// TestAgain attaches to a busy process and leaves it, again and again. Nothing
// of that may be left in this process.
func TestAgain(t *testing.T) {
	dir := t.TempDir()
	prog := filepath.Join(dir, "busy")
	if out, err := exec.Command("go", "build", "-o", prog, "gtrace/e2e/testdata/busy").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(prog, filepath.Join(dir, "progress"), "50")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	var before usage
	rounds := 10 * *long
	for n := range 3 + rounds {
		if n == 3 { // what is made once is made
			before = used(t)
		}
		visit(t, cmd.Process.Pid)
		if t.Failed() {
			return
		}
	}
	// Some of it ends a little later.
	after := used(t)
	for deadline := time.Now().Add(10 * time.Second); !after.fits(before) && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		after = used(t)
	}
	t.Logf("%d times, before: %+v, after: %+v", rounds, before, after)
	if !after.fits(before) {
		t.Errorf("after %d times: %+v, before: %+v", rounds, after, before)
	}
}

// visit attaches to a process, sees some hits and leaves.
func visit(t *testing.T, pid int) {
	t.Helper()
	eng, err := ptrace.Attach(pid)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range eng.Functions() {
		if f.Package != "main" || f.Entry == 0 || f.NoReturn || f.Wrapper {
			continue
		}
		if _, err := eng.Plant(engine.Probe{What: engine.Calls, Func: f, Capture: engine.Capture{Args: true, Results: true}}); err != nil {
			t.Error(err)
		}
	}
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	hits := 0
	for _, err := range eng.Hits(ctx) {
		if err != nil {
			if !errors.Is(err, enough) {
				t.Error(err)
			}
			break
		}
		if hits++; hits == 100 {
			cancel(enough)
		}
	}
	if hits < 100 {
		t.Errorf("%d hits, want 100", hits)
	}
	if err := eng.Close(); err != nil {
		t.Error(err)
	}
}

// usage is what this process has of things that can be left behind.
type usage struct{ files, threads, goroutines int }

func used(t *testing.T) usage {
	t.Helper()
	count := func(dir string) int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	return usage{files: count("/proc/self/fd"), threads: count("/proc/self/task"), goroutines: runtime.NumGoroutine()}
}

// fits reports whether nothing was left since before. The runtime keeps a few
// threads more if it happened to need them.
func (u usage) fits(before usage) bool {
	return u.files <= before.files && u.goroutines <= before.goroutines && u.threads <= before.threads+5
}
