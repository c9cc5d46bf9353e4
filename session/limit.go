package session

import (
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// A gate lets through what the user asked for. It stands behind the pairing, so
// that ids, depths and parents are the same whatever is asked for, except for
// goroutines: their calls never mix, so those not asked for need no pairing.
type gate struct {
	kinds      [events.End + 1]bool
	goroutines map[int64]bool // nil: all
	rate       *rateLimit     // nil: none
	limit      uint64         // 0: none
	allowance  *Allowance     // nil: none
	over       bool           // what passes now is beyond the limit
	// shown are calls of which something has passed, and not their end; nil: nobody asks
	shown  map[events.CallID]bool
	denied bool   // an event that was asked for was not allowed
	seq    uint64 // of the last event that passed
}

func newGate(cfg Config) *gate {
	g := &gate{limit: cfg.Limit, allowance: cfg.Allowance}
	if cfg.Rate.Calls > 0 {
		g.rate = newRateLimit(cfg.Rate)
	}
	for _, k := range kindsOf(cfg) {
		if k <= events.End {
			g.kinds[k] = true
		}
	}
	g.kinds[events.Lost], g.kinds[events.Exec] = true, true
	if cfg.Limit > 0 || cfg.Allowance != nil {
		g.shown = make(map[events.CallID]bool)
	}
	if cfg.Goroutines != nil {
		g.goroutines = make(map[int64]bool, len(cfg.Goroutines))
		for _, id := range cfg.Goroutines {
			g.goroutines[id] = true
		}
	}
	return g
}

// kindsOf returns the kinds of event that cfg asks for.
func kindsOf(cfg Config) []events.Kind {
	if cfg.Kinds != nil {
		return cfg.Kinds
	}
	return []events.Kind{events.Call, events.Return, events.Exception}
}

// admits reports whether the hit is of a goroutine that was asked for.
func (g *gate) admits(h *engine.Hit) bool {
	switch h.Kind {
	case engine.Lost, engine.Ended:
		return true
	default:
		return g.goroutines == nil || g.goroutines[h.Goroutine]
	}
}

// asks reports whether a kind was asked for.
func (g *gate) asks(k events.Kind) bool { return g.kinds[k] }

// passes reports whether the event was asked for, and numbers it if so. What
// was lost, and an exec, is always told, and is no event itself.
func (g *gate) passes(e *events.Event, now time.Time) bool {
	pass := g.kinds[e.Kind] && (g.rate == nil || g.rate.keeps(e, now))
	if e.Kind == events.Return {
		if g.rate != nil {
			g.rate.ended(e.Call)
		}
		delete(g.shown, e.Call)
	}
	if pass && e.Kind != events.Lost && e.Kind != events.Exec {
		if !g.over && !g.allowance.take() {
			g.denied = true
			return false
		}
		g.seq++
		e.Seq = g.seq
		if g.shown != nil && e.Kind != events.Return && e.Call != events.NoCall {
			g.shown[e.Call] = true
		}
	}
	return pass
}

// goOn makes the gate that of another program. Nothing of the old one is open.
func (g *gate) goOn(cfg Config) {
	for _, k := range kindsOf(cfg) {
		g.kinds[k] = true
	}
	if g.rate != nil {
		clear(g.rate.open)
	}
}

// leftOut reports whether an open call is not in the stream.
func (g *gate) leftOut(id events.CallID) bool { return g.rate != nil && g.rate.leftOut(id) }

// full reports whether the limit is reached.
func (g *gate) full() bool { return g.limit > 0 && g.seq >= g.limit || g.allowance.spent() }

// more reports whether something of the queue is left to yield. When the limit is
// reached, that is the end of the calls which are shown and are long over, as those
// that a filter has held back until then: a call that is shown has an end, or is
// still open.
func (s *Session) more() bool {
	if s.cut == nil && s.gate.full() && s.holdsBack() {
		s.finish()
	}
	return s.next < len(s.queue) && (s.cut != nil || !s.gate.full())
}

// holdsBack reports whether what comes out may be over already.
func (s *Session) holdsBack() bool { return s.sieve != nil || s.backlog != nil }

// finish leaves in the queue the ends, and the exceptions before them, of calls that
// have ended and of which the begin was shown.
func (s *Session) finish() {
	s.gate.over, s.gate.denied = true, false
	queued := s.queue[s.next:]
	over := make(map[events.CallID]bool)
	for _, e := range queued {
		over[e.Call] = e.Kind == events.Return && s.gate.shown[e.Call]
	}
	s.queue, s.next, s.cut = nil, 0, make([]events.Event, 0, len(queued))
	for _, e := range queued {
		if over[e.Call] && e.Kind != events.Line && e.Kind != events.Write {
			s.queue = append(s.queue, e)
		} else {
			s.cut = append(s.cut, e)
		}
	}
}
