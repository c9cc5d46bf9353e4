package session

import (
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// A routine is what is known of one goroutine: its open traced calls, and the
// panics that are on their way through it. It exists only while a call is open:
// a panic that passes no open call concerns nobody.
type routine struct {
	id     int64   // goroutine
	calls  []call  // outermost first, so that frames rise
	raises []raise // pending, oldest first, so that frames rise
	base   int     // level of the outermost call, if a traced call has started it; else -1
}

// A call is one open invocation of a traced function.
type call struct {
	id        events.CallID
	fn        *engine.Function
	frame     engine.FrameID
	start     time.Time
	held      time.Duration // of the goroutine, at start
	caller    *events.Frame
	partial   bool        // it was running before it could be seen
	recovered bool        // it recovered a panic
	status    int         // of 500 or more, that was sent in it
	blind     bool        // its end will not be seen
	errors    errorMemory // error results of the traced calls inside it
	vars      memory
	level     int // see scope
}

// top returns the innermost open call, or nil.
func (r *routine) top() *call {
	if len(r.calls) == 0 {
		return nil
	}
	return &r.calls[len(r.calls)-1]
}

// push opens a call. The memory of a call that ended is used again.
func (r *routine) push(id events.CallID, fn *engine.Function, frame engine.FrameID) *call {
	if n := len(r.calls); n < cap(r.calls) {
		r.calls = r.calls[:n+1]
	} else {
		r.calls = append(r.calls, call{})
	}
	c := r.top()
	*c = call{id: id, fn: fn, frame: frame, errors: c.errors[:0]}
	return c
}

// pop closes the innermost call. The call stays readable until the next push.
func (r *routine) pop() { r.calls = r.calls[:len(r.calls)-1] }

// parent returns the id of the call around the one at the given depth.
func (r *routine) parent(depth int) events.CallID {
	if depth == 0 {
		return events.NoCall
	}
	return r.calls[depth-1].id
}

// at returns the open call at a frame, or nil.
func (r *routine) at(frame engine.FrameID) *call {
	for i := len(r.calls) - 1; i >= 0; i-- {
		if r.calls[i].frame == frame {
			return &r.calls[i]
		}
	}
	return nil
}

// routineKey says whose frames a hit is about. Code on a system stack runs for
// no goroutine, but a thread has one such stack, so threads stand in for it.
func routineKey(h *engine.Hit) int64 {
	if h.Goroutine == 0 {
		return -int64(h.Thread)
	}
	return h.Goroutine
}

// routine returns what is known of the hit's goroutine. When it is seen for the
// first time, the calls it was already running are opened without an event,
// unless the hit itself shows that their frames are gone.
func (p *pairer) routine(h *engine.Hit) *routine {
	key := routineKey(h)
	if r := p.routines[key]; r != nil {
		return r
	}
	r := p.spare()
	r.id = h.Goroutine
	r.base = -1
	if h.Kind == engine.Entered {
		r.base = p.scope.adopt(h.Started)
	}
	p.routines[key] = r
	for _, running := range h.Running {
		if !stands(running.Frame, h) {
			break
		}
		if level, ok := p.scope.admits(running.Func, r, running.Parent); ok {
			c := p.push(r, running.Func, running.Frame)
			c.partial, c.level = true, level
		}
	}
	return r
}

// meet takes note of a goroutine by a hit that is no event: it may be its first.
func (p *pairer) meet(h *engine.Hit) { p.release(h, p.routine(h)) }

// stands reports whether a frame that was there before h is there at h.
func stands(frame engine.FrameID, h *engine.Hit) bool {
	switch h.Kind {
	case engine.Entered:
		return frame < h.Frame
	case engine.Returned:
		return frame <= h.Frame
	default:
		return true
	}
}

func (p *pairer) spare() *routine {
	if n := len(p.free); n > 0 {
		r := p.free[n-1]
		p.free = p.free[:n-1]
		return r
	}
	return new(routine)
}

// maxSpare bounds the routines kept for reuse.
const maxSpare = 64

// release forgets a goroutine without open calls, so that memory follows the
// calls that are open rather than the goroutines that ever were.
func (p *pairer) release(h *engine.Hit, r *routine) {
	if len(r.calls) > 0 {
		return
	}
	delete(p.routines, routineKey(h))
	r.raises = r.raises[:0]
	if len(p.free) < maxSpare {
		p.free = append(p.free, r)
	}
}
