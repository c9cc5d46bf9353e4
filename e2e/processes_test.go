package e2e

import (
	"bufio"
	"os/exec"
	"strconv"
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
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			lines.Scan() // ready
			long := "20ms"
			if what == "leader" {
				long = "1500ms" // while it ends
			}
			for begun := time.Now(); time.Since(begun) < 2*time.Second; {
				tracer := exec.CommandContext(t.Context(), path, "attach", strconv.Itoa(cmd.Process.Pid),
					"-t", "main.work", "--for", long, "-q", "-o", "/dev/null")
				if msg, err := tracer.CombinedOutput(); err != nil {
					t.Errorf("attach: %v\n%s", err, msg)
					break
				}
				if what == "leader" {
					break // it cannot be attached to any more
				}
			}
			for lines.Scan() {
				t.Error(lines.Text())
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("the program: %v", err)
			}
		})
	}
}
