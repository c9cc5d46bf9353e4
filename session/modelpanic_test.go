package session

import (
	"fmt"

	"gtrace/events"
	"gtrace/session/engine"
)

func (m *model) raise(g *modelRoutine) {
	classes := []events.Class{events.ClassPanic, events.ClassRuntime}
	m.begin(g, &engine.Raise{
		Class: classes[m.roll(2, "class")],
		Value: fmt.Sprint("boom ", len(m.hits)),
	})
}

func (m *model) goexit(g *modelRoutine) { m.begin(g, &engine.Raise{Class: events.ClassGoexit}) }

// begin puts the frame of a panic or Goexit on the stack.
func (m *model) begin(g *modelRoutine, raise *engine.Raise) {
	p := &modelFrame{id: m.next(g), raise: raise}
	if m.hit(g, engine.Hit{Kind: engine.Raised, Frame: p.id, Raise: raise}) == nil {
		p.raise = &engine.Raise{Class: raise.Class}
		if raise.Class != events.ClassGoexit {
			*p.raise = unseen
		}
	} else if f := innermost(g.stack); f != nil {
		m.tellException(g, f, p, false)
	} else if raise.Class != events.ClassGoexit {
		g.strays = append(g.strays, p)
	}
	g.stack = append(g.stack, p)
}

func innermost(stack []*modelFrame) *modelFrame {
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i].call != nil {
			return stack[i]
		}
	}
	return nil
}

// carryOn lets a panic that has the word do its next step: unwind when it was
// recovered, or else run the next deferred call, or end what there is to end.
func (m *model) carryOn(g *modelRoutine, p *modelFrame) {
	if p.recovered != nil {
		m.recovery(g, p)
		return
	}
	for i := len(g.stack) - 1; i >= 0; i-- {
		if f := g.stack[i]; f.defers > 0 {
			f.defers--
			m.enter(g, &modelFrame{id: m.next(g), runBy: p, owner: f})
			return
		}
	}
	if g.guarded && p.raise.Class != events.ClassGoexit {
		p.recovered = g.stack[0]
		return
	}
	seen := m.hit(g, engine.Hit{Kind: engine.Unwound, Unwind: &engine.Unwind{All: true}})
	m.take(g, p, 0)
	for _, stray := range g.strays {
		if seen != nil {
			m.add(g, events.Event{Kind: events.Exception, Exception: describeRaise(stray.raise)})
		}
	}
	g.strays = nil
	if p.raise.Class == events.ClassGoexit {
		m.remove(g)
		return
	}
	m.exit()
}

// recovery drops the frames down to the one that recovered, which returns; or
// down to a Goexit on the way, which begins anew.
func (m *model) recovery(g *modelRoutine, p *modelFrame) {
	keep := len(g.stack) - 1
	for g.stack[keep] != p.recovered && (g.stack[keep] == p || g.stack[keep].raise == nil || g.stack[keep].raise.Class != events.ClassGoexit) {
		keep--
	}
	f := g.stack[keep]
	u := &engine.Unwind{Keep: f.id, Recovered: f.raise == nil || m.chance(50, "said")}
	m.hit(g, engine.Hit{Kind: engine.Unwound, Unwind: u})
	for n := len(g.strays); n > 0 && g.strays[n-1].id > f.id; n-- {
		g.strays = g.strays[:n-1]
	}
	m.take(g, p, keep+1)
	if f.raise != nil {
		return
	}
	f.returning = f != g.stack[0]
	if f.call != nil {
		if !f.call.told[p] {
			m.tellException(g, f, p, true)
		}
		f.call.recovered = true
	}
}

// take removes the frames from the given one on, which the panic p has left.
func (m *model) take(g *modelRoutine, p *modelFrame, from int) {
	for len(g.stack) > from {
		f := g.top()
		if f.call != nil {
			if !f.call.told[p] {
				m.tellException(g, f, p, false)
			}
			e := events.Event{Kind: events.Return, Unwound: true}
			m.setDuration(&e, g, f.call)
			m.tell(g, e, f)
		}
		g.stack = g.stack[:len(g.stack)-1]
	}
}

// exit ends the program.
func (m *model) exit() {
	m.over = true
	m.hits = append(m.hits, engine.Hit{Kind: engine.Ended, Time: m.now, Exit: new(engine.Exit)})
}
