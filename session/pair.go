package session

import (
	"fmt"
	"slices"
	"strings"

	"gtrace/events"
	"gtrace/session/engine"
)

// A pairer turns hits into events. It pairs entries with returns by the frames
// of each goroutine, and never by counting:
//
// A frame is known by its distance from the high end of its stack, so a callee's
// is larger than its caller's, and the open calls of a goroutine are a stack of
// rising frames. A hit at frame f proves that nothing deeper than f is left,
// except where f itself is what is deepest. So an entry at f first ends every
// open call at f or deeper, a return from f every one deeper than f, and then
// the call at f is the one that returns. When there is none, it was running
// before it could be seen, and its return is reported as partial.
//
// An entry at the very frame of an open call of the same function is that call
// once more: a loop whose head is the first instruction, or the scheduler, which
// restarts a function that it preempted or whose stack it grew. The exception is
// an assembly function without RET: it leaves by a jump to another function,
// which returns in its place, so that a second entry is a second call.
type pairer struct {
	stack    int // frames of the stack to report
	lines    *linePlan
	scope    *scope
	watcher  *watcher // nil: nothing is watched
	locals   bool     // calls and returns show the variables of the frame
	old      bool     // changes show the value before
	lastCall events.CallID
	routines map[int64]*routine
	strays   map[int64][]engine.Hit // pending raises that passed no open call
	free     []*routine
	out      []events.Event // of the hit at hand

	counts map[*engine.Function]int // of open calls
	// thinned are the functions that were not observed for a time: a call that
	// is not known may have begun then, and is none of what is told.
	thinned map[*engine.Function]bool
}

func newPairer(cfg Config, lines *linePlan, scope *scope, watcher *watcher) *pairer {
	return &pairer{
		stack:    cfg.Capture.Stack,
		lines:    lines,
		scope:    scope,
		watcher:  watcher,
		locals:   cfg.Locals,
		old:      cfg.Old,
		routines: make(map[int64]*routine),
		strays:   make(map[int64][]engine.Hit),
		counts:   make(map[*engine.Function]int),
		thinned:  make(map[*engine.Function]bool),
	}
}

// successor returns a pairer for another program. Ids go on rising.
func (p *pairer) successor(cfg Config, lines *linePlan, scope *scope, watcher *watcher) *pairer {
	next := newPairer(cfg, lines, scope, watcher)
	next.lastCall = p.lastCall
	return next
}

// add returns the events that a hit makes. The slice is valid until the next
// add.
func (p *pairer) add(h *engine.Hit) []events.Event {
	clear(p.out)
	p.out = p.out[:0]
	switch h.Kind {
	case engine.Entered:
		p.entered(h)
	case engine.Returned:
		p.returned(h)
	case engine.Reached:
		p.reached(h)
	case engine.Written:
		p.written(h)
	case engine.Branching:
		p.meet(h)
	case engine.Raised:
		p.raised(h)
	case engine.Unwound:
		p.unwound(h)
	case engine.Lost:
		p.out = append(p.out, events.Event{Kind: events.Lost, Time: h.Time, Lost: h.Lost})
	}
	return p.out
}

func (p *pairer) entered(h *engine.Hit) {
	r := p.routine(h)
	defer p.release(h, r)
	p.leaveDeeper(h, r, h.Frame)
	if c := r.top(); c != nil && c.frame == h.Frame {
		if c.fn == h.Func && !leavesByJump(c.fn) {
			return
		}
		p.leave(h, r)
	}
	r.forget(h.Frame)

	level, ok := p.scope.admits(h.Func, r, h.Parent)
	if !ok {
		return
	}
	e := p.event(h, events.Call)
	e.Depth = len(r.calls)
	e.Parent = r.parent(e.Depth)
	c := p.push(r, h.Func, h.Frame)
	c.start, c.held, c.caller, c.level = h.Time, h.Held, h.Caller, level
	e.Call = c.id
	e.Func, e.File, e.Line = h.Func.Name, h.File, h.Line
	e.Caller, e.Args, e.Labels = h.Caller, h.Values, h.Labels
	e.Stack = p.cut(h.Stack)
	if p.locals {
		e.Locals = h.Values
	}
	if len(p.lines.observed(h.Func)) > 0 {
		c.vars.args = h.Values
	}
	e.Watch = p.watcher.see(h, &c.vars)
}

func (p *pairer) returned(h *engine.Hit) {
	r := p.routine(h)
	defer p.release(h, r)
	p.leaveDeeper(h, r, h.Frame)
	r.forget(h.Frame)
	c := p.callAt(h, r)
	if c == nil {
		return
	}
	if len(h.Errors) > 0 {
		p.errorResult(h, r)
	}

	e := p.event(h, events.Return)
	p.describe(e, r)
	e.File, e.Line = h.File, h.Line
	e.Results, e.Recovered, e.Labels = h.Values, c.recovered, h.Labels
	e.HTTPStatus = c.status
	if len(h.Errors) > 0 {
		e.Error = errorText(h)
		e.Results = withError(h.Values, e.Error)
	}
	p.variables(e, h, c)
	if p.locals {
		e.Locals = allValues(h.Locals)
	}
	e.Watch = p.watcher.see(h, &c.vars)
	setDuration(e, h, c)
	p.pop(h, r)
}

