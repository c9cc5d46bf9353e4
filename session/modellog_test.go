package session

import (
	"cmp"
	"slices"
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// hit records a hit and returns it, or nil while nobody traces.
func (m *model) hit(g *modelRoutine, h engine.Hit) *engine.Hit {
	if !m.attached {
		return nil
	}
	m.now = m.now.Add(time.Duration(1+m.roll(3, "time")) * time.Millisecond)
	g.held += time.Duration(m.roll(500, "held")) * time.Microsecond
	h.Time, h.Held, h.Goroutine = m.now, g.held, g.id
	if !g.seen && g.older {
		h.Running = m.discover(g)
	}
	g.seen = true
	m.hits = append(m.hits, h)
	return &m.hits[len(m.hits)-1]
}

// discover lists the traced functions that a goroutine runs already.
func (m *model) discover(g *modelRoutine) []engine.RunningCall {
	var running []engine.RunningCall
	for _, f := range g.stack {
		if f.fn != nil {
			m.lastCall++
			f.call = &modelCall{id: m.lastCall, partial: true, told: map[*modelFrame]bool{}}
			running = append(running, engine.RunningCall{Func: f.fn, Frame: f.id})
		}
	}
	return running
}

// tell logs an event of the call of f, unless f is not traced.
func (m *model) tell(g *modelRoutine, e events.Event, f *modelFrame) {
	if f.call == nil {
		return
	}
	e.Call, e.Func, e.Partial = f.call.id, f.fn.Name, f.call.partial
	for _, other := range g.stack {
		if other == f {
			break
		}
		if other.call != nil {
			e.Depth++
			e.Parent = other.call.id
		}
	}
	m.add(g, e)
}

func (m *model) add(g *modelRoutine, e events.Event) {
	e.Seq = uint64(len(m.log) + 1)
	e.Time, e.Goroutine = m.now, g.id
	m.log = append(m.log, e)
}

func (m *model) tellException(g *modelRoutine, f, p *modelFrame, recovered bool) {
	f.call.told[p] = true
	raise := p.raise
	if raise.Class == events.ClassGoexit && p.raise.Value == "" && !m.sawRaise(g, p) {
		raise = &unseen
	}
	x := describeRaise(raise)
	x.Recovered = recovered
	m.tell(g, events.Event{Kind: events.Exception, Exception: x}, f)
}

// sawRaise reports whether the begin of a panic was among the hits.
func (m *model) sawRaise(g *modelRoutine, p *modelFrame) bool {
	return slices.ContainsFunc(m.hits, func(h engine.Hit) bool {
		return h.Goroutine == g.id && h.Raise != nil && h.Raise == p.raise
	})
}

func (m *model) tellReturn(g *modelRoutine, f *modelFrame, h *engine.Hit, err *modelError) {
	e := events.Event{Kind: events.Return, Recovered: f.call.recovered}
	if err != nil {
		e.Error = "bad"
		var origin *events.Frame
		for _, link := range err.chain() {
			if link.origin != nil {
				origin = link.origin // the innermost stays
			}
		}
		if origin == nil {
			origin = &events.Frame{Func: f.fn.Name, File: h.File, Line: h.Line}
		}
		for _, link := range err.chain() {
			link.origin = cmp.Or(link.origin, origin)
		}
		x := &events.ExceptionInfo{Class: events.ClassError, Value: "bad", Origin: origin}
		m.tell(g, events.Event{Kind: events.Exception, Exception: x}, f)
	}
	m.setDuration(&e, g, f.call)
	m.tell(g, e, f)
}

func (m *model) setDuration(e *events.Event, g *modelRoutine, c *modelCall) {
	if !c.partial {
		e.HasDuration = true
		e.Duration = max(0, m.now.Sub(c.start)-(g.held-c.held))
	}
}

// open lists the calls that are open at the end.
func (m *model) open() []events.OpenCall {
	var open []events.OpenCall
	for _, g := range m.routines {
		for _, f := range g.stack {
			if f.call != nil {
				open = append(open, events.OpenCall{Call: f.call.id, Goroutine: g.id, Func: f.fn.Name, Partial: f.call.partial})
			}
		}
	}
	slices.SortStableFunc(open, func(a, b events.OpenCall) int { return cmp.Compare(a.Goroutine, b.Goroutine) })
	return open
}
