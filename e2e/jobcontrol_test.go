package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestJobControl stops and continues a target, as a shell does: while it is
// traced, before gtrace comes and before it leaves. It must stand still when
// stopped, run on when continued, and its parent must be told of both, once.
func TestJobControl(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, mode := range []string{"opt", "debug"} {
		prog := buildTarget(t, mode, "patient")
		for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU} {
			t.Run(mode+"-"+sig.String(), func(t *testing.T) {
				t.Parallel()
				j := startJob(t, prog, "default")
				dir := keepOnFailure(t, "gtrace-job-")

				first := filepath.Join(dir, "first.jsonl")
				g := startTracer(t, "attach", "-q", "--format", "json", "-o", first, "-t", "main.step", strconv.Itoa(j.pid))
				awaitSize(t, first, 2000)
				for range 3 {
					j.stop(t, sig)
					j.resume(t)
					awaitSize(t, first, size(t, first)+2000)
				}
				j.stop(t, sig)
				g.interrupt(t)
				j.stands(t) // with nobody who traces it
				if err := pristine(j.pid); err != nil {
					t.Error(err)
				}

				second := filepath.Join(dir, "second.jsonl")
				g = startTracer(t, "attach", "-q", "--format", "json", "-o", second, "-t", "main.step", strconv.Itoa(j.pid))
				awaitTracer(t, j.pid)
				j.stands(t)
				j.resume(t)
				awaitSize(t, second, 2000)
				g.interrupt(t)
				if err := untouched(j.pid); err != nil {
					t.Error(err)
				}
				j.runs(t)
				for _, trace := range []string{first, second} {
					if err := validateFile(trace); err != nil {
						t.Errorf("%s: %v", trace, err)
					}
				}
			})
		}
	}
}

// A job is a target of which this process is told when it stops and continues.
type job struct {
	pid   int
	steps atomic.Int64 // that it has told of
}

func (j *job) Write(b []byte) (int, error) {
	j.steps.Add(int64(len(b)))
	return len(b), nil
}

// startJob starts a program in a process group of its own: in one without a
// parent outside of it, stop signals other than SIGSTOP are ignored.
func startJob(t *testing.T, prog string, args ...string) *job {
	t.Helper()
	j := new(job)
	cmd := exec.Command(prog, args...)
	cmd.Stdout = j
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	j.pid = cmd.Process.Pid
	return j
}

// stop sends a signal that stops the job, and waits for the news.
func (j *job) stop(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if ws := j.after(t, sig); !ws.Stopped() || ws.StopSignal() != sig {
		t.Fatalf("after %v the parent is told %#x", sig, ws)
	}
	j.stands(t)
}

func (j *job) resume(t *testing.T) {
	t.Helper()
	if ws := j.after(t, syscall.SIGCONT); !ws.Continued() {
		t.Fatalf("after SIGCONT the parent is told %#x", ws)
	}
	j.runs(t)
}

// after sends a signal and returns what the parent is told, once.
func (j *job) after(t *testing.T, sig syscall.Signal) syscall.WaitStatus {
	t.Helper()
	if err := syscall.Kill(j.pid, sig); err != nil {
		t.Fatal(err)
	}
	var ws syscall.WaitStatus
	await(t, fmt.Sprintf("news of %d after %v", j.pid, sig), func() bool {
		id, err := syscall.Wait4(j.pid, &ws, syscall.WUNTRACED|syscall.WCONTINUED|syscall.WNOHANG, nil)
		return err == nil && id == j.pid
	})
	var more syscall.WaitStatus
	if id, _ := syscall.Wait4(j.pid, &more, syscall.WUNTRACED|syscall.WCONTINUED|syscall.WNOHANG, nil); id != 0 {
		t.Errorf("after %v the parent is told %#x and %#x", sig, ws, more)
	}
	return ws
}

// stands checks that a stopped job does nothing.
func (j *job) stands(t *testing.T) {
	t.Helper()
	steps := int64(-1)
	// The last ones may still be on their way.
	await(t, fmt.Sprintf("%d to stand", j.pid), func() bool {
		before := steps
		steps = j.steps.Load()
		return steps == before
	})
	time.Sleep(50 * time.Millisecond)
	if now := j.steps.Load(); now != steps {
		t.Errorf("it was stopped and has gone on from step %d to %d", steps, now)
	}
}

func (j *job) runs(t *testing.T) {
	t.Helper()
	before := j.steps.Load()
	await(t, fmt.Sprintf("%d to run", j.pid), func() bool { return j.steps.Load() > before })
}

func awaitTracer(t *testing.T, pid int) {
	t.Helper()
	await(t, fmt.Sprintf("a tracer of %d", pid), func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		return err == nil && freeRunning(string(status)) != nil && !strings.Contains(string(status), "TracerPid:\t0")
	})
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
