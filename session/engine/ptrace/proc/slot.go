//go:build linux && amd64

package proc

import (
	"encoding/binary"
	"math"

	"golang.org/x/sys/unix"
)

const jumpSize = 5 // bytes of JMP rel32

// giveSlots makes the slots of breakpoints that have none, as far as there is
// room and their instructions may run elsewhere.
//
// Nobody may see a thread in a slot: whatever stops it there, it is set to the
// place in the text that corresponds before the signal that has stopped it is
// delivered.
func (p *Process) giveSlots(list []*breakpoint) error {
	a := &p.area
	if a.base == 0 {
		return nil
	}
	first := len(a.slots)
	var codes, entries []byte
	for _, b := range list {
		if b.slot != 0 || len(a.slots) == slotCount-1 { // the last entry stays 0: it ends the table
			continue
		}
		at := a.base + slotsAt + uint64(len(a.slots)*slotSize)
		code, ok := b.moved(at)
		if !ok {
			continue
		}
		codes = append(codes, code[:]...)
		entries = binary.LittleEndian.AppendUint64(entries, b.addr+1)
		entries = binary.LittleEndian.AppendUint64(entries, at)
		a.slots = append(a.slots, b)
		b.slot = at
	}
	if len(codes) == 0 {
		return nil
	}
	_, err := p.WriteMemory(a.base+slotsAt+uint64(first*slotSize), codes)
	if err == nil {
		_, err = p.WriteMemory(a.base+tableAt+uint64(first*entrySize), entries)
	}
	return err
}

// after returns where a thread goes on that has carried out b's instruction.
func (b *breakpoint) after() uint64 {
	if b.insn.Effect == Call || b.insn.Effect == Jump {
		return b.insn.Target
	}
	return b.addr + uint64(b.insn.Length)
}

// moved returns code for address to that does what b's instruction does, and
// then goes on behind it.
func (b *breakpoint) moved(to uint64) (slot [slotSize]byte, ok bool) {
	code := slot[:0]
	switch b.insn.Effect {
	case PushBP:
		code = append(code, 0x55)
	case Ret:
		code = append(code, 0xc3)
	case Call, Indirect:
		// PUSHQ of the return address, which stands in the slot's last 8 bytes.
		code = append(code, 0xff, 0x35)
		code = binary.LittleEndian.AppendUint32(code, slotSize-8-6)
		binary.LittleEndian.PutUint64(slot[slotSize-8:], b.addr+uint64(b.insn.Length))
		if b.insn.Effect == Indirect {
			copy(slot[len(code):slotSize-8], b.insn.Code)
			return slot, true
		}
	case Nop, Jump:
	case Branch: // Jcc rel32
		rel := int64(b.insn.Target) - int64(to) - 6
		if rel != int64(int32(rel)) {
			return slot, false
		}
		code = append(code, 0x0f, 0x80|b.insn.Condition)
		code = binary.LittleEndian.AppendUint32(code, uint32(int32(rel)))
	case Copied:
		code = append(code, b.insn.Code...)
		if off := b.insn.Relative; off != 0 {
			old := int64(int32(binary.LittleEndian.Uint32(code[off:])))
			disp := old + int64(b.addr) - int64(to)
			if disp != int64(int32(disp)) {
				return slot, false
			}
			binary.LittleEndian.PutUint32(code[off:], uint32(int32(disp)))
		}
	default:
		return slot, false
	}
	if b.insn.Effect == Ret {
		return slot, true
	}
	back := int64(b.after()) - int64(to) - int64(len(code)) - jumpSize
	if back < math.MinInt32 || back > math.MaxInt32 {
		return slot, false
	}
	code = append(code, 0xe9)
	binary.LittleEndian.AppendUint32(code, uint32(int32(back)))
	return slot, true
}

// slotAt returns the breakpoint in whose slot an address lies, or nil.
func (a *area) slotAt(addr uint64) *breakpoint {
	start := a.base + slotsAt
	n := (addr - start) / slotSize
	if a.base == 0 || addr < start || n >= uint64(len(a.slots)) {
		return nil
	}
	return a.slots[n]
}

// leaveSlot sets a stopped thread that stands in a slot to the place in the text
// that corresponds. A signal that the instruction there did not cause itself
// must not be delivered before it: the instruction would be run again
// afterwards, and its breakpoint be hit twice. With finish, it is run first,
// unless the breakpoint was removed.
func (p *Process) leaveSlot(t *Thread, finish bool) error {
	if p.area.base == 0 {
		return nil
	}
	for {
		var regs unix.PtraceRegs
		err := unix.PtraceGetRegs(t.ID, &regs)
		if err != nil {
			return err
		}
		b := p.area.slotAt(regs.Rip)
		if b == nil {
			return nil
		}
		finish = finish && b.planted
		switch {
		case regs.Rip != b.slot && !(finish && b.insn.Effect == Indirect):
			if regs.Rip, regs.Rsp, err = p.midSlot(b, regs.Rip, regs.Rsp); err != nil {
				return err
			}
			return unix.PtraceSetRegs(t.ID, &regs)
		case !finish:
			return setPC(t.ID, b.addr)
		case b.insn.Effect.onRegisters():
			if err := p.carryOut(b, &regs); err != nil {
				return err
			}
			return unix.PtraceSetRegs(t.ID, &regs)
		}
		// An indirect call takes two steps: it pushes, and it jumps.
		finish = b.insn.Effect == Indirect && regs.Rip == b.slot
		before := len(t.pending)
		if err := p.stepThrough(t, b); err != nil {
			return err
		}
		// A fault of the instruction itself is delivered first.
		if k := len(t.pending); k > before && isFault(unix.Signal(t.pending[k-1].Signo)) {
			t.pending[0], t.pending[k-1] = t.pending[k-1], t.pending[0]
		}
	}
}

// midSlot returns where in the text a thread belongs that stands at pc behind the
// first instruction of b's slot, and its stack pointer there. Either the
// instruction under the breakpoint was carried out, and what stands at pc is the
// jump back; or it is an indirect call, which has pushed the return address but
// not jumped: then the push is undone.
func (p *Process) midSlot(b *breakpoint, pc, sp uint64) (toPC, toSP uint64, err error) {
	const jump = 0xe9
	code, err := p.word(pc)
	if byte(code) != jump {
		return b.addr, sp + 8, err
	}
	return pc + jumpSize + uint64(int64(int32(code>>8))), sp, err
}
