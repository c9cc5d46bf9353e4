//go:build linux && amd64

package ptrace

import (
	"errors"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
)

// The calls of the runtime that take a function to be called later.
var laterCalls = map[string]func(*Engine, *hitContext) (uint64, error){
	"runtime.newproc":        (*Engine).functionInAX,
	"runtime.deferproc":      (*Engine).functionInAX,
	"runtime.deferprocat":    (*Engine).functionInAX,
	"runtime.deferprocStack": (*Engine).functionOfDefer,
	"runtime.reflectcall":    (*Engine).functionInBX,
}

// plantBranches prepares the breakpoints at the calls of a function of which the
// code alone does not tell where they lead.
func (e *Engine) plantBranches(p *probe) error {
	return e.plantBodies(p, e.plantBranchesIn)
}

func (e *Engine) plantBranchesIn(p *probe, body *engine.Function) error {
	list, err := e.im.Instructions(body)
	if err != nil {
		return err
	}
	_, p.framed = program.AfterPrologue(list)
	for _, in := range list {
		if in.Op != x86asm.CALL {
			continue
		}
		resolve := (*Engine).operand
		if t, direct := in.Target(); direct {
			callee := e.im.FunctionByEntry(t)
			if callee == nil {
				continue
			}
			later := laterCalls[callee.Symbol]
			if later == nil {
				continue
			}
			resolve = later
		}
		at, err := e.plantAt(p, in, branchRole)
		if err != nil {
			return err
		}
		at.target = resolve
		at.starts = isGoStatement(e, in)
	}
	return nil
}

func isGoStatement(e *Engine, in program.Insn) bool {
	t, direct := in.Target()
	f := e.im.FunctionByEntry(t)
	return direct && f != nil && f.Symbol == "runtime.newproc"
}

// branching handles a call whose target only the running program knows.
func (e *Engine) branching(c *hitContext, p *probe, pl *place) {
	entry, err := pl.target(e, c)
	if err != nil {
		return
	}
	f := e.im.FunctionByEntry(entry)
	if f == nil { // C, or nothing
		return
	}
	if f = e.im.Meant(f); !program.IsFollowed(f) {
		return
	}
	cfa := e.inside(c, p, pl)
	running := e.greet(c)
	h := e.hit(c, engine.Branching, e.goroutines[c.g.key(c.thread)])
	h.Probe, h.Func, h.Target, h.Running = p.id, p.probe.Func, f, running
	h.File, h.Line = e.text(c.addr)
	if h.Frame = c.g.frame(cfa); program.IsThrough(p.probe.Func) {
		if h.Frame = e.parent(c); h.Frame == 0 {
			h.Started = e.started(c)
		}
	}
	if pl.starts {
		h.Go = engine.GoStatement{Goroutine: c.g.id, PC: c.addr + uint64(pl.insn.Length)}
	}
	c.add(h, nil)
}

// functionInAX returns the entry of the function whose value AX holds.
func (e *Engine) functionInAX(c *hitContext) (uint64, error) { return e.word(c.thread.Regs.Rax) }

// functionInBX does the same with BX.
func (e *Engine) functionInBX(c *hitContext) (uint64, error) { return e.word(c.thread.Regs.Rbx) }

// functionOfDefer returns the entry of the function of the record that AX points
// at.
func (e *Engine) functionOfDefer(c *hitContext) (uint64, error) {
	value, err := e.word(c.thread.Regs.Rax + uint64(e.layout.DeferFn))
	if err != nil {
		return 0, err
	}
	return e.word(value)
}

var errOperand = errors.New("unknown operand")

// operand returns what the operand of an indirect call holds.
func (e *Engine) operand(c *hitContext) (uint64, error) {
	switch a := e.places[c.addr].insn.Args[0].(type) {
	case x86asm.Reg:
		return generalRegister(&c.thread.Regs, a)
	case x86asm.Mem:
		addr := uint64(a.Disp)
		for _, part := range []struct {
			reg   x86asm.Reg
			scale uint8
		}{{a.Base, 1}, {a.Index, a.Scale}} {
			if part.reg == 0 {
				continue
			}
			x, err := generalRegister(&c.thread.Regs, part.reg)
			if err != nil {
				return 0, err
			}
			addr += x * uint64(part.scale)
		}
		return e.word(addr)
	}
	return 0, errOperand
}

// parent returns the frame of the call that the innermost one is made from. See
// [engine.Hit].
func (e *Engine) parent(c *hitContext) (parent engine.FrameID) {
	var of *engine.Function // whose frame the walk is at; nil: that of the hit
	e.walk(c, func(pc, cfa uint64) bool {
		if of != nil && !e.passes(of) && !program.IsMachinery(of) {
			parent = c.g.frame(cfa)
			return false
		}
		if of = e.im.FunctionAt(pc); of != nil {
			of = e.im.Meant(of)
		}
		switch {
		case of == nil || of.Symbol == goroutineTop:
			return false
		case runsDeferred(of):
			parent = e.deferring(c)
			return false
		}
		return true
	})
	return parent
}

// runsDeferred reports whether a function runs deferred calls of others than its
// caller.
func runsDeferred(f *engine.Function) bool {
	return f.Symbol == "runtime.gopanic" || f.Symbol == "runtime.Goexit"
}

// deferring returns the frame whose deferred calls the innermost panic or Goexit
// is running, or 0.
func (e *Engine) deferring(c *hitContext) engine.FrameID {
	innermost, err := e.word(c.g.addr + uint64(e.layout.Panics))
	if err != nil || innermost == 0 {
		return 0
	}
	cfa, err := e.word(innermost + uint64(e.layout.PanicFP))
	if err != nil || cfa <= c.g.lo || cfa > c.g.hi {
		return 0
	}
	return c.g.frame(cfa)
}

// started returns the go statement that has started the goroutine of a stop.
func (e *Engine) started(c *hitContext) engine.GoStatement {
	parent, err := e.word(c.g.addr + uint64(e.layout.ParentGoid))
	if err != nil {
		return engine.GoStatement{}
	}
	pc, err := e.word(c.g.addr + uint64(e.layout.Gopc))
	if err != nil {
		return engine.GoStatement{}
	}
	return engine.GoStatement{Goroutine: int64(parent), PC: pc}
}
