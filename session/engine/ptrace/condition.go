//go:build linux && amd64

package ptrace

import (
	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/program/eval"
)

// An entryFrame is the frame of a function that was just entered, or is about to
// return.
type entryFrame struct {
	*program.Frame
	sig *program.Signature
}

// ReadMemory reads the memory of the target.
func (f entryFrame) ReadMemory(buf []byte, addr uint64) (int, error) {
	return f.Memory.ReadMemory(buf, addr)
}

// Variable collects the bytes of an argument.
func (f entryFrame) Variable(i int) (eval.Found, error) { return f.Param(&f.sig.Args[i]) }

// holds evaluates the condition of a probe at the entry of its function. Where it
// cannot be evaluated, the call counts, and why is told.
func (p *probe) holds(fr *program.Frame) (ok bool, doubt string) {
	ok, err := p.condition.Bool(entryFrame{fr, p.sig})
	if err != nil {
		return true, err.Error()
	}
	return ok, ""
}

// admit decides whether a call that is entered is seen. Of one that is not, as
// little as possible is done: it is as if there were no probe.
func (e *Engine) admit(c *hitContext, p *probe, fr *program.Frame) (seen bool, doubt string) {
	frame := c.g.frame(fr.CFA)
	g := e.goroutines[c.g.key(c.thread)]
	if call := g.at(frame); p.loops && call != nil {
		return !call.hidden, "" // once more in a call that was judged
	}
	if seen, doubt = p.holds(fr); seen {
		return true, doubt
	}
	e.forget(c, frame)
	if p.loops {
		g = e.goroutine(c)
		g.calls = append(g.calls, openCall{fn: p.probe.Func, frame: frame, hidden: true})
	}
	return false, ""
}

// admitted reports whether the innermost call, that at a frame, was found worth
// to be seen when it was entered.
func (e *Engine) admitted(c *hitContext, frame engine.FrameID) bool {
	call := e.goroutines[c.g.key(c.thread)].at(frame)
	return call != nil && !call.hidden
}

// at returns the call at a frame, than which none is deeper any more, or nil.
func (g *goroutine) at(frame engine.FrameID) *openCall {
	if g == nil {
		return nil
	}
	g.drop(frame)
	if n := len(g.calls); n > 0 && g.calls[n-1].frame == frame {
		return &g.calls[n-1]
	}
	return nil
}

// forget drops what is remembered of the calls from a frame on.
func (e *Engine) forget(c *hitContext, frame engine.FrameID) {
	key := c.g.key(c.thread)
	g := e.goroutines[key]
	if g == nil {
		return
	}
	if g.drop(frame - 1); len(g.calls) == 0 {
		delete(e.goroutines, key)
	}
}
