package e2e

import (
	"strconv"
	"testing"
)

// TestExecBusy attaches, again and again, to a target that hits its probes on
// several threads and replaces itself by exec all the while. What is known of one
// program must not do anything to the next, whether the trace is over, goes on,
// or gtrace is killed.
func TestExecBusy(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, tt := range []struct {
		name, build string
		flags       []string
		kill        bool
	}{
		{"end", "optimised", nil, false},
		{"kill", "optimised", nil, true},
		{"follow", "optimised", []string{"--follow-exec", "--for", "1s"}, false},
		{"follow pie", "pie", []string{"--follow-exec", "--pin", "--for", "1s"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.kill {
				crowded(t)
			}
			b := startBusy(t, tt.build, "4", "0")
			for range times(1) {
				args := append([]string{"attach", "-q", "-t", "main.*", "-o", "/dev/null"}, tt.flags...)
				g := startTracer(t, append(args, strconv.Itoa(b.pid))...)
				if tt.kill {
					await(t, "a breakpoint", func() bool { return pristine(b.pid) != nil || len(g.done) > 0 })
					_ = g.cmd.Process.Kill() // it may have ended with the program
					<-g.done
				} else if got := g.wait(t); got != 0 && got != 126 { // 126: exec came in between
					t.Errorf("exit status %d\n%s", got, g.messages.String())
				}
				b.isFree(t)
				b.advances(t)
			}
		})
	}
}
