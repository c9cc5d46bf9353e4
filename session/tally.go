package session

import (
	"time"

	"gtrace/events"
)

// A tally counts what is left out of the stream, to be told now and then.
type tally struct {
	calls, events uint64
	since         time.Time // of the first event
}

// tellEvery is how often at most it is told what was left out.
const tellEvery = time.Second

func (t *tally) add(calls, events uint64, now time.Time) {
	if t.events == 0 && events > 0 {
		t.since = now
	}
	t.calls += calls
	t.events += events
}

// due returns when the next account is to be given, or zero.
func (t *tally) due() time.Time {
	if t.events == 0 {
		return time.Time{}
	}
	return t.since.Add(tellEvery)
}

// account returns a record of what was left out since the last one. Who names
// what left it out.
func (t *tally) account(now time.Time, who string) events.Event {
	what := "more of calls that were left out"
	if t.calls > 0 {
		what = plural(int(t.calls), "call", "calls")
	}
	lost := &events.LostInfo{Count: t.events, Why: who + " left out " + what}
	*t = tally{}
	return events.Event{Kind: events.Lost, Time: now, Lost: lost}
}
