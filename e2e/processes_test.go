package e2e

import (
	"bufio"
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
	pid := strconv.Itoa(cmd.Process.Pid)
	for {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(status), "State:\tZ") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	out, err := exec.CommandContext(t.Context(), gtrace(t), "repair", pid).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "its code is as on disk") {
		t.Errorf("repair: %v\n%s", err, out)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program: %v", err)
	}
}