// reached reports a line of the innermost call.
func (p *pairer) reached(h *engine.Hit) {
	r := p.routine(h)
	p.leaveDeeper(h, r, h.Frame)
	r.forget(h.Frame)
	c := p.callAt(h, r)
	if c == nil {
		p.release(h, r)
		return
	}
	e := p.event(h, events.Line)
	p.describe(e, r)
	e.File, e.Line = h.File, h.Line
	if file := p.lines.file(h.Func); file != nil {
		e.Source = file.Line(h.Line)
	}
	e.Stack = p.cut(h.Stack)
	p.variables(e, h, c)
	e.Watch = p.watcher.see(h, &c.vars)
}

// written reports a change of watched memory, in the innermost call if one is
// open. What has written need not be the function of that.
func (p *pairer) written(h *engine.Hit) {
	r := p.routine(h)
	defer p.release(h, r)
	if h.Frame != 0 {
		p.leaveDeeper(h, r, h.Frame)
		r.forget(h.Frame)
	}
	e := p.event(h, events.Write)
	if r.top() != nil {
		p.describe(e, r)
	}
	w := h.Write
	e.Func, e.File, e.Line = w.Func, h.File, h.Line
	e.Watch = []events.Watch{{Expr: w.Expr, Type: w.Type, Value: w.New, Old: w.Old}}
	e.Stack = p.cut(h.Stack)
}

// variables says in e what has changed in its call, if the lines of that are
// observed.
func (p *pairer) variables(e *events.Event, h *engine.Hit, c *call) {
	if lines := p.lines.observed(h.Func); len(lines) > 0 {
		c.vars.partial = c.partial
		e.Changes = c.vars.changes(h, p.lines.file(h.Func), lines, p.old)
	}
}

// callAt returns the call at a hit's frame, which is the innermost. Where none
// is known there, it was running before it could be seen. It is nil where it may
// have begun while its function was not observed, or does not belong to the trace.
func (p *pairer) callAt(h *engine.Hit, r *routine) *call {
	c := r.top()
	if c != nil && c.frame == h.Frame && c.fn != h.Func {
		p.leave(h, r)
		c = nil
	}
	if c = r.top(); c == nil || c.frame != h.Frame {
		if p.thinned[h.Func] {
			return nil
		}
		level, ok := p.scope.admits(h.Func, r, h.Parent)
		if !ok {
			return nil
		}
		c = p.push(r, h.Func, h.Frame)
		c.partial, c.level = true, level
	}
	return c
}

// level returns the level of the traced call that a hit was part of, or -1.
func (p *pairer) level(h *engine.Hit) int {
	if p.scope == nil {
		return -1
	}
	if h.Kind == engine.Branching && h.Frame == 0 {
		// What was put around the function of a go statement: it calls that.
		return p.scope.awaited(h.Started) - 1
	}
	if r := p.routines[routineKey(h)]; r != nil {
		if c := r.at(h.Frame); c != nil {
			return c.level
		}
	}
	return -1
}

// leaveDeeper ends the open calls of frames deeper than keep, innermost first:
// their own ends were never seen.
func (p *pairer) leaveDeeper(h *engine.Hit, r *routine, keep engine.FrameID) {
	for c := r.top(); c != nil && c.frame > keep; c = r.top() {
		p.leave(h, r)
	}
}

// leave ends the innermost call of r, whose frame is gone. When a panic was
// under way there, the panic took it.
func (p *pairer) leave(h *engine.Hit, r *routine) {
	if raise := r.raiseOver(r.top().frame); raise != nil {
		p.unwind(h, r, raise)
		return
	}
	p.lose(h, r)
}

// lose ends the innermost call of r, of which nobody knows how and when it ended
// or will: the loss is told, and its return has neither results nor duration. A
// function without RET has no return that could be lost.
func (p *pairer) lose(h *engine.Hit, r *routine) {
	c := r.top()
	why := "the end of %s was not seen"
	if c.blind {
		why = "--max-overhead: the end of %s will not be seen"
	}
	if c.blind || !c.fn.NoReturn {
		p.out = append(p.out, events.Event{
			Kind: events.Lost,
			Time: h.Time,
			Lost: &events.LostInfo{Count: 1, Why: fmt.Sprintf(why, c.fn.Name)},
		})
	}
	e := p.event(h, events.Return)
	p.describe(e, r)
	e.Recovered, e.HTTPStatus = c.recovered, c.status
	p.pop(h, r)
}

// leavesByJump reports whether fn ends in a jump to another function.
func leavesByJump(fn *engine.Function) bool {
	return fn.NoReturn && strings.HasSuffix(fn.File, ".s")
}

// event adds an event of the hit's thread and returns it, to be filled before
// the next is added.
func (p *pairer) event(h *engine.Hit, kind events.Kind) *events.Event {
	p.out = append(p.out, events.Event{
		Kind:      kind,
		Time:      h.Time,
		Goroutine: h.Goroutine,
		Thread:    h.Thread,
	})
	return &p.out[len(p.out)-1]
}

// describe says in e that it belongs to the innermost call of r.
func (p *pairer) describe(e *events.Event, r *routine) {
	c := r.top()
	e.Depth = len(r.calls) - 1
	e.Call, e.Parent = c.id, r.parent(e.Depth)
	e.Func, e.File = c.fn.Name, c.fn.File
	e.Partial = c.partial
}

func (p *pairer) cut(stack []events.Frame) []events.Frame {
	return slices.Clip(stack[:min(len(stack), p.stack)])
}

// setDuration says how long c has run on the target's clock, which stands still
// while a goroutine is held. Of a call whose start was not seen nothing is known.
func setDuration(e *events.Event, h *engine.Hit, c *call) {
	if c.partial {
		return
	}
	e.HasDuration = true
	e.Duration = max(0, h.Time.Sub(c.start)-(h.Held-c.held))
}
