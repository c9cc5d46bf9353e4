package session

import (
	"maps"
	"slices"
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// blind takes note that nothing of some functions is observed any more, and
// returns the events of their open calls, which end there: nobody will see when
// they do. One that has a call inside whose end will be seen stays until then,
// as it is certain to be still there.
func (p *pairer) blind(fns map[*engine.Function]bool, now time.Time) []events.Event {
	from := len(p.out)
	if fns[nil] { // panics
		clear(p.strays)
	}
	for _, key := range slices.Sorted(maps.Keys(p.routines)) {
		r := p.routines[key]
		h := engine.Hit{Time: now, Goroutine: r.id}
		if key < 0 {
			h.Thread = int(-key)
		}
		for i := range r.calls {
			r.calls[i].blind = r.calls[i].blind || fns[r.calls[i].fn]
		}
		p.settle(&h, r)
		p.release(&h, r)
	}
	return p.out[from:]
}

// settle ends the innermost calls of r as long as their ends will not be seen.
func (p *pairer) settle(h *engine.Hit, r *routine) {
	if c := r.top(); c != nil && c.blind {
		p.lose(h, r)
	}
}

// push opens a call.
func (p *pairer) push(r *routine, fn *engine.Function, frame engine.FrameID) *call {
	p.lastCall++
	p.counts[fn]++
	return r.push(p.lastCall, fn, frame)
}

// pop closes the innermost call.
func (p *pairer) pop(h *engine.Hit, r *routine) {
	p.counts[r.top().fn]--
	r.pop()
	p.settle(h, r)
}
