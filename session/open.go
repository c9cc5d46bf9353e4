package session

import (
	"cmp"
	"slices"

	"gtrace/events"
	"gtrace/session/engine"
)

// lastRecords returns what ends the stream: what was held back and may be shown,
// what was lost and not told yet, and the end record with the totals.
func (s *Session) lastRecords(end *events.Event) []events.Event {
	var list []events.Event
	if !s.gate.full() { // else the queue tells which calls are open
		s.queue, s.next = nil, 0
		if s.sieve != nil {
			s.queue = s.sieve.add(nil, end.Time, true)
		}
		if s.backlog != nil {
			s.queue = s.backlog.add(s.queue, false)
		}
	}
	for s.more() {
		e := s.queue[s.next]
		s.next++
		if s.gate.passes(&e, end.Time) {
			list = append(list, e)
		} else if s.gate.denied {
			s.next--
		}
	}
	if s.sieve != nil && !s.sieve.missed.due().IsZero() {
		list = append(list, s.sieve.account(end.Time))
	}
	if why := s.backlog.silent(); why != "" && s.cfg.Warn != nil {
		s.cfg.Warn("--backlog: %s", why)
	}
	if r := s.gate.rate; r != nil && !r.due().IsZero() {
		list = append(list, r.account(end.Time))
	}
	if s.thin != nil {
		list = append(list, s.thin.tell(end.Time)...)
	}
	for i := range list {
		if list[i].Kind == events.Lost {
			s.lost += list[i].Lost.Count
		}
	}
	return append(list, s.end(end))
}

// end completes the end record with the totals.
func (s *Session) end(e *events.Event) events.Event {
	e.End.Events, e.End.Lost = s.gate.seq, s.lost
	e.End.Open = s.open()
	if k, ok := s.eng.(engine.Holder); ok {
		e.End.Held = k.Held()
	}
	if s.thin != nil {
		e.End.Thinned, e.End.Overhead = s.thin.totals(e.Time)
	}
	return *e
}

// open returns the calls that are open as far as the stream has told. When it
// ends between two events of a hit, the pairing is ahead of it: a call whose
// return is still queued has not ended, and one whose call event is queued has
// not begun. What the limit has left out of calls that are over was never told.
func (s *Session) open() []events.OpenCall {
	queued := slices.Concat(s.queue[s.next:], s.cut)
	var open []events.OpenCall
	for _, r := range s.pairer.routines {
		for i := range r.calls {
			c := &r.calls[i]
			if (s.sieve == nil || s.sieve.keeps(c.id)) && (s.backlog == nil || s.backlog.shows(c.id)) {
				open = append(open, events.OpenCall{Call: c.id, Goroutine: r.id, Func: c.fn.Name, Partial: c.partial})
			}
		}
	}
	for _, e := range slices.Backward(s.queue[s.next:]) {
		if e.Kind == events.Return {
			open = append(open, events.OpenCall{Call: e.Call, Goroutine: e.Goroutine, Func: e.Func, Partial: e.Partial})
		}
	}
	open = slices.DeleteFunc(open, func(o events.OpenCall) bool {
		begins := func(e events.Event) bool { return e.Kind == events.Call && e.Call == o.Call }
		return slices.ContainsFunc(queued, begins) || s.gate.leftOut(o.Call)
	})
	slices.SortStableFunc(open, func(a, b events.OpenCall) int { return cmp.Compare(a.Goroutine, b.Goroutine) })
	return open
}
