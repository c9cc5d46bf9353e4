package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"gtrace/e2e/progen"
)

// TestFlowValues traces the lines of random programs, and checks that a variable is
// shown, and watched, with no value but those that it had in that call, as the same program tells
// when it is marked and run by itself. It counts the values, too, that a variable had
// in that call but never on that line, where it tells them: optimised code does not
// keep the order.
func TestFlowValues(t *testing.T) {
	require(t, "ptrace")
	first, end := flowSeeds()
	modes := []string{"opt", "debug"}
	counts := map[string]*flowCounts{}
	for _, mode := range modes {
		counts[mode] = &flowCounts{}
	}
	t.Run("all", func(t *testing.T) {
		for s := first; s < end; s += flowBatch {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				t.Parallel()
				f := newFlow(t, fmt.Sprintf("values-%d", s), progen.Flow(s, min(flowBatch, end-s)))
				f.seed = s
				for _, mode := range modes {
					t.Run(mode, func(t *testing.T) {
						problems := f.compareValues(t, mode, counts[mode])
						for i, msg := range problems[:min(8, len(problems))] {
							t.Errorf("%d of %d: %s", i+1, len(problems), msg)
						}
					})
				}
			})
		}
	})
	for _, mode := range modes {
		c := counts[mode]
		t.Logf("%s: %d values of %d, %d more watched, %d wrong, %d elsewhere", mode, c.shown.Load(), c.told.Load(), c.watched.Load(), c.wrong.Load(), c.elsewhere.Load())
	}
}

// flowCounts count values of variables: those that are new, or have changed.
type flowCounts struct{ told, shown, watched, wrong, elsewhere atomic.Int64 }

// compareValues returns which of the values that lines of the program in a build mode
// show the variables never had.
func (f *flowTest) compareValues(t *testing.T, mode string, counts *flowCounts) (problems []string) {
	t.Helper()
	told, seen := f.calls(t, mode, "--watch", "acc", "--watch", "out", "--watch", "b")
	if len(told) != len(seen) {
		return []string{fmt.Sprintf("%d calls were seen, of %d", len(seen), len(told))}
	}
	for i, c := range seen {
		had, last := map[string][]flowVar{}, map[string]string{}
		for _, v := range told[i].vars {
			if old, ok := last[v.name]; !ok || old != v.value {
				counts.told.Add(1)
			}
			last[v.name] = v.value
			had[v.name] = append(had[v.name], v)
		}
		for n, v := range slices.Concat(c.vars, c.watched) {
			if had[v.name] == nil || strings.Contains(v.value, "…") {
				continue // of a type that is not told, or cut
			}
			if n < len(c.vars) {
				counts.shown.Add(1)
			} else {
				counts.watched.Add(1)
			}
			values := map[string]bool{}
			for _, was := range had[v.name] {
				values[was.value] = true
			}
			msg := fmt.Sprintf("call %d of %s: %s=%s at %s, it had %s", i, f.origin(c.name), v.name, v.value, f.quote(v.line), strings.Join(slices.Sorted(maps.Keys(values)), " "))
			switch {
			case !values[v.value]:
				problems = append(problems, msg)
			case !slices.Contains(had[v.name], v) && slices.ContainsFunc(had[v.name], func(o flowVar) bool { return o.line == v.line }):
				counts.elsewhere.Add(1)
				if testing.Verbose() && mode == "opt" {
					t.Log("elsewhere: " + msg)
				}
			}
		}
	}
	counts.wrong.Add(int64(len(problems)))
	return problems
}
