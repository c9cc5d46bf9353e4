//go:build linux && amd64

package ptrace

import (
	"time"

	"gtrace/events/secret"
	"gtrace/session/engine"
	"gtrace/session/engine/ptrace/proc"
)

// A goroutine is what must be remembered of one between its hits.
type goroutine struct {
	held  time.Duration
	calls []openCall
}

// An openCall is a probed call that has not returned.
type openCall struct {
	fn    *engine.Function
	frame engine.FrameID
	dict  uint64       // dictionary of a generic function
	named secret.Match // what an argument says of the results
	// hidden is set for a call that the condition of its probe has left out. Only
	// those are remembered whose function may come to its entry again.
	hidden bool
	been   []int // lines that were reached
	arrival
}

// An arrival is how a call came to the statement it is on.
type arrival struct {
	statement int
	lines     []int    // of it that it has been on since
	marks     []uint64 // that it has met since
}

type hitPlace struct {
	file string
	line int
}

// A hitContext is one stop while it is served.
type hitContext struct {
	thread *proc.Thread
	at     time.Time
	addr   uint64
	g      gInfo
	key    int64 // of the goroutine that the thread serves, whose time this is
	// sp points at the return address of the innermost frame that counts, bp is
	// the frame pointer of its caller.
	sp, bp uint64
	// inside is set to addr where the function there has been entered before.
	inside uint64
	vector *proc.FPRegs // once read
	hits   []engine.Hit
	views  []*view // of each of these; nil: it is not in a function
}

// add adds a hit to the stop.
func (c *hitContext) add(h engine.Hit, v *view) {
	c.hits, c.views = append(c.hits, h), append(c.views, v)
}

// serve turns one stop into hits and yields them. It reports whether the
// consumer wants more.
func (e *Engine) serve(s proc.Stop, at time.Time, yield func(engine.Hit, error) bool) bool {
	if s.Cause == proc.Written {
		return e.written(s, at, yield)
	}
	c := hitContext{thread: s.Thread, at: at, addr: s.Addr, sp: s.Thread.Regs.Rsp, bp: s.Thread.Regs.Rbp}
	pl := e.places[s.Addr]
	if pl == nil {
		return true
	}
	c.g = e.currentG(&s.Thread.Regs)
	c.key = e.serves(&c)
	e.clock.arrive(e, &c)
	if p := pl.probes[entryRole]; p != nil {
		e.entered(&c, p)
	}
	if pl.probes[hookRole] != nil {
		if err := pl.hook(e, &c); err != nil && e.p.Holds(c.thread) {
			yield(engine.Hit{}, err)
			return false
		}
	}
	if p := pl.probes[lineRole]; p != nil {
		e.reached(&c, p, pl)
	}
	if p := pl.probes[branchRole]; p != nil {
		e.branching(&c, p, pl)
	}
	if p := pl.probes[retRole]; p != nil {
		e.returned(&c, p, pl)
	}
	return e.deliver(&c, yield)
}

// deliver yields the hits of a stop and lets its thread run. When the consumer
// breaks off, what is left is kept for the next time.
func (e *Engine) deliver(c *hitContext, yield func(engine.Hit, error) bool) bool {
	for len(c.hits) > 0 {
		h := c.hits[0]
		e.view = c.views[0]
		c.hits, c.views = c.hits[1:], c.views[1:]
		if !yield(h, nil) {
			e.left = c
			return false
		}
	}
	e.view = nil
	err := e.write() // before the thread runs on
	if err == nil {
		err = e.release(c)
	}
	if err != nil {
		yield(engine.Hit{}, err)
		return false
	}
	return true
}

// hit starts a hit of the stop.
func (e *Engine) hit(c *hitContext, kind engine.HitKind, g *goroutine) engine.Hit {
	h := engine.Hit{Kind: kind, Time: c.at, Thread: c.thread.ID, Goroutine: c.g.id}
	if g != nil {
		h.Held = g.held
	}
	return h
}

