package session

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// A thinner lifts probes and plants them again, as its budget says.
//
// A function has two probes. Without that of its entries, no new calls are
// observed. That of its returns stays until the calls that are open have ended,
// if that is not too dear, and else they are told to be out of sight. The probe
// for panics can not be missing alone, as a call that a panic takes away would
// be taken for one that goes on: when it is lifted, all are.
type thinner struct {
	*budget
	eng     engine.Engine
	holder  engine.Holder
	pairer  *pairer
	capture engine.Capture

	byFunc map[*engine.Function]*costing // nil: panics

	begun time.Time
	last  *costing      // whose hit was the last
	held  time.Duration // so far
	err   error         // what made it impossible
}

// newThinner takes over the probes that were planted, for a share of time.
func newThinner(eng engine.Engine, share float64, probes []*costing, capture engine.Capture, p *pairer) (*thinner, error) {
	holder, ok := eng.(engine.Holder)
	if !ok {
		return nil, fmt.Errorf("bound the overhead: %w", engine.ErrNotSupported)
	}
	t := &thinner{
		budget: newBudget(share, probes),
		eng:    eng, holder: holder, pairer: p, capture: capture,
		byFunc: map[*engine.Function]*costing{},
	}
	for _, c := range probes {
		t.byFunc[c.fn] = c
	}
	return t, nil
}

func (t *thinner) failed() bool { return t != nil && t.err != nil }

// of returns what h was a hit of, or nil.
func (t *thinner) of(h *engine.Hit) *costing {
	switch h.Kind {
	case engine.Entered, engine.Returned, engine.Raised, engine.Unwound:
		return t.byFunc[h.Func] // which panics have not
	}
	return nil
}

// hit charges what has been spent since the last hit, lifts what costs too much,
// and returns the events of calls that went out of sight. What the engine has
// held since is the rest of the last hit and the way to this one, which the last
// one is charged for: it is most of it.
func (t *thinner) hit(h *engine.Hit) []events.Event {
	held := t.holder.Held()
	t.charge(t.last, held-t.held)
	t.credit(h.Time)
	t.held, t.last = held, t.of(h)

	var gone []*costing
	if c := t.last; c != nil && c.state == leaving && t.pairer.counts[c.fn] == 0 {
		gone = append(gone, c)
	}
	for _, c := range t.retire() {
		gone = append(gone, t.step(c, h.Time)...)
		t.last = nil // whose hit it was has not caused what this costs
	}
	return t.lift(gone, h.Time)
}

// step takes c one step further away, and returns what has to be lifted for that.
func (t *thinner) step(c *costing, now time.Time) []*costing {
	if c.fn == nil {
		return t.probes
	}
	if c.state == standing {
		t.leave(c, now)
		if t.pairer.counts[c.fn] > 0 {
			return nil
		}
	}
	return []*costing{c}
}

// leave stops observing new calls.
func (t *thinner) leave(c *costing, now time.Time) {
	t.unplant(&c.entries)
	t.pairer.thinned[c.fn] = true
	c.state, c.gone = leaving, now
	t.away++
}

// lift stops observing anything of the given ones.
func (t *thinner) lift(list []*costing, now time.Time) []events.Event {
	if len(list) == 0 {
		return nil
	}
	blind := map[*engine.Function]bool{}
	for _, c := range list {
		if c.state == standing {
			t.leave(c, now)
		}
		if c.state == leaving {
			t.unplant(&c.returns)
			c.state = lifted
			blind[c.fn] = true
		}
	}
	return t.pairer.blind(blind, now)
}

// comeBack plants all that is away again, if it is time, and returns the records
// about what was not seen.
func (t *thinner) comeBack(now time.Time) []events.Event {
	t.credit(now)
	if !t.full() || t.away == 0 {
		return nil
	}
	for _, c := range t.probes {
		if c.fn == nil {
			t.plant(&c.entries, engine.Panics, c)
		} else {
			t.plant(&c.returns, engine.Returns, c)
			t.plant(&c.entries, engine.Entries, c)
		}
		c.state = standing
	}
	t.away, t.last = 0, nil // whose hit it was has not caused what this costs
	return t.tell(now)
}

func (t *thinner) plant(id *engine.ProbeID, what engine.What, c *costing) {
	if *id == 0 && t.err == nil {
		*id, t.err = t.eng.Plant(engine.Probe{What: what, Func: c.fn, If: c.condition, Capture: t.capture})
	}
}

func (t *thinner) unplant(id *engine.ProbeID) {
	if *id != 0 {
		t.err = errors.Join(t.err, t.eng.Unplant(*id))
	}
	*id = 0
}

// tell returns records about the functions that are not observed since some
// time, and begins that time anew.
func (t *thinner) tell(now time.Time) []events.Event {
	var list []events.Event
	for _, c := range t.probes {
		if c.gone.IsZero() {
			continue
		}
		unseen := max(now.Sub(c.gone), 1)
		if c.gone = (time.Time{}); c.fn == nil {
			continue // with it, all functions were away
		}
		c.total.Func = c.fn.Name
		c.total.Unseen += unseen
		c.total.Times++
		list = append(list, events.Event{Kind: events.Lost, Time: now, Lost: &events.LostInfo{
			Why:    fmt.Sprintf("--max-overhead: calls of %s were not observed for %v", c.fn.Name, brief(unseen)),
			Func:   c.fn.Name,
			Unseen: unseen,
		}})
	}
	return list
}

// brief rounds a time for people.
func brief(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// totals returns what was told, the function that was away longest first, and
// the share of time for which the target was held.
func (t *thinner) totals(now time.Time) (list []events.Thinned, overhead float64) {
	for _, c := range t.probes {
		if c.total.Times > 0 {
			list = append(list, c.total)
		}
	}
	slices.SortStableFunc(list, func(x, y events.Thinned) int { return cmp.Compare(y.Unseen, x.Unseen) })
	if traced := now.Sub(t.begun); traced > 0 {
		overhead = float64(t.holder.Held()) / float64(traced)
	}
	return list, overhead
}
