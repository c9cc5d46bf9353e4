package e2e

import (
	"strconv"
	"testing"
	"time"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// ways are the two ways to a traced program, each with how it is built.
var ways = map[string]string{"run": "debug", "attach": "opt"}

// TestLimit counts the events of traces that end at every number of them. One
// hit makes up to two events: an exception and the return behind it.
func TestLimit(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	progs := uneven(t)
	// Attached to, the program runs until the trace has ended.
	long := map[string]time.Duration{"run": 200 * time.Millisecond, "attach": time.Hour}
	for how, build := range ways {
		t.Run(how+" "+build, func(t *testing.T) {
			t.Parallel()
			for limit := 1; limit <= 5; limit++ {
				got := traceUneven(t, how, progs[build], long[how], 0, eventstest.Validator{},
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
	t.Parallel()
	progs := uneven(t)
	const long = 300 * time.Millisecond
	runs := map[string]time.Duration{"run": 2 * time.Second, "attach": time.Hour}
	for how, build := range ways {
		for what, flag := range map[string]string{"nothing is hit": "main.never", "hits all the time": "main.hot"} {
			t.Run(how+" "+build+" "+what, func(t *testing.T) {
				got := traceUneven(t, how, progs[build], runs[how], 4, eventstest.Validator{}, "-t", flag, "--for", long.String())
				if got.end.End.Reason != events.ReasonDuration {
					t.Errorf("ended as %s", got.end.End.Reason)
				}
				if took := got.end.Time.Sub(got.start.Time); took < long {
					t.Errorf("ended after %v", took)
				}
				if n := len(got.stream) - 2; (n > 0) != (flag == "main.hot") {
					t.Errorf("%d events of %s", n, flag)
				}
				checkHeld(t, got)
			})
		}
	}
}

// checkHeld checks the time that threads are said to have been held: some when
// anything was hit, and none longer than the trace took.
func checkHeld(t *testing.T, got traced) {
	t.Helper()
	threads := map[int]bool{}
	for _, e := range got.stream {
		if e.Thread != 0 {
			threads[e.Thread] = true
		}
	}
	held, most := got.end.End.Held, time.Duration(len(threads))*got.end.Time.Sub(got.start.Time)
	if held > most || (held > 0) != (len(threads) > 0) {
		t.Errorf("%d threads were held for %v; that cannot be more than %v", len(threads), held, most)
	}
}

// TestRate counts the calls in every second of a trace with --rate.
func TestRate(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	progs := uneven(t)
	const most = 20
	for how, build := range ways {
		t.Run(how+" "+build, func(t *testing.T) {
			t.Parallel()
			got := traceUneven(t, how, progs[build], 3*time.Second, 2, eventstest.Validator{Filtered: true},
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
			seconds := int(got.end.Time.Sub(got.start.Time).Seconds()) + 1
			if n := len(got.lost()); n < 1 || n > seconds+1 {
				t.Errorf("%d records tell what was left out in %d s", n, seconds)
			}
			// A call makes two or three events.
			if end := got.end.End; end.Lost == 0 || end.Events > uint64(3*most*seconds) {
				t.Errorf("%d events, %d lost in %d s", end.Events, end.Lost, seconds)
			}
		})
	}
}