// entered handles the entry of a probed function. The return address is on top
// of the stack; the arguments are where the caller put them.
func (e *Engine) entered(c *hitContext, p *probe) {
	cfa := c.sp + wordSize
	frame := c.g.frame(cfa)
	fr, doubt := e.frame(c, cfa), ""
	if p.host != nil && len(p.sig.Args) > 0 && !fr.Leads(&p.sig.Args[0]) {
		return // on its way to the receiver a host may panic
	}
	p.sig = fr.Enter(p.sig)
	if p.condition != nil {
		var seen bool
		if seen, doubt = e.admit(c, p, fr); !seen {
			return
		}
	}
	running := e.greet(c)
	g := e.goroutine(c)
	h := e.hit(c, engine.Entered, g)
	h.Doubt = doubt
	h.Probe, h.Func, h.Frame, h.Running = p.id, p.probe.Func, frame, running
	h.File, h.Line = p.probe.Func.File, p.probe.Func.Line
	if again := g.at(frame); again != nil && again.fn == p.probe.Func && fr.Dictionary == 0 {
		fr.Dictionary = again.dict // the entry is the head of a loop
	}
	capture := &p.probe.Capture
	fr.Named = fr.NamedBy(p.sig.Args, capture.Limits)
	g.drop(frame - 1)
	g.calls = append(g.calls, openCall{fn: p.probe.Func, frame: frame, dict: fr.Dictionary, named: fr.Named})
	if caller, ok := e.caller(c); ok {
		h.Caller = &caller
	}
	if capture.Parent {
		if h.Parent = e.parent(c); h.Parent == 0 {
			h.Started = e.started(c)
		}
	}
	if capture.Args && !p.sig.Unknown {
		h.Values = fr.Values(p.sig.Args, capture.Limits)
	}
	if capture.Labels {
		h.Labels = e.labels(c, capture)
	}
	if capture.Stack > 0 {
		h.Stack = e.stack(c, capture.Stack)
	}
	c.add(h, &view{entryFrame: entryFrame{fr, p.sig}, e: e, p: p})
}

// returned handles the RET of a probed function: the return address is on top
// of the stack, the results are where the caller expects them.
func (e *Engine) returned(c *hitContext, p *probe, pl *place) {
	cfa := c.sp + wordSize
	frame := c.g.frame(cfa)
	if p.probe.If != "" && !e.admitted(c, frame) {
		e.forget(c, frame)
		return
	}
	running := e.greet(c)
	g := e.goroutine(c)
	h := e.hit(c, engine.Returned, g)
	h.Probe, h.Func, h.Frame, h.Running = p.id, p.probe.Func, frame, running
	h.File, h.Line = e.text(c.addr)
	var call openCall
	if n := len(g.calls); n > 0 && g.calls[n-1].frame == frame {
		call = g.calls[n-1]
	}
	fr := e.callFrame(c, cfa, p, &call)
	capture := &p.probe.Capture
	if capture.Parent {
		h.Parent = e.parent(c)
	}
	if capture.Results && !p.sig.Unknown {
		fr.Named = max(fr.Named, fr.NamedBy(p.sig.Results, capture.Limits))
		fr.Results(p.sig.Results, capture.Limits, &h)
	}
	if capture.Locals && p.host == nil {
		h.Locals = fr.Locals(pl.visible(fr, p, h.Line), capture.Limits)
	}
	if capture.Labels {
		h.Labels = e.labels(c, capture)
	}
	if capture.Stack > 0 {
		h.Stack = e.stack(c, capture.Stack)
	}
	g.drop(frame - 1)
	if len(g.calls) == 0 {
		delete(e.goroutines, c.g.key(c.thread))
	}
	c.add(h, &view{entryFrame: entryFrame{fr, p.sig}, e: e, p: p, pl: pl, line: h.Line, been: call.been})
}

// goroutine returns what is remembered of the goroutine of a stop.
func (e *Engine) goroutine(c *hitContext) *goroutine {
	key := c.g.key(c.thread)
	g := e.goroutines[key]
	if g == nil {
		g = &goroutine{}
		e.goroutines[key] = g
	}
	return g
}

// drop forgets the calls whose frames are deeper than keep.
func (g *goroutine) drop(keep engine.FrameID) {
	n := len(g.calls)
	for n > 0 && g.calls[n-1].frame > keep {
		n--
	}
	g.calls = g.calls[:n]
}

// greet returns, on the first hit of a goroutine older than the trace, the
// probed calls it was running already.
func (e *Engine) greet(c *hitContext) []engine.RunningCall {
	if e.greeted == nil || c.g.id == 0 || c.g.id > e.oldest || e.greeted[c.g.id] {
		return nil
	}
	e.greeted[c.g.id] = true
	return e.running(c)
}

// text returns the source line of an instruction.
func (e *Engine) text(addr uint64) (file string, line int) {
	p, ok := e.texts[addr]
	if !ok {
		p.file, p.line = e.im.LineAt(addr)
		e.texts[addr] = p
	}
	return p.file, p.line
}
