//go:build linux && amd64

package ptrace

import (
	"fmt"
	"slices"
	"strings"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/engine/program"
)

// The runtime functions through which every panic, fatal error and Goexit goes.
// Each is hooked at an instruction that runs once for each of them:
//
//   - gopanic, fatal, throw, Goexit: their entry, where it begins;
//   - the jump of recovery into the frame that recovers, which is known there;
//   - fatalpanic's entry: nothing has recovered and the program will die;
//   - Goexit's call of goexit1: the deferred calls are done, the frames gone.
//
// A function that the linker has left out can not be reached either.

func (e *Engine) plantPanics(p *probe) error {
	e.prepareRaise()
	for symbol, hook := range map[string]func(*Engine, *hitContext) error{
		"runtime.gopanic":    (*Engine).panicked,
		"runtime.fatal":      (*Engine).fatal,
		"runtime.throw":      (*Engine).fatal,
		"runtime.Goexit":     (*Engine).goexiting,
		"runtime.fatalpanic": (*Engine).dying,
	} {
		for _, f := range e.runtimeFunctions(symbol) {
			pl, err := e.im.Places(f)
			if err != nil {
				return fmt.Errorf("%s: %w", symbol, err)
			}
			at, err := e.plantAt(p, pl.Entry, hookRole)
			if err != nil {
				return fmt.Errorf("%s: %w", symbol, err)
			}
			at.hook = hook
		}
	}
	for _, call := range []struct {
		in, of string
		hook   func(*Engine, *hitContext) error
	}{
		{"runtime.recovery", "runtime.gogo", (*Engine).recovered},
		{"runtime.Goexit", "runtime.goexit1", (*Engine).goexited},
	} {
		if err := e.plantCall(p, call.in, call.of, call.hook); err != nil {
			return fmt.Errorf("call of %s in %s: %w", call.of, call.in, err)
		}
	}
	return nil
}

// prepareRaise reads what the first panic would have to wait for: how the runtime's
// own part of a stack is described, and that of the functions which are traced.
func (e *Engine) prepareRaise() {
	for _, f := range e.im.Functions() {
		raises := f.Package == "runtime" && f.Entry != 0 && (strings.HasPrefix(f.Name, "runtime.panic") ||
			strings.HasPrefix(f.Name, "runtime.goPanic") || slices.Contains(raising, f.Name))
		if raises || e.sites[f] != nil {
			e.im.PrepareFrames(f)
		}
	}
}

// raising are functions of the runtime that stand in the stack of a panic, besides
// those whose name says so.
var raising = []string{"runtime.gopanic", "runtime.sigpanic", "runtime.Goexit", "runtime.goexit", "runtime.main"}

// plantCall hooks the calls of one runtime function in another.
func (e *Engine) plantCall(p *probe, in, of string, hook func(*Engine, *hitContext) error) error {
	targets := map[uint64]bool{}
	for _, f := range e.runtimeFunctions(of) {
		targets[f.Entry] = true
	}
	for _, f := range e.runtimeFunctions(in) {
		code, err := e.im.Code(f)
		if err != nil {
			return err
		}
		calls, err := program.FindCalls(code, f.Entry, targets)
		if err != nil {
			return err
		}
		if len(calls) == 0 {
			return fmt.Errorf("%w: it is not where this version of Go should have it", engine.ErrGoVersion)
		}
		for _, c := range calls {
			at, err := e.plantAt(p, c, hookRole)
			if err != nil {
				return err
			}
			at.hook = hook
		}
	}
	return nil
}

// runtimeFunctions returns the functions with a symbol: none when the linker
// left it out, two when assembly has a wrapper for compiled callers.
func (e *Engine) runtimeFunctions(symbol string) []*engine.Function {
	var fs []*engine.Function
	for _, f := range e.im.Functions() {
		if f.Symbol == symbol && f.Entry != 0 {
			fs = append(fs, f)
		}
	}
	return fs
}

// raised adds the hit for the begin of an exception.
func (e *Engine) raised(c *hitContext, r *engine.Raise) {
	running := e.greet(c)
	h := e.hit(c, engine.Raised, e.goroutines[c.g.key(c.thread)])
	h.Running = running
	h.Frame = c.g.frame(c.sp + wordSize)
	r.Origin = e.origin(c)
	h.Raise = r
	if r.Origin != nil {
		h.File, h.Line = r.Origin.File, r.Origin.Line
	}
	// Always: it tells where each function it passes stood.
	h.Stack = e.stack(c, raisedFrames)
	for len(h.Stack) > 0 && program.IsRuntime(h.Stack[0].Func) {
		h.Stack = h.Stack[1:] // how the runtime raises it is nobody's question
	}
	c.add(h, nil)
}

// unwound adds the hit for frames that are gone.
func (e *Engine) unwound(c *hitContext, u *engine.Unwind) {
	key := c.g.key(c.thread)
	h := e.hit(c, engine.Unwound, e.goroutines[key])
	h.Frame, h.Unwind = u.Keep, u
	c.add(h, nil)
	if g := e.goroutines[key]; g != nil {
		if g.drop(u.Keep); len(g.calls) == 0 || u.All {
			delete(e.goroutines, key)
		}
	}
}

