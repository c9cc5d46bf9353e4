//go:build linux && amd64

package ptrace

import (
	"errors"
	"slices"

	"gtrace/session/engine"
)

// plantLines prepares the breakpoints of a Lines probe.
func (e *Engine) plantLines(p *probe) error {
	if p.probe.Func == nil {
		return errors.New("no function given")
	}
	marks, framed, err := e.im.Marks(p.probe.Func, p.statement, p.leads)
	if err != nil {
		return err
	}
	p.framed = framed
	for _, m := range marks {
		if !slices.Contains(p.probe.Lines, m.Line) {
			continue
		}
		at, err := e.plantAt(p, m.Insn, lineRole)
		if err != nil {
			return err
		}
		at.mark = m
	}
	return nil
}

// statement returns a number for the statement that a line is part of.
func (p *probe) statement(line int) int {
	if p.probe.Statement == nil {
		return line
	}
	return p.probe.Statement(line)
}

// leads reports whether control may come from a line to another that is only a jump.
func (p *probe) leads(from, to int) bool { return p.probe.Leads == nil || p.probe.Leads(from, to) }

// inside finds the frame of a stop in the midst of a function, and returns its
// canonical address.
func (e *Engine) inside(c *hitContext, p *probe, pl *place) (cfa uint64) {
	if p.framed && !pl.insn.IsRet() {
		bp := c.thread.Regs.Rbp
		c.sp = bp + wordSize
		c.bp, _ = e.word(bp)
	}
	return c.sp + wordSize
}

// isResumed reports whether the runtime has sent a goroutine to an instruction, as
// it does when a panic was recovered: to a call that runs deferred calls, which is
// part of a return statement that is not run. runtime.gogo jumps through BX.
func isResumed(c *hitContext) bool { return c.thread.Regs.Rbx == c.addr }

// reached handles a mark of a line.
func (e *Engine) reached(c *hitContext, p *probe, pl *place) {
	if isResumed(c) {
		return
	}
	cfa := e.inside(c, p, pl)
	frame := c.g.frame(cfa)
	if p.probe.If != "" && !e.admitted(c, frame) {
		return
	}
	running := e.greet(c)
	g := e.goroutine(c)
	g.drop(frame)
	call := g.call(frame)
	if !call.arrive(p.statement(pl.mark.Line), pl, c.addr) {
		return
	}
	if !slices.Contains(call.been, pl.mark.Line) {
		call.been = append(call.been, pl.mark.Line)
	}
	fr := e.callFrame(c, cfa, p, call)
	call.dict = fr.Dictionary
	h := e.hit(c, engine.Reached, g)
	h.Probe, h.Func, h.Frame, h.Running = p.id, p.probe.Func, frame, running
	h.File, h.Line = p.probe.Func.File, pl.mark.Line
	capture := &p.probe.Capture
	if capture.Parent {
		h.Parent = e.parent(c)
	}
	if capture.Locals {
		h.Locals = fr.Locals(pl.visible(fr, p, pl.mark.Line), capture.Limits)
	}
	if capture.Stack > 0 {
		h.Stack = e.stack(c, capture.Stack)
	}
	c.add(h, &view{entryFrame: entryFrame{fr, p.sig}, e: e, p: p, pl: pl, line: pl.mark.Line, been: slices.Clone(call.been)})
}

// call returns what is remembered of the call at a frame, which is the innermost.
func (g *goroutine) call(frame engine.FrameID) *openCall {
	if n := len(g.calls); n == 0 || g.calls[n-1].frame != frame {
		g.calls = append(g.calls, openCall{frame: frame})
	}
	return &g.calls[len(g.calls)-1]
}

// arrive reports whether a mark is where the call arrives at a line, rather than
// one more that it meets while it is on the line's statement, or again the mark of a
// loop in it: the call has not
// been on the line since it came to the statement, or it meets a mark again, or one
// to which only others lead, and so comes to the statement again.
func (a *arrival) arrive(statement int, pl *place, mark uint64) bool {
	line := pl.mark.Line
	if n := len(a.marks); pl.mark.Rounds && n > 0 && a.marks[n-1] == mark {
		return false
	}
	if pl.mark.Fresh || a.statement != statement || slices.Contains(a.marks, mark) {
		a.statement, a.lines, a.marks = statement, a.lines[:0], a.marks[:0]
	}
	a.marks = append(a.marks, mark)
	if slices.Contains(a.lines, line) {
		return false
	}
	a.lines = append(a.lines, line)
	return true
}
