package session

import (
	"fmt"
	"time"

	"gtrace/events"
)

// A Rate is a bound of how many calls are reported in any stretch of time. Its
// zero value is no bound.
type Rate struct {
	Calls int
	Per   time.Duration
}

// String returns the rate as the command line takes it: 100/s.
func (r Rate) String() string {
	switch r.Per {
	case time.Second:
		return fmt.Sprintf("%d/s", r.Calls)
	case time.Minute:
		return fmt.Sprintf("%d/m", r.Calls)
	}
	return fmt.Sprintf("%d/%v", r.Calls, r.Per)
}

// A rateLimit leaves out calls that come faster than a rate, each with all of
// its events. It decides when the first event of a call is about to be
// reported, so that a call of which nothing would be shown takes no place. A
// call inside one that is left out may well be kept: its depth and parent speak
// of the program, not of what is shown.
//
// The bound holds for every stretch of time, not only on average: a call is kept
// when fewer than the allowed number were kept in the time that ends with it. So
// the limit remembers when each of the last ones was.
type rateLimit struct {
	rate Rate
	kept []time.Time // of the last calls kept: a ring, once it is full
	next int         // in kept: the oldest

	open map[events.CallID]bool // calls decided about that have not ended: kept or not

	// What was left out and not told yet.
	calls, events uint64
	since         time.Time // of the first of these
}

// tellEvery is how often at most it is told what was left out.
const tellEvery = time.Second

func newRateLimit(r Rate) *rateLimit {
	return &rateLimit{rate: r, open: make(map[events.CallID]bool)}
}

// keeps decides about an event that was asked for. One that belongs to no call
// is always kept.
func (l *rateLimit) keeps(e *events.Event) bool {
	if e.Call == events.NoCall {
		return true
	}
	kept, known := l.open[e.Call]
	if !known {
		kept = l.take(e.Time)
		l.open[e.Call] = kept
		if !kept {
			l.calls++
		}
	}
	if !kept {
		if l.events == 0 {
			l.since = e.Time
		}
		l.events++
	}
	return kept
}

// ended forgets a call, whether or not its end was asked for.
func (l *rateLimit) ended(id events.CallID) { delete(l.open, id) }

// leftOut reports whether a call that is still open is not in the stream.
func (l *rateLimit) leftOut(id events.CallID) bool {
	kept, known := l.open[id]
	return known && !kept
}

// take takes one of the places in the time that ends at now, if one is left.
func (l *rateLimit) take(now time.Time) bool {
	if len(l.kept) < l.rate.Calls {
		l.kept = append(l.kept, now)
		return true
	}
	if now.Sub(l.kept[l.next]) < l.rate.Per {
		return false
	}
	l.kept[l.next] = now
	l.next = (l.next + 1) % len(l.kept)
	return true
}

// due returns when the next account is to be given, or zero.
func (l *rateLimit) due() time.Time {
	if l.events == 0 {
		return time.Time{}
	}
	return l.since.Add(tellEvery)
}

// account returns a record of what was left out since the last one.
func (l *rateLimit) account(now time.Time) events.Event {
	what := "more of calls that were left out"
	if l.calls > 0 {
		what = plural(int(l.calls), "call", "calls")
	}
	lost := &events.LostInfo{Count: l.events, Why: fmt.Sprintf("--rate %s left out %s", l.rate, what)}
	l.calls, l.events = 0, 0
	return events.Event{Kind: events.Lost, Time: now, Lost: lost}
}
