package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestFlowValues traces the lines of random programs, and checks that a variable is
// shown with no value but those that it had in that call, as the same program tells
// when it is marked and run by itself.
func TestFlowValues(t *testing.T) {
	require(t, "ptrace")
	first, n := uint64(0), uint64(times(2))
	if *seed >= 0 {
		first, n = uint64(*seed), 1
	}
	var all, wrong atomic.Int64
	t.Run("all", func(t *testing.T) {
		for s := first; s < first+n; s++ {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				t.Parallel()
				f := newFlow(t, s)
				for _, mode := range []string{"opt", "debug"} {
					t.Run(mode, func(t *testing.T) {
						shown, problems := f.compareValues(t, mode)
						all.Add(int64(shown))
						wrong.Add(int64(len(problems)))
						for i, msg := range problems[:min(8, len(problems))] {
							t.Errorf("%d of %d: %s", i+1, len(problems), msg)
						}
					})
				}
			})
		}
	})
	t.Logf("%d values, %d wrong", all.Load(), wrong.Load())
}

// compareValues returns how many values were compared that lines of the program in a
// build mode show, and which of them the variables never had.
func (f *flowTest) compareValues(t *testing.T, mode string) (shown int, problems []string) {
	t.Helper()
	told, seen := f.calls(t, mode)
	if len(told) != len(seen) {
		return 0, []string{fmt.Sprintf("%d calls were seen, of %d", len(seen), len(told))}
	}
	for i, c := range seen {
		had := map[string]map[string]bool{}
		for _, v := range told[i].vars {
			if had[v.name] == nil {
				had[v.name] = map[string]bool{}
			}
			had[v.name][v.value] = true
		}
		for _, v := range c.vars {
			if had[v.name] == nil {
				continue // of a type that is not told
			}
			shown++
			if !had[v.name][v.value] {
				list := strings.Join(slices.Sorted(maps.Keys(had[v.name])), " ")
				problems = append(problems, fmt.Sprintf("call %d of %s: %s=%s at %s, it had %s", i, c.name, v.name, v.value, f.quote(v.line), list))
			}
		}
	}
	return shown, problems
}
