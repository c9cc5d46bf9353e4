package session

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gtrace/events"
)

// TestFailures tells which calls fail, from the events of one goroutine: "call 0" is a
// call at depth 0, "error 1" the return of an error, "panic 1" a panic in that call. A
// line that ends in ! is the moment at which a failure is told.
func TestFailures(t *testing.T) {
	for _, tt := range []struct{ name, script string }{
		{"nothing", "call 0; call 1; return 1; return 0"},
		{"an error leaves", "call 0; call 1; error 1; error 0!"},
		{"a panic leaves", "call 0; panic 0; unwound 0!"},
		{"Goexit leaves", "call 0; goexit 0; unwound 0!"},
		{"a panic is recovered", "call 0; call 1; panic 1; unwound 1; return 0!"},
		{"a panic is recovered inside", "call 0; call 1; call 2; panic 2; unwound 2; return 1; return 0!"},
		{"Goexit takes a call away inside", "call 0; call 1; goexit 1; unwound 1; return 0"},
		{"an error is swallowed", "call 0; call 1; error 1; return 0!"},
		{"an error is swallowed inside", "call 0; call 1; call 2; error 2; return 1; return 0!"},
		{"an error is passed on", "call 0; call 1; call 2; error 2; error 1; return 0!"},
		{"of a call, not of the next", "call 0; call 1; error 1; return 0!; call 0; call 1; return 1; return 0"},
		{"a status", "call 0; status; return 0!"},
		{"a status of nobody", "status; call 0; return 0"},
		{"a call that runs for long", "call 0; wait; call 1; error 1!; call 1; return 1; return 0"},
		{"a panic in one", "call 0; wait; call 1; call 2; panic 2; unwound 2!; return 1; return 0"},
		{"before it runs for long", "call 0; call 1; panic 1; unwound 1; wait; call 1; return 1!; return 0"},
		{"began before the trace", "call 1; error 1!; return 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, now := newFailureWatch(), time.Unix(1000, 0)
			for i, step := range strings.Split(tt.script, "; ") {
				text, want := strings.CutSuffix(step, "!")
				e := events.Event{Goroutine: 1, Time: now}
				var what string
				_, _ = fmt.Sscan(text, &what, &e.Depth)
				e.Call = events.CallID(e.Depth + 1)
				switch what {
				case "wait":
					now = now.Add(2 * w.early)
					continue
				case "status":
					w.blame(1)
					continue
				case "call":
					e.Kind = events.Call
				case "panic", "goexit":
					e.Kind, e.Exception = events.Exception, &events.ExceptionInfo{Class: events.Class(what)}
				default:
					e.Kind, e.Unwound = events.Return, what == "unwound"
					if what == "error" {
						e.Error = "oh"
					}
				}
				if got := w.fires([]events.Event{e}); got != want {
					t.Errorf("step %d, %s: told %t", i, step, got)
				}
			}
		})
	}
}

// TestFailuresOfMany forgets calls that never return, and those first of which nothing
// was seen for longest.
func TestFailuresOfMany(t *testing.T) {
	w, now := newFailureWatch(), time.Unix(1000, 0)
	see := func(g int64, kind events.Kind, depth int, failure string) bool {
		now = now.Add(time.Microsecond)
		return w.fires([]events.Event{{Kind: kind, Goroutine: g, Time: now, Call: 1, Depth: depth, Error: failure}})
	}
	const busy = 1
	see(busy, events.Call, 0, "")
	for g := range int64(3 * maxOutermost) {
		see(busy, events.Return, 1, "oh")
		see(busy+1+g, events.Call, 0, "")
		if n := len(w.outermost); n > maxOutermost {
			t.Fatalf("%d calls are remembered", n)
		}
	}
	if !see(busy, events.Return, 0, "") {
		t.Error("the call that goes on was forgotten")
	}
}
