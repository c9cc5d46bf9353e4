//go:build linux && amd64

package proc

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Offsets in the context that a signal's handler gets, and in struct sigaction.
const (
	infoCode       = 8 // in siginfo
	contextSP      = 160
	contextPC      = 168
	contextCS      = 184
	actionRestorer = 16
)

// leaveHandler sends a stopped thread that is in the area's handler to the one
// that was there before. In an area that another tracer has left, the signal may
// be one of that tracer's breakpoints: then the thread returns into the text
// instead of a slot, also where it is on its way back already.
func (p *Process) leaveHandler(t *Thread) error {
	if p.area.base == 0 {
		return nil
	}
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(t.ID, &regs); err != nil {
		return err
	}
	old, err := p.word(p.area.base + areaOld)
	if err != nil {
		return err
	}
	restorer, err := p.word(p.area.base + areaOld + actionRestorer)
	if err != nil {
		return err
	}
	const returning = 16 // bytes of code that return from a signal
	at := regs.Rip - p.area.base
	inside := at >= handlerAt && at < tableAt
	switch {
	case inside && !p.area.left:
		return setPC(t.ID, old)
	case !p.area.left:
		return nil
	case inside:
		ours, err := p.mendContext(regs.Rdx)
		if err != nil {
			return err
		}
		// Nor is a watchpoint's a signal for the program.
		code, err := p.word(regs.Rsi + infoCode)
		if err != nil {
			return err
		}
		ours = ours || int32(code) > 0 && int32(code) != siKernel
		if !ours {
			return setPC(t.ID, old)
		}
		if regs.Rip, err = p.word(regs.Rsp); err != nil {
			return err
		}
		regs.Rsp += 8
		return unix.PtraceSetRegs(t.ID, &regs)
	case regs.Rip-restorer < returning:
		_, err := p.mendContext(regs.Rsp)
		return err
	}
	return nil
}

// mendContext changes where a signal's handler will return to, if that is a slot
// or a breakpoint.
func (p *Process) mendContext(context uint64) (ours bool, err error) {
	pc, err := p.word(context + contextPC)
	if err != nil {
		return false, err
	}
	sp, err := p.word(context + contextSP)
	if err != nil {
		return false, err
	}
	to := uint64(0)
	switch b := p.area.slotAt(pc); {
	case b != nil && pc != b.slot:
		if to, sp, err = p.midSlot(b, pc, sp); err != nil {
			return false, err
		}
	case b != nil:
		to = b.addr
	case p.breaks[pc-1] != nil:
		to = pc - 1
	default:
		return false, nil
	}
	words := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, sp), to)
	_, err = p.WriteMemory(context+contextSP, words)
	return true, err
}

// mendStack does so for every handler that a stopped thread is in: one of any
// signal, which came when the thread was about to run in a slot. A tracer that lives
// lets no signal find a thread there. The contexts lie on the thread's stack, which
// is looked through as far as the largest that signals are handled on.
func (p *Process) mendStack(sp uint64) error {
	const page, most, userCode = 4096, 64 << 10, 0x33
	stack := make([]byte, 0, most)
	for at := sp &^ 7; len(stack) < most; {
		piece := stack[len(stack):min(len(stack)+int(page-at%page), most)]
		if _, err := p.ReadMemory(piece, at); err != nil {
			break // it ends there
		}
		stack, at = stack[:len(stack)+len(piece)], at+uint64(len(piece))
	}
	for off := contextPC; off+contextCS-contextPC+8 <= len(stack); off += 8 {
		pc := binary.LittleEndian.Uint64(stack[off:])
		if p.area.slotAt(pc) == nil || binary.LittleEndian.Uint16(stack[off+contextCS-contextPC:]) != userCode {
			continue
		}
		if _, err := p.mendContext(sp&^7 + uint64(off-contextPC)); err != nil {
			return err
		}
	}
	return nil
}
