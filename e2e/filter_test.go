package e2e

import (
	"slices"
	"testing"
	"time"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// TestFilters counts what filters let through of a program with several threads,
// which counts its calls.
func TestFilters(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	progs := uneven(t)
	for _, tt := range []struct {
		name  string
		flags []string
		want  func(got traced) int      // calls
		right func(e events.Event) bool // of every return
	}{
		{
			"failed",
			[]string{"-t", "main.rare", "-t", "main.inner", "-Z"},
			func(got traced) int { return got.rare / 2 * 2 },
			func(e events.Event) bool { return e.Error != "" },
		},
		{
			"where",
			[]string{"-t", "main.rare", "-t", "main.inner", "--where", `args.n % 2 == 0 and func endsWith "rare" and error == nil`},
			func(got traced) int { return (got.rare + 1) / 2 },
			func(e events.Event) bool { return e.Func == "main.rare" && e.Error == "" },
		},
		{
			"every",
			[]string{"-t", "main.hot", "--skip", "100", "--every", "7", "--where", "duration >= 0s"},
			func(got traced) int { return max(0, (got.hot-100)/7) },
			func(e events.Event) bool { return e.Func == "main.hot" },
		},
	} {
		for how, build := range ways {
			if how == "attach" && tt.name != "failed" {
				continue // how it began is no business of the filters
			}
			t.Run(tt.name+" "+how+" "+build, func(t *testing.T) {
				t.Parallel()
				long := map[string]time.Duration{"run": 500 * time.Millisecond, "attach": 2 * time.Second}[how]
				got := traceUneven(t, how, progs[build], long, 3, eventstest.Validator{Filtered: true}, tt.flags...)
				calls := 0
				for _, e := range got.stream {
					switch e.Kind {
					case events.Call:
						calls++
					case events.Return:
						if !tt.right(e) {
							t.Errorf("let through: %s", eventstest.Format(e))
						}
					}
				}
				// Nobody knows how many calls there were before gtrace attached.
				if want := tt.want(got); calls != want && how == "run" || calls > want {
					t.Errorf("%d calls, want %d", calls, want)
				}
				if end := got.end.End; end.Lost > 0 || len(end.Open) > 0 && slices.Contains(tt.flags, "--where") {
					t.Errorf("%s", eventstest.Format(*got.end))
				}
			})
		}
	}
}
