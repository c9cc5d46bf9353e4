package e2e

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gtrace/leash"
)

var cut = flag.Bool("cut", false, "have TestUncut wait to be killed")

// TestUncut traces a process that it has started, and one that gtrace has, until
// TestCut kills it.
func TestUncut(t *testing.T) {
	if !*cut {
		t.Skip("run by TestCut")
	}
	b := startBusy(t, "optimised")
	b.traced(t)
	startTracer(t, "run", "-o", os.DevNull, "-t", "main.*", buildTarget(t, "opt", "spawner"), "--", filepath.Join(t.TempDir(), "progress"))
	fmt.Println("traces", os.Getenv(leash.Variable))
	time.Sleep(time.Hour)
}

// TestCut kills tests that have traces under way, so that no cleanup runs. Neither
// gtrace nor its guard nor a target may be left.
func TestCut(t *testing.T) {
	require(t, "ptrace")
	signals := []syscall.Signal{syscall.SIGKILL, syscall.SIGQUIT}
	for _, sig := range signals[:min(*long, len(signals))] {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("/proc/self/exe", "-cut", "-test.run=^TestUncut$")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			dir, ok := "", false
			for !ok && lines.Scan() {
				dir, ok = strings.CutPrefix(lines.Text(), "traces ")
			}
			guarded := map[int]bool{} // targets
			await(t, "two guards", func() bool {
				for _, pid := range leash.Started(dir) {
					if len(guardsOf(t, pid)) > 0 {
						guarded[pid] = true
					}
				}
				return len(guarded) == 2
			})
			if err := cmd.Process.Signal(sig); err != nil {
				t.Error(err)
			}
			if err := cmd.Wait(); err == nil {
				t.Error("the tests have ended in order")
			}
			await(t, "all to end", func() bool { return len(leash.Started(dir)) == 0 })
			for pid := range guarded {
				await(t, "the guard to end", func() bool { return len(guardsOf(t, pid)) == 0 })
			}
		})
	}
}
