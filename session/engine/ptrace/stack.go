//go:build linux && amd64

package ptrace

import (
	"math"
	"slices"

	"golang.org/x/sys/unix"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace/proc"
)

// gInfo is the part of a runtime.g that is needed.
type gInfo struct {
	addr   uint64
	id     int64 // 0 on a system stack
	lo, hi uint64
	m      uint64
}

// frame returns the identity of the frame with the given canonical address.
func (g *gInfo) frame(cfa uint64) engine.FrameID { return engine.FrameID(g.hi - cfa) }

// key tells goroutines apart; system stacks, which have no id of their own, go
// by their thread.
func (g *gInfo) key(t *proc.Thread) int64 {
	if g.id == 0 {
		return int64(math.MinInt32) - int64(t.ID)
	}
	return g.id
}

// currentG finds the goroutine a thread runs. Compiled code keeps it in R14;
// where that does not hold, as in assembly, thread-local storage has it.
func (e *Engine) currentG(regs *unix.PtraceRegs) gInfo {
	if g, ok := e.readG(regs.R14); ok && g.lo < regs.Rsp && regs.Rsp <= g.hi {
		return g
	}
	addr, err := e.word(regs.Fs_base + e.gOffset)
	if err != nil {
		return gInfo{}
	}
	g, _ := e.readG(addr)
	return g
}

// readG reads a runtime.g.
func (e *Engine) readG(addr uint64) (gInfo, bool) {
	l := &e.layout
	var buf [512]byte
	n := max(l.Goid, l.M, l.StackHi) + wordSize
	if addr < 4096 || n > int64(len(buf)) {
		return gInfo{}, false
	}
	if _, err := e.p.ReadMemory(buf[:n], addr); err != nil {
		return gInfo{}, false
	}
	return gInfo{
		addr: addr,
		id:   int64(uint64At(buf[:], l.Goid)),
		lo:   uint64At(buf[:], l.StackLo),
		hi:   uint64At(buf[:], l.StackHi),
		m:    uint64At(buf[:], l.M),
	}, true
}

// walk calls f for each physical frame of a stop, innermost first, with the place
// in the caller that it was called from, an address inside the call, and with its
// canonical address. Go code always keeps the frame pointer.
func (e *Engine) walk(c *hitContext, f func(pc, cfa uint64) bool) {
	sp, bp := c.sp, c.bp
	ret, err := e.word(sp)
	cfa := sp + wordSize
	faulted := e.im.IsSigpanic(c.addr)
	var pair [16]byte
	for range maxFrames {
		pc := ret - 1 // a return address belongs to the instruction before it
		if faulted {
			pc = ret
		}
		if err != nil || !f(pc, cfa) {
			return
		}
		if faulted && !e.im.Framed(pc) {
			// Its frame is nothing but its own return address.
			if ret, err = e.word(cfa); err != nil || !f(ret-1, cfa+wordSize) {
				return
			}
		}
		faulted = e.im.IsSigpanic(pc)
		if bp <= sp {
			return
		}
		if _, err = e.p.ReadMemory(pair[:], bp); err != nil {
			return
		}
		sp, cfa = bp, bp+2*wordSize
		bp, ret = uint64At(pair[:], 0), uint64At(pair[:], 8)
	}
}

// maxFrames bounds how far up a stack is followed.
const maxFrames = 1 << 14

// goroutineTop is where a goroutine's function returns to. Nobody has called it
// from there.
const goroutineTop = "runtime.goexit"

// caller returns the innermost frame of the caller, if there is one.
func (e *Engine) caller(c *hitContext) (frame events.Frame, ok bool) {
	e.walk(c, func(pc, _ uint64) bool {
		f := e.im.FunctionAt(pc)
		fs := e.im.FramesAt(pc)
		if f != nil && (f.Wrapper && len(fs) == 0 || f.Symbol == "runtime.deferreturn") {
			return true // the function that has deferred the call is next
		}
		if len(fs) > 0 && f.Symbol != goroutineTop {
			frame, ok = fs[0], true
		}
		return false
	})
	return frame, ok
}

// stack returns up to n frames, beginning with the one that was hit.
func (e *Engine) stack(c *hitContext, n int) []events.Frame {
	fs := append([]events.Frame(nil), e.im.FramesAt(c.addr)...)
	e.walk(c, func(pc, _ uint64) bool {
		f := e.im.FunctionAt(pc)
		if f == nil || len(fs) >= n {
			return false
		}
		if f.Symbol == goroutineTop || f.Symbol == "runtime.mstart" {
			return false
		}
		fs = append(fs, e.im.FramesAt(pc)...)
		return true
	})
	return fs[:min(len(fs), n)]
}

// origin returns the innermost frame outside the runtime.
func (e *Engine) origin(c *hitContext) *events.Frame { return e.outside(c, program.IsRuntime) }

// outside returns the innermost frame of a caller whose function, by its name, is
// none of those to be left out.
func (e *Engine) outside(c *hitContext, leftOut func(string) bool) *events.Frame {
	var found *events.Frame
	e.walk(c, func(pc, _ uint64) bool {
		f := e.im.FunctionAt(pc)
		if f == nil {
			return false
		}
		for _, fr := range e.im.FramesAt(pc) {
			if !leftOut(fr.Func) {
				found = &fr
				return false
			}
		}
		return true
	})
	return found
}

// running returns the probed calls around a hit whose entry was not seen,
// outermost first.
func (e *Engine) running(c *hitContext) []engine.RunningCall {
	var calls []engine.RunningCall
	g := e.goroutines[c.g.key(c.thread)]
	inner, orphans := c.inside, 0 // the calls from orphans on have no parent yet
	e.walk(c, func(pc, cfa uint64) bool {
		// cfa is of the frame that contains inner and was called from pc.
		if f := e.im.FunctionAt(inner); inner != 0 && f != nil {
			f = e.im.Meant(f)
			id, parent := c.g.frame(cfa), engine.FrameID(0)
			switch {
			case runsDeferred(f):
				parent = e.deferring(c)
			case !e.passes(f) && !program.IsMachinery(f):
				parent = id
			}
			for ; parent != 0 && orphans < len(calls); orphans++ {
				calls[orphans].Parent = parent
			}
			if e.isProbed(f) && (g == nil || !g.knows(id)) {
				calls = append(calls, engine.RunningCall{Func: f, Frame: id})
			}
		}
		inner = pc
		return true
	})
	if len(calls) == 0 {
		return nil
	}
	slices.Reverse(calls)
	g = e.goroutine(c)
	for _, call := range calls {
		g.calls = append(g.calls, openCall{fn: call.Func, frame: call.Frame})
	}
	return calls
}

func (g *goroutine) knows(id engine.FrameID) bool {
	for _, call := range g.calls {
		if call.frame == id {
			return true
		}
	}
	return false
}

// isProbed reports whether calls of a function are observed, whichever they are.
func (e *Engine) isProbed(f *engine.Function) bool {
	for _, p := range e.probes {
		if p.probe.Func == f && p.probe.What != engine.Branches && p.probe.If == "" {
			return true
		}
	}
	return false
}