// raisedFrames is how much of the stack is read when an exception begins.
const raisedFrames = 256

// limits returns those of the probe of panics.
func (e *Engine) limits() engine.Limits {
	for _, p := range e.probes {
		if p.probe.What == engine.Panics {
			return p.probe.Capture.Limits
		}
	}
	return engine.Limits{}
}

// panicked runs at the entry of runtime.gopanic(any).
func (e *Engine) panicked(c *hitContext) error {
	r := &engine.Raise{Class: events.ClassPanic}
	regs := &c.thread.Regs
	if regs.Rax == 0 {
		r.Class = events.ClassRuntime
		r.Type = "*runtime.PanicNilError"
		r.Value = "panic called with nil argument (use GODEBUG=panicnil=1 to disable)"
		e.raised(c, r)
		return nil
	}
	typ, v := e.im.Values().Interface(e.p, regs.Rax, regs.Rbx, e.limits())
	r.Type, r.Value = typ, v.Text
	if v.Error != "" {
		r.Value = v.Error
	}
	if v.Runtime {
		r.Class = events.ClassRuntime
	}
	e.raised(c, r)
	return nil
}

// fatal runs at the entry of runtime.throw(string) and runtime.fatal(string),
// often on the system stack: what dies is the goroutine that the thread serves.
func (e *Engine) fatal(c *hitContext) error {
	regs := &c.thread.Regs
	r := &engine.Raise{Class: events.ClassFatal}
	text := make([]byte, min(regs.Rbx, 1<<12))
	if _, err := e.p.ReadMemory(text, regs.Rax); err != nil {
		r.Value = "<unreadable: " + err.Error() + ">"
	} else {
		r.Value = string(text)
	}
	e.leaveSystemStack(c)
	e.raised(c, r)
	e.unwound(c, &engine.Unwind{All: true})
	return nil
}

// leaveSystemStack turns a stop on a system stack to the goroutine that the
// thread serves, if there is one, at the place where it has left its own stack.
func (e *Engine) leaveSystemStack(c *hitContext) {
	if c.g.id != 0 || c.g.m == 0 {
		return
	}
	addr, err := e.word(c.g.m + uint64(e.layout.Curg))
	if err != nil {
		return
	}
	g, ok := e.readG(addr)
	if !ok {
		return
	}
	sp, err1 := e.word(addr + uint64(e.layout.SchedSP))
	bp, err2 := e.word(addr + uint64(e.layout.SchedBP))
	if err1 == nil && err2 == nil && g.lo < sp && sp < g.hi {
		c.g, c.sp, c.bp = g, sp, bp
	}
}

// goexiting runs at the entry of runtime.Goexit.
func (e *Engine) goexiting(c *hitContext) error {
	e.raised(c, &engine.Raise{Class: events.ClassGoexit})
	return nil
}

// goexited runs when runtime.Goexit has run the deferred calls.
func (e *Engine) goexited(c *hitContext) error {
	e.unwound(c, &engine.Unwind{All: true})
	return nil
}

// dying runs at the entry of runtime.fatalpanic.
func (e *Engine) dying(c *hitContext) error {
	e.unwound(c, &engine.Unwind{All: true})
	return nil
}

// recovered runs where runtime.recovery, on the system stack, is about to jump
// into the frame whose deferred call has recovered. It has prepared the
// registers for that in the goroutine's gobuf, which is the argument of gogo.
// When a Goexit lies between, the jump leads into Goexit instead, which then
// goes on; nobody has recovered in that case.
func (e *Engine) recovered(c *hitContext) error {
	buf, err := e.word(c.thread.Regs.Rsp)
	if err != nil {
		return err
	}
	l := &e.layout
	g, ok := e.readG(buf - uint64(l.Sched))
	if !ok {
		if g, ok = e.readG(c.thread.Regs.Rax - uint64(l.Sched)); !ok {
			return fmt.Errorf("read the goroutine that recovers: no goroutine at %#x", buf)
		}
	}
	c.g = g
	sp, err1 := e.word(g.addr + uint64(l.SchedSP))
	pc, err2 := e.word(g.addr + uint64(l.SchedPC))
	bp, err3 := e.word(g.addr + uint64(l.SchedBP))
	if err1 != nil || err2 != nil || err3 != nil {
		return fmt.Errorf("read the frame that recovers of goroutine %d", g.id)
	}
	// A frame ends where the one it calls begins: what Goexit has called is gone.
	u := &engine.Unwind{Keep: g.frame(sp) - 1}
	if f := e.im.FunctionAt(pc); f == nil || f.Symbol != "runtime.Goexit" {
		u.Keep, u.Recovered = g.frame(bp+2*wordSize), true
		if fs := e.im.FramesAt(pc); len(fs) > 0 {
			u.By = &fs[len(fs)-1]
		}
	}
	e.unwound(c, u)
	return nil
}
