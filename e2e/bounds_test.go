package e2e

import (
	"strconv"
	"testing"
	"time"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// ways are the two ways to a traced program.
var ways = []string{"run", "attach"}

// TestLimit counts the events of traces that end at every number of them. One
// hit makes up to two events: an exception and the return behind it.
func TestLimit(t *testing.T) {
	require(t, "ptrace")
	prog := uneven(t)["opt"]
	for how, long := range map[string]time.Duration{"run": 200 * time.Millisecond, "attach": 2 * time.Second} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			for limit := 1; limit <= 5; limit++ {
				got := traceUneven(t, how, prog, long, 0, eventstest.Validator{},
					"-t", "main.rare", "-t", "main.inner", "-n", strconv.Itoa(limit))
				n := len(got.stream) - 2
				if end := got.end.End; n != limit || end.Events != uint64(limit) || end.Reason != events.ReasonLimit {
					t.Errorf("%d events with --limit %d; the end counts %d and says %s", n, limit, end.Events, end.Reason)
				}
			}
		})
	}
}

// TestFor ends traces in which nothing is hit, and others in which the target is
// hit all the time.
func TestFor(t *testing.T) {
	require(t, "ptrace")
	prog := uneven(t)["opt"]
	const long = 300 * time.Millisecond
	for _, how := range ways {
		for what, flag := range map[string]string{"nothing is hit": "main.never", "hits all the time": "main.hot"} {
			t.Run(how+" "+what, func(t *testing.T) {
				got := traceUneven(t, how, prog, 2*time.Second, 4, eventstest.Validator{}, "-t", flag, "--for", long.String())
				if got.end.End.Reason != events.ReasonDuration {
					t.Errorf("ended as %s", got.end.End.Reason)
				}
				// Not that it is quick: that it does not wait for something.
				if took := got.end.Time.Sub(got.start.Time); took < long || took > long+1500*time.Millisecond {
					t.Errorf("ended after %v", took)
				}
				if n := len(got.stream) - 2; (n > 0) != (flag == "main.hot") {
					t.Errorf("%d events of %s", n, flag)
				}
			})
		}
	}
}

// TestRate counts the calls in every second of a trace with --rate.
func TestRate(t *testing.T) {
	require(t, "ptrace")
	prog := uneven(t)["opt"]
	const most = 20
	for _, how := range ways {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			got := traceUneven(t, how, prog, 3*time.Second, 2, eventstest.Validator{Filtered: true},
				"-t", "main.hot", "-t", "main.rare", "-t", "main.inner", "--rate", strconv.Itoa(most)+"/s")
			var times []time.Time
			for _, e := range got.stream {
				if e.Kind == events.Call {
					times = append(times, e.Time)
				}
			}
			for i := most; i < len(times); i++ {
				if d := times[i].Sub(times[i-most]); d < time.Second {
					t.Fatalf("%d calls in %v", most+1, d)
				}
			}
			if len(times) <= most {
				t.Errorf("%d calls in %v", len(times), got.end.Time.Sub(got.start.Time))
			}
			if n := len(got.lost()); n < 2 || n > 5 {
				t.Errorf("%d records tell what was left out", n)
			}
			if end := got.end.End; end.Lost == 0 || end.Events > 8*most {
				t.Errorf("%d events, %d lost", end.Events, end.Lost)
			}
		})
	}
}
