//go:build linux && amd64

package ptrace

import (
	"golang.org/x/arch/x86/x86asm"
	"golang.org/x/sys/unix"

	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace/proc"
)

// frame returns the frame of a call at a stop.
func (e *Engine) frame(c *hitContext, cfa uint64) *program.Frame {
	return e.im.Frame(e.p, c, c.addr, cfa)
}

// callFrame returns the frame of a call that was entered before.
func (e *Engine) callFrame(c *hitContext, cfa uint64, p *probe, call *openCall) *program.Frame {
	fr := e.frame(c, cfa)
	fr.Dictionary, fr.Named = call.dict, call.named
	if fr.Dictionary == 0 {
		fr.FindDictionary(p.probe.Func)
	}
	return fr
}

// visible returns the variables that can be seen from a place, which are looked for
// once.
func (pl *place) visible(fr *program.Frame, p *probe, line int) []program.Local {
	if pl.locals == nil {
		pl.locals = fr.Visible(program.Viewpoint{
			Func: p.probe.Func, Line: line, Late: pl.mark.Late,
			Assigned: p.probe.Assigned, Hide: p.probe.Capture.Limits.Hide,
		})
	}
	return pl.locals
}

// General returns a general register of the thread by its number in DWARF.
func (c *hitContext) General(number int) uint64 {
	r := &c.thread.Regs
	switch number {
	case 0:
		return r.Rax
	case 1:
		return r.Rdx
	case 2:
		return r.Rcx
	case 3:
		return r.Rbx
	case 4:
		return r.Rsi
	case 5:
		return r.Rdi
	case 6:
		return r.Rbp
	case 7:
		return r.Rsp
	}
	return [...]uint64{r.R8, r.R9, r.R10, r.R11, r.R12, r.R13, r.R14, r.R15}[number-8]
}

// Vector returns a vector register of the thread. They are read once.
func (c *hitContext) Vector(n int) ([16]byte, error) {
	if c.vector == nil {
		regs := new(proc.FPRegs)
		if err := c.thread.FPRegs(regs); err != nil {
			return [16]byte{}, err
		}
		c.vector = regs
	}
	return c.vector.XMM[n], nil
}

// generalRegister returns a 64 bit register.
func generalRegister(r *unix.PtraceRegs, reg x86asm.Reg) (uint64, error) {
	if reg < x86asm.RAX || reg > x86asm.R15 {
		return 0, errOperand
	}
	return [...]uint64{
		r.Rax, r.Rcx, r.Rdx, r.Rbx, r.Rsp, r.Rbp, r.Rsi, r.Rdi,
		r.R8, r.R9, r.R10, r.R11, r.R12, r.R13, r.R14, r.R15,
	}[reg-x86asm.RAX], nil
}
