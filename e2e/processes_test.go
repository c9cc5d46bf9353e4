package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestProcesses attaches, again and again, to programs that make and end threads
// and processes all the time. Each attach must succeed and none may harm.
func TestProcesses(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	path := gtrace(t) // built before the programs begin
	prog := buildTarget(t, "opt", "processes")
	for _, what := range []string{"threads", "forks", "leader"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(prog, what)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			lines.Scan() // ready
			attach := func(args ...string) error {
				tracer := exec.CommandContext(t.Context(), path, append([]string{"attach", strconv.Itoa(cmd.Process.Pid), "-t", "main.work", "-q"}, args...)...)
				msg, err := tracer.CombinedOutput()
				if err != nil {
					t.Errorf("attach: %v\n%s", err, msg)
				}
				return err
			}
			if what == "leader" { // once: then it cannot be attached to any more
				trace := filepath.Join(t.TempDir(), "trace")
				var tracing sync.WaitGroup
				tracing.Go(func() { _ = attach("-n", "300", "-o", trace) })
				awaitSize(t, trace, 1000)
				if _, err := in.Write([]byte("\n")); err != nil {
					t.Error(err)
				}
				tracing.Wait()
			} else {
				for begun := time.Now(); time.Since(begun) < 2*time.Second; {
					if attach("--for", "20ms", "-o", "/dev/null") != nil {
						break
					}
				}
			}
			in.Close()
			for lines.Scan() {
				t.Error(lines.Text())
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("the program: %v", err)
			}
		})
	}
}

// TestRepairWithoutLeader looks at a process whose first thread, of which the kernel
// tells nothing more, has ended.
func TestRepairWithoutLeader(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	cmd := exec.Command(buildTarget(t, "opt", "processes"), "leader")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte("\n")); err != nil {
		t.Error(err)
	}
	awaitLeader(t, cmd.Process.Pid)
	pid := strconv.Itoa(cmd.Process.Pid)
	out, err := exec.CommandContext(t.Context(), gtrace(t), "repair", pid).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "its code is as on disk") {
		t.Errorf("repair: %v\n%s", err, out)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program: %v", err)
	}
}

// awaitLeader waits until the first thread of a process has ended.
func awaitLeader(t *testing.T, pid int) {
	t.Helper()
	await(t, "its first thread to end", func() bool {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		return strings.Contains(string(status), "State:\tZ")
	})
}

// TestKilledWithoutLeader kills gtrace while it traces a process whose first thread has
// ended meanwhile. The guard takes everything back, as anywhere.
func TestKilledWithoutLeader(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	cmd := exec.Command(buildTarget(t, "opt", "processes"), "leader")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(cmd.Process.Pid)
	trace := filepath.Join(t.TempDir(), "trace")
	g := startTracer(t, "attach", "-t", "main.work", "-o", trace, pid)
	awaitSize(t, trace, 1000)
	if _, err := in.Write([]byte("\n")); err != nil {
		t.Error(err)
	}
	awaitLeader(t, cmd.Process.Pid)
	g.kill(t)
	await(t, "the guard to end", func() bool { return len(guardsOf(t, cmd.Process.Pid)) == 0 })
	if says := g.messages.String(); !strings.Contains(says, "which runs on") {
		t.Errorf("the guard says %q", says)
	}
	out, err := exec.CommandContext(t.Context(), gtrace(t), "repair", pid).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "its code is as on disk") || strings.Contains(string(out), "handler") {
		t.Errorf("repair: %v\n%s", err, out)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program: %v", err)
	}
}
