package e2e

import (
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// maxOverhead is what the tests here ask for, and tolerated what they bear in the
// long form, which is for quiet machines: on a busy one a single hit may take
// long, and that is known only afterwards.
const (
	maxOverhead = "5%"
	tolerated   = 0.15
)

// TestMaxOverhead traces a function that is called all the time and another
// that is called rarely.
func TestMaxOverhead(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for build, prog := range uneven(t) {
		t.Run(build, func(t *testing.T) {
			t.Parallel()
			got := traceUneven(t, "run", prog, 2*time.Second, 2, eventstest.Validator{},
				"-t", "main.hot", "-t", "main.rare", "-t", "main.inner", "--max-overhead", maxOverhead)
			got.checkThinned(t)
			calls := map[string]int{}
			for _, e := range got.stream {
				if e.Kind == events.Call {
					calls[e.Func]++
				}
			}
			if n := calls["main.hot"]; n == 0 || n == got.hot {
				t.Errorf("%d of %d hot calls", n, got.hot)
			}
			// Where a rare hit takes long, it may be thinned as well.
			thinned := func(x events.Thinned) bool { return x.Func == "main.rare" }
			if n := calls["main.rare"]; n != got.rare && !slices.ContainsFunc(got.end.End.Thinned, thinned) {
				t.Errorf("%d of %d rare calls", n, got.rare)
			}
		})
	}
}

// checkThinned checks that a trace has thinned something, and says what it cost.
func (u *traced) checkThinned(t *testing.T) {
	t.Helper()
	end := u.end.End
	if len(end.Thinned) == 0 {
		t.Error("nothing was thinned")
	}
	share := end.Held.Seconds() / u.end.Time.Sub(u.start.Time).Seconds()
	if math.Abs(end.Overhead-share) > share/100 {
		t.Errorf("the end says %.4f, the times in the stream %.4f", end.Overhead, share)
	}
	if *long > 1 && end.Overhead > tolerated {
		t.Errorf("%.1f %% with --max-overhead %s", 100*end.Overhead, maxOverhead)
	}
}

// TestMaxOverheadOfStorm thins functions of a program in which everything goes
// on that can disturb a tracer: panics, growing stacks, signals.
func TestMaxOverheadOfStorm(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	dir := keepOnFailure(t, "gtrace-storm-")
	prog, file := buildTarget(t, "opt", "storm"), filepath.Join(dir, "trace.jsonl")
	out, err := exec.CommandContext(t.Context(), gtrace(t), "run", "-q", "--format", "json", "-o", file,
		"--max-overhead", maxOverhead, prog).CombinedOutput()
	if err != nil || string(out) != "wrong: 0 signals: true\n" {
		t.Errorf("the program says %q: %v", out, err)
	}
	if err := validateFile(file); err != nil {
		t.Fatal(err)
	}
}

// TestMaxOverheadOfBusy attaches, and lifts and plants probes in a program on several threads
// that checks what its functions return.
func TestMaxOverheadOfBusy(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	b := startBusy(t, "debug")
	file := filepath.Join(keepOnFailure(t, "gtrace-busy-"), "trace.jsonl")
	for _, pin := range []string{"--pin=false", "--pin"} {
		args := []string{"attach", "-q", "--format", "json", "-o", file, "-n", strconv.Itoa(times(1000)), "--max-overhead", maxOverhead, pin, strconv.Itoa(b.pid)}
		if out, err := exec.CommandContext(t.Context(), gtrace(t), args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b.advances(t)
		var got traced
		got.read(t, file, eventstest.Validator{})
		got.checkThinned(t)
	}
	b.isFree(t)
}
