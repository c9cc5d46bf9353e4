package session

import (
	"fmt"
	"slices"
	"time"

	"gtrace/events"
)

// A sieve lets calls through whole or not at all, as filters decide. It stands
// behind the pairing: ids, depths and parents are those of the program, so that
// those of a call which is let through may speak of one that is not.
//
// A filter that needs the end of a call makes it wait: its events are held back
// until it has returned. Meanwhile calls inside it end and are decided about.
// They queue behind it, so that the events of a goroutine come out in
// the order in which they happened. But a call may run for hours. So when
// something that is let through has waited for maxWait, the calls that run for as
// long step aside: from then on nothing waits for them, and such a call comes out
// at its end, with all of its events together.
//
// What is held back is bounded by maxWeight. Beyond it the oldest calls that
// are undecided are given up, and this is told as a loss. A call that has not
// ended when the trace does is undecided, and so left out.
type sieve struct {
	early, late []events.Filter // those that do not need the end of a call, and those that do
	picks       []events.Filter // are asked last, about calls that all others keep

	calls  map[events.CallID]*sifted // open
	queues map[int64]*queue          // by goroutine
	stuck  []stuck                   // queues, in the order in which they got stuck
	out    []events.Event            // let through by the event at hand

	wait         time.Duration // how long something that is let through waits
	weight, most int           // of what is held back
	missed       tally         // what was given up
	chosen       uint64        // calls let through so far
}

const (
	maxWait   = time.Second
	maxWeight = 64 << 20
)

// A sifted call is one that the sieve has seen an event of.
type sifted struct {
	verdict verdict
	aside   bool           // nothing waits for it
	events  []events.Event // what is held back
}

type verdict uint8

const (
	undecided verdict = iota
	kept
	dropped
	givenUp
)

// newSieve returns nil when everything is let through.
func newSieve(cfg Config, w *window) *sieve {
	if len(cfg.Filters) == 0 && cfg.Pick == (Pick{}) && w == nil {
		return nil
	}
	s := &sieve{
		calls:  make(map[events.CallID]*sifted),
		queues: make(map[int64]*queue),
		wait:   maxWait,
		most:   maxWeight,
	}
	if w != nil {
		s.early = append(s.early, w)
	}
	if cfg.Pick != (Pick{}) {
		s.picks = append(s.picks, newPicker(cfg.Pick))
	}
	for _, f := range cfg.Filters {
		if f.NeedsEnd() {
			s.late = append(s.late, f)
		} else {
			s.early = append(s.early, f)
		}
	}
	return s
}

// add takes the events that one hit makes, or none, and returns what comes out
// now; if it must hurry, everything that waits. The slice is valid until the
// next call.
func (s *sieve) add(list []events.Event, now time.Time, hurry bool) []events.Event {
	s.reset()
	for i := range list {
		s.event(&list[i], now)
	}
	if s.weight > s.most {
		s.shed(now)
	}
	s.release(now, hurry)
	if due := s.missed.due(); !due.IsZero() && (hurry || !now.Before(due)) {
		s.out = append(s.out, s.account(now))
	}
	return s.out
}

func (s *sieve) reset() {
	clear(s.out)
	s.out = s.out[:0]
}

func (s *sieve) event(e *events.Event, now time.Time) {
	if e.Kind == events.Lost {
		s.out = append(s.out, *e)
		return
	}
	c := s.callOf(e)
	s.hold(c, e)
	if c.verdict == givenUp {
		s.missed.add(0, 1, now)
	}
	if e.Kind == events.Return {
		delete(s.calls, e.Call)
		if c.verdict == undecided {
			s.decide(c, e.Goroutine)
		}
	}
	s.flush(e.Goroutine, now)
}

// callOf returns the call to which e belongs. What belongs to none is decided
// about by itself.
func (s *sieve) callOf(e *events.Event) *sifted {
	if e.Call == events.NoCall {
		alone := []events.Event{*e}
		if keepAll(s.early, alone) && keepAll(s.late, alone) {
			s.chosen++
			return &sifted{verdict: kept}
		}
		return &sifted{verdict: dropped}
	}
	c := s.calls[e.Call]
	if c == nil {
		c = &sifted{verdict: s.begin(e)}
		s.calls[e.Call] = c
	}
	return c
}

// begin asks about a call of which e is the first event.
func (s *sieve) begin(e *events.Event) verdict {
	first := []events.Event{*e}
	switch {
	case !keepAll(s.early, first):
		return dropped
	case len(s.late) > 0:
		return undecided
	case keepAll(s.picks, first):
		s.chosen++
		return kept
	}
	return dropped
}

// decide asks about a call that has ended. One that had stepped aside goes to
// the end of the queue.
func (s *sieve) decide(c *sifted, goroutine int64) {
	if !keepAll(s.late, c.events) || !keepAll(s.picks, c.events) {
		s.drop(c, dropped)
		s.trim(goroutine)
		return
	}
	c.verdict = kept
	s.chosen++
	q := s.queueOf(goroutine)
	q.kept += len(c.events)
	if c.aside {
		for i := range c.events {
			q.waiting = append(q.waiting, waiting{c, i})
		}
	}
}

func keepAll(filters []events.Filter, call []events.Event) bool {
	for _, f := range filters {
		if !f.Keep(call) {
			return false
		}
	}
	return true
}

// drop forgets what is held back of a call.
func (s *sieve) drop(c *sifted, v verdict) {
	for i := range c.events {
		s.weight -= weigh(&c.events[i])
	}
	c.verdict, c.events = v, nil
}

// shed makes room when too much is held back.
func (s *sieve) shed(now time.Time) {
	s.release(now, true)
	var ids []events.CallID
	for id, c := range s.calls {
		if c.verdict == undecided {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		if s.weight <= s.most/4*3 {
			break
		}
		c := s.calls[id]
		s.missed.add(1, uint64(len(c.events)), now)
		s.drop(c, givenUp)
	}
	for g := range s.queues {
		s.flush(g, now)
	}
}

func (s *sieve) account(now time.Time) events.Event {
	return s.missed.account(now, fmt.Sprintf("a filter that holds back at most %d MB", s.most>>20))
}

// keeps reports whether an open call is let through.
func (s *sieve) keeps(id events.CallID) bool {
	c := s.calls[id]
	return c != nil && c.verdict == kept
}

// weigh returns about how many bytes an event takes.
func weigh(e *events.Event) int {
	const base, each = 512, 64
	n := base + each*(len(e.Args)+len(e.Results)+len(e.Locals)+len(e.Changes)+len(e.Watch)+len(e.Stack))
	for _, list := range [][]events.Value{e.Args, e.Results, e.Locals} {
		for i := range list {
			n += len(list[i].Value) + len(list[i].Error)
		}
	}
	for i := range e.Changes {
		n += len(e.Changes[i].Value.Value) + len(e.Changes[i].Old)
	}
	for i := range e.Watch {
		n += len(e.Watch[i].Value) + len(e.Watch[i].Old)
	}
	if e.Exception != nil {
		n += base + len(e.Exception.Value)
	}
	return n
}
