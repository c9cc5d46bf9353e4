package session

import (
	"slices"
	"time"

	"gtrace/events"
)

// A queue is what is held back of a goroutine, in the order in which it happened.
type queue struct {
	waiting []waiting
	kept    int       // how many of these are let through
	since   time.Time // when the first of these got stuck, or zero
}

// waiting is one event of a call.
type waiting struct {
	call *sifted
	i    int
}

// stuck is a queue in which something that is let through waits, unless it has
// moved on by now.
type stuck struct {
	goroutine int64
	since     time.Time
}

func (s *sieve) queueOf(goroutine int64) *queue {
	q := s.queues[goroutine]
	if q == nil {
		q = new(queue)
		s.queues[goroutine] = q
	}
	return q
}

// hold puts an event of a call into the queue, unless it can pass at once.
func (s *sieve) hold(c *sifted, e *events.Event) {
	switch {
	case c.verdict == dropped || c.verdict == givenUp:
		return
	case c.verdict == kept && s.queues[e.Goroutine] == nil:
		s.out = append(s.out, *e)
		return
	}
	c.events = append(c.events, *e)
	s.weight += weigh(e)
	if c.aside {
		return
	}
	q := s.queueOf(e.Goroutine)
	q.waiting = append(q.waiting, waiting{c, len(c.events) - 1})
	if c.verdict == kept {
		q.kept++
	}
}

// trim takes from the end of a queue what nobody waits for any more.
func (s *sieve) trim(goroutine int64) {
	q := s.queues[goroutine]
	if q == nil {
		return
	}
	n := len(q.waiting)
	for n > 0 && q.waiting[n-1].call.verdict >= dropped {
		n--
	}
	clear(q.waiting[n:])
	q.waiting = q.waiting[:n]
}

// flush lets out what stands at the head of a queue and is decided about.
func (s *sieve) flush(goroutine int64, now time.Time) {
	q := s.queues[goroutine]
	if q == nil {
		return
	}
	n := 0
	for n < len(q.waiting) && q.waiting[n].call.verdict != undecided {
		if w := q.waiting[n]; w.call.verdict == kept {
			e := &w.call.events[w.i]
			s.weight -= weigh(e)
			s.out = append(s.out, *e)
			*e = events.Event{}
			q.kept--
		}
		n++
	}
	q.waiting = slices.Delete(q.waiting, 0, n)
	switch {
	case len(q.waiting) == 0:
		delete(s.queues, goroutine)
	case q.kept == 0:
		q.since = time.Time{}
	case q.since.IsZero():
		q.since = now
		s.stuck = append(s.stuck, stuck{goroutine, now})
	}
}

// due returns when something is to be done although nothing is hit, or zero.
func (s *sieve) due() time.Time {
	for len(s.stuck) > 0 && !s.isStuck(s.stuck[0]) {
		s.stuck = s.stuck[1:]
	}
	if len(s.stuck) == 0 {
		return s.missed.due()
	}
	// Not for each queue by itself: an alarm costs more than a hit.
	const lookEvery = 100 * time.Millisecond
	return earlier(s.missed.due(), s.stuck[0].since.Add(s.wait).Truncate(lookEvery).Add(lookEvery))
}

func (s *sieve) isStuck(at stuck) bool {
	q := s.queues[at.goroutine]
	return q != nil && q.since.Equal(at.since)
}

// release lets out what has waited enough in queues, or everything: undecided
// calls step aside, unless they are young. What still waits then waits for calls
// that began after it, so it does not a second time.
func (s *sieve) release(now time.Time, everything bool) {
	enough := now.Add(-s.wait)
	for len(s.stuck) > 0 {
		first := s.stuck[0]
		if s.isStuck(first) && !everything && first.since.After(enough) {
			return
		}
		s.stuck = s.stuck[1:]
		if !s.isStuck(first) {
			continue
		}
		q := s.queues[first.goroutine]
		for _, w := range q.waiting {
			c := w.call
			c.aside = c.verdict == undecided && (everything || !c.events[0].Time.After(enough))
		}
		q.waiting = slices.DeleteFunc(q.waiting, func(w waiting) bool { return w.call.aside })
		q.since = time.Time{}
		s.flush(first.goroutine, now)
	}
}
