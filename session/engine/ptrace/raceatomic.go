//go:build linux && amd64

package ptrace

import "strings"

// With the race detector, functions of package sync/atomic have the detector's C code
// make their writes, on the thread's system stack. The assembly that calls it keeps
// the goroutine's stack pointer in a register which C functions save:
//
//	goroutine's stack            system stack
//	  arguments: the address       (above: of no interest)
//	  return to the caller         return to racecall
//	→ return to sync/atomic.Add…   …saved registers, and locals of C
//
// It is looked for there, and known by what it points at.

// leaveRaceDetector makes a stop in C code of the race detector one in the function of
// package sync/atomic that has called it. It reports whether it was one.
func (e *Engine) leaveRaceDetector(c *hitContext) bool {
	regs := c.thread.Regs
	if c.g.id == 0 || c.g.lo < regs.Rsp && regs.Rsp <= c.g.hi || e.im.FunctionAt(c.addr) != nil {
		return false
	}
	sp := e.atomicCall(c, regs.R12)
	const most = 256 // words
	for i := range uint64(most) {
		word, err := e.word(regs.Rsp + i*wordSize)
		if err != nil {
			return false
		}
		if strings.HasSuffix(e.im.SymbolAt(word), "racecall") {
			break
		}
		if at := e.atomicCall(c, word); at != 0 {
			sp = at // the register was saved first, and so above all else
		}
	}
	if sp == 0 {
		return false
	}
	ret, err := e.word(sp + wordSize)
	if err != nil {
		return false
	}
	regs.Rip, regs.Rsp = ret, sp+2*wordSize
	c.addr, c.inside = ret-1, ret-1
	c.sp, _ = e.frameOf(&regs)
	c.bp, _ = e.word(c.sp - wordSize) // what it was called by has a frame, and keeps it
	return true
}

// atomicCall returns the stack pointer in a function of package sync/atomic that has
// called the race detector, if sp is where the goroutine's stack ended in that call
// and it is about memory that is watched; otherwise 0.
func (e *Engine) atomicCall(c *hitContext, sp uint64) uint64 {
	for range 2 {
		if sp <= c.g.lo || sp >= c.g.hi || sp%wordSize != 0 {
			return 0
		}
		ret, err := e.word(sp)
		if err != nil {
			return 0
		}
		symbol := e.im.SymbolAt(ret)
		switch {
		case strings.HasSuffix(symbol, "racecallatomic"):
			sp += wordSize // it has called on behalf of the one before
			continue
		case !strings.HasPrefix(symbol, "sync/atomic."):
			return 0
		}
		addr, err := e.word(sp + 2*wordSize)
		if err != nil || !e.isWatched(addr) {
			return 0
		}
		return sp
	}
	return 0
}

// isWatched reports whether an address is in memory that is watched, or in the word
// that this is a part of.
func (e *Engine) isWatched(addr uint64) bool {
	for _, w := range e.watches {
		if addr/wordSize == w.at.Addr/wordSize {
			return true
		}
	}
	return false
}
