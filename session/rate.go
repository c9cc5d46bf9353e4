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

	tally // of what was left out and not told yet
}

func newRateLimit(r Rate) *rateLimit {
	return &rateLimit{rate: r, open: make(map[events.CallID]bool)}
}

// keeps decides about an event that was asked for and is to be shown now. One
// that belongs to no call is always kept.
func (l *rateLimit) keeps(e *events.Event, now time.Time) bool {
	if e.Call == events.NoCall {
		return true
	}
	kept, known := l.open[e.Call]
	if !known {
		kept = l.take(now)
		l.open[e.Call] = kept
		if !kept {
			l.add(1, 0, now)
		}
	}
	if !kept {
		l.add(0, 1, now)
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

// account returns a record of what was left out since the last one.
func (l *rateLimit) account(now time.Time) events.Event {
	return l.tally.account(now, fmt.Sprintf("--rate %s", l.rate))
}
