package e2e

import (
	"testing"
)

// TestSignals traces programs that check the signals they get, in every way in
// which gtrace can be there: from the start, and coming and going.
func TestSignals(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	gtrace(t) // before the programs begin
	t.Run("go", func(t *testing.T) {
		for _, mode := range []string{"opt", "debug"} {
			prog := buildTarget(t, mode, "signals")
			for _, what := range []string{"each", "children", "timer", "preempt", "profile", "pipe", "trapped", "breakpoint", "trap"} {
				underTrace(t, mode, foreign{
					argv: []string{prog, what}, patterns: []string{"main.work", "main.send", "main.spin"},
					calls: 1, stderr: 2,
				})
			}
		}
	})
	t.Run("c", func(t *testing.T) {
		require(t, "cgo")
		for _, mode := range []string{"opt", "debug"} {
			prog := buildTarget(t, mode, "siginfo")
			for _, what := range []string{"causes", "queue", "handler", "change"} {
				underTrace(t, mode, foreign{
					argv: []string{prog, what}, patterns: []string{"main.work", "main.load", "main.both"},
					calls: 1,
				})
			}
		}
	})
}

// underTrace compares a program under trace with itself alone. The short form
// does it in one way for each build.
func underTrace(t *testing.T, mode string, f foreign) {
	if *long > 1 || mode == "debug" {
		t.Run(mode+"-"+f.argv[1]+"-run", func(t *testing.T) {
			t.Parallel()
			f.check(t)
		})
	}
	if *long > 1 || mode == "opt" {
		t.Run(mode+"-"+f.argv[1]+"-attach", func(t *testing.T) {
			t.Parallel()
			f.checkAttached(t, times(1))
		})
	}
}
