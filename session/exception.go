package session

import (
	"cmp"

	"gtrace/events"
	"gtrace/session/engine"
)

// A panic passes through frames in two steps, and so do its events. When it is
// raised nothing is left yet: deferred calls still run on top of the frames they
// belong to, and may recover. So only the innermost open call gets its exception
// then, and what is pending is kept. When the engine says that frames are gone,
// each open call among them gets its exception, unless it has had one for this
// very raise, and its unwound return, from the innermost outwards; and the call
// that recovered gets an exception that says so.
//
// A deferred call may panic itself, or call Goexit, while an older panic waits:
// so several raises can be pending, each deeper in the stack than the one before
// it. The one that takes a frame away is the newest that is deeper than the
// frame, as only that one is still running; the older ones that it passes on its
// way out are over with it. An inner one that is recovered before it reaches the
// older one leaves that pending, and it then goes on.
//
// A panic may also be recovered by a function that is not traced, deeper than
// every open call. The innermost call has had its exception by then, as nobody
// could know; it goes on and returns as if nothing had been.

// A raise is a panic, fatal error or Goexit that has begun and is not over.
type raise struct {
	frame engine.FrameID // of the runtime function that carries it out
	info  *engine.Raise
	told  events.CallID // the latest call that got its exception, and the line
	line  int           // it said
	trail
}

// unseen describes a panic that began before it could be seen.
var unseen = engine.Raise{
	Class: events.ClassPanic,
	Value: "<unreadable: it began before tracing>",
}

// deepest is deeper than every frame.
const deepest = ^engine.FrameID(0)

// raiseOver returns the raise that would take the given frame away, or nil.
func (r *routine) raiseOver(frame engine.FrameID) *raise {
	if n := len(r.raises); n > 0 && r.raises[n-1].frame > frame {
		return &r.raises[n-1]
	}
	return nil
}

// addRaise makes a raise pending and returns it.
func (r *routine) addRaise(frame engine.FrameID, info *engine.Raise, stack []events.Frame) *raise {
	r.raises = append(r.raises, raise{
		frame: frame,
		info:  info,
		trail: trail{at: info.Origin, stack: stack},
	})
	return &r.raises[len(r.raises)-1]
}

// forget drops the raises whose frame is from or deeper.
func (r *routine) forget(from engine.FrameID) {
	n := len(r.raises)
	for n > 0 && r.raises[n-1].frame >= from {
		n--
	}
	clear(r.raises[n:])
	r.raises = r.raises[:n]
}

func (p *pairer) raised(h *engine.Hit) {
	r := p.routine(h)
	defer p.release(h, r)
	frame := h.Frame
	if frame == 0 { // it could not be read
		frame = deepest
	}
	p.leaveDeeper(h, r, frame-1)
	r.forget(frame)
	if r.top() == nil {
		p.stray(h)
		return
	}
	raise := r.addRaise(frame, h.Raise, h.Stack)
	p.exception(h, r, raise).Stack = p.cut(h.Stack)
}

// stray takes note of a raise where no traced call is open. It concerns nobody,
// unless the program dies of it.
func (p *pairer) stray(h *engine.Hit) {
	switch h.Raise.Class {
	case events.ClassFatal:
		p.homeless(h)
	case events.ClassPanic, events.ClassRuntime:
		key := routineKey(h)
		p.strays[key] = append(p.strays[key], *h)
	}
}

// settleStrays forgets the strays that are over with the frames that h says are
// gone, and reports those which the program dies of.
func (p *pairer) settleStrays(h *engine.Hit) {
	key := routineKey(h)
	strays := p.strays[key]
	if h.Unwind.All {
		for i := range strays {
			strays[i].Time = h.Time
			p.homeless(&strays[i])
		}
	}
	n := len(strays)
	for n > 0 && (h.Unwind.All || strays[n-1].Frame > h.Unwind.Keep) {
		n--
	}
	if n > 0 {
		p.strays[key] = strays[:n]
	} else {
		delete(p.strays, key)
	}
}

// homeless reports a raise that belongs to no call.
func (p *pairer) homeless(h *engine.Hit) {
	e := p.event(h, events.Exception)
	e.File, e.Line = h.File, h.Line
	if o := h.Raise.Origin; o != nil {
		e.Func, e.File, e.Line = o.Func, o.File, o.Line
	}
	e.Exception = describeRaise(h.Raise)
	e.Stack = p.cut(h.Stack)
}

func (p *pairer) unwound(h *engine.Hit) {
	r := p.routine(h)
	defer p.release(h, r)
	u := h.Unwind
	if len(r.raises) == 0 {
		r.addRaise(deepest, cmp.Or(h.Raise, &unseen), nil)
	}
	for c := r.top(); c != nil && (u.All || c.frame > u.Keep); c = r.top() {
		p.leave(h, r)
	}
	if c := r.top(); c != nil && u.Recovered && c.frame == u.Keep {
		if raise := r.raiseOver(c.frame); raise != nil && raise.told != c.id {
			x := p.exception(h, r, raise).Exception
			x.Recovered, x.RecoveredBy = true, u.By
		}
		c.recovered = true
	}
	if u.All {
		r.forget(0)
	} else {
		r.forget(u.Keep + 1)
	}
	p.settleStrays(h)
}

// unwind ends the innermost call of r, which a raise took away.
func (p *pairer) unwind(h *engine.Hit, r *routine, raise *raise) {
	c := r.top()
	if raise.told != c.id {
		p.exception(h, r, raise)
	}
	e := p.event(h, events.Return)
	p.describe(e, r)
	e.Line = raise.line
	e.Unwound = true
	setDuration(e, h, c)
	raise.passed(c)
	p.pop(h, r)
}

// exception reports that a raise has reached the innermost call of r.
func (p *pairer) exception(h *engine.Hit, r *routine, raise *raise) *events.Event {
	c := r.top()
	raise.told, raise.line = c.id, r.lineOf(raise, c)
	e := p.event(h, events.Exception)
	p.describe(e, r)
	e.Line = raise.line
	e.Exception = describeRaise(raise.info)
	return e
}

func describeRaise(r *engine.Raise) *events.ExceptionInfo {
	return &events.ExceptionInfo{Class: r.Class, Type: r.Type, Value: r.Value, Origin: r.Origin}
}
