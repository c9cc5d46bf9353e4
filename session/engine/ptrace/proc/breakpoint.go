//go:build linux && amd64

package proc

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

const int3 = 0xcc

// ErrForeignBreakpoint is the error of a place where an int3 stands already.
var ErrForeignBreakpoint = errors.New("an int3 stands there already")

// Effect is what a planted instruction does, where that can be carried out on
// the registers of the thread that hit it.
type Effect uint8

const (
	Other    Effect = iota // anything else: executed in place
	Copied                 // anything that may run elsewhere
	PushBP                 // PUSHQ BP
	Ret                    // RET
	Call                   // CALL rel32
	Nop                    // nothing, Length bytes long
	Jump                   // JMP rel8 or rel32
	Branch                 // a conditional jump, which only the processor can carry out
	Indirect               // a call through a register or memory, likewise
)

// onRegisters reports whether the effect can be carried out on a thread's
// registers and stack.
func (e Effect) onRegisters() bool {
	switch e {
	case PushBP, Ret, Call, Nop, Jump:
		return true
	}
	return false
}

// mayRepeat reports whether an instruction has the prefix of one that repeats
// itself.
func (i Insn) mayRepeat() bool {
	return i.Effect == Copied && len(i.Code) > 0 && (i.Code[0] == 0xf2 || i.Code[0] == 0xf3)
}

// An Insn is the instruction under a breakpoint.
type Insn struct {
	Effect Effect
	Length int
	Target uint64 // of Call, Jump and Branch
	// Of Branch: the low four bits of its opcode.
	Condition byte
	// Of Indirect: the bytes of the jump that leads to where the call does.
	// Of Copied: the instruction's bytes, and the offset in it of a 32 bit
	// address relative to its end, or 0.
	Code     []byte
	Relative int
}

// A breakpoint is one place where an int3 stands or has stood.
type breakpoint struct {
	addr     uint64
	original byte
	insn     Insn
	slot     uint64 // where the instruction can be run, or 0
	planted  bool
}

// A Break is a place for a breakpoint, and the instruction that stands there as its
// file has it: what is in memory may be what another tracer has left.
type Break struct {
	Addr     uint64
	Original byte
	Insn     Insn
}

// Plant puts breakpoints into the text. It may be done while the target runs:
// the change of one byte is atomic. What comes first is hit first.
func (p *Process) Plant(list ...Break) error {
	var fresh []*breakpoint
	var patches []Patch
	for _, at := range list {
		b, err := p.prepare(at)
		if err != nil {
			return fmt.Errorf("breakpoint at %#x: %w", at.Addr, err)
		}
		fresh = append(fresh, b)
		patches = append(patches, Patch{Addr: b.addr, Text: []byte{b.original}})
	}
	if err := p.giveSlots(fresh); err != nil {
		return err
	}
	p.record(Change{Patches: patches})
	for _, b := range fresh {
		// Known before it is written: a thread may hit it at once.
		b.planted = true
		p.breaks[b.addr] = b
		if _, err := p.WriteMemory(b.addr, []byte{int3}); err != nil {
			b.planted = false
			return fmt.Errorf("breakpoint at %#x: %w", b.addr, err)
		}
	}
	return nil
}

func (p *Process) prepare(at Break) (*breakpoint, error) {
	b := p.breaks[at.Addr]
	if b == nil {
		b = &breakpoint{addr: at.Addr, insn: at.Insn}
	} else if b.planted {
		return nil, errors.New("there is one already")
	}
	var now [1]byte
	if _, err := p.ReadMemory(now[:], at.Addr); err != nil {
		return nil, err
	}
	switch now[0] {
	case at.Original:
		b.original = at.Original
		return b, nil
	case int3:
		return nil, ErrForeignBreakpoint
	}
	return nil, fmt.Errorf("%#02x stands there, and %#02x in the file: the program has been changed", now[0], at.Original)
}

// Unplant removes the breakpoint at addr. A thread that has run into it and was
// not reported yet will run the original instruction: the breakpoint stays
// known, so that its trap is not taken for the target's own.
func (p *Process) Unplant(addr uint64) error {
	b := p.breaks[addr]
	if b == nil || !b.planted {
		return fmt.Errorf("breakpoint at %#x: there is none", addr)
	}
	if _, err := p.WriteMemory(addr, []byte{b.original}); err != nil {
		return fmt.Errorf("remove breakpoint at %#x: %w", addr, err)
	}
	b.planted = false
	p.record(Change{Restored: []uint64{addr}})
	return nil
}

// pass makes sure that t has carried out the instruction under the breakpoint
// which it is held at. After an error t is still held there.
func (p *Process) pass(t *Thread) error {
	if !t.advanced {
		if err := p.advance(t); err != nil {
			return err
		}
	} else if len(t.pending) > 0 {
		// Signals that came meanwhile must not find it in a slot.
		if err := p.leaveSlot(t, true); err != nil {
			return err
		}
	}
	t.at, t.advanced = nil, false
	return nil
}

// advance makes t go on behind the breakpoint it is held at, or in its slot,
// when it is resumed. Its Regs stay those of the hit.
func (p *Process) advance(t *Thread) error {
	if t.advanced {
		return nil
	}
	regs := t.Regs
	if err := p.effect(t, t.at); err != nil {
		return err
	}
	t.Regs, t.advanced = regs, true
	return nil
}

func (p *Process) effect(t *Thread, b *breakpoint) error {
	if !b.planted {
		return setPC(t.ID, b.addr) // removed meanwhile: run the original
	}
	if b.slot != 0 && len(t.pending) == 0 {
		return setPC(t.ID, b.slot)
	}
	if !b.insn.Effect.onRegisters() {
		return p.stepInPlace(t, b)
	}
	if err := p.carryOut(b, &t.Regs); err != nil {
		return err
	}
	return unix.PtraceSetRegs(t.ID, &t.Regs)
}

// carryOut does to registers and the stack what b's instruction does.
func (p *Process) carryOut(b *breakpoint, regs *unix.PtraceRegs) error {
	push := func(v uint64) error {
		regs.Rsp -= 8
		_, err := p.WriteMemory(regs.Rsp, binary.LittleEndian.AppendUint64(nil, v))
		return err
	}
	var err error
	switch regs.Rip = b.after(); b.insn.Effect {
	case PushBP:
		err = push(regs.Rbp)
	case Ret:
		regs.Rip, err = p.word(regs.Rsp)
		regs.Rsp += 8
	case Call:
		err = push(b.addr + uint64(b.insn.Length))
	}
	return err
}

// stepInPlace runs the original instruction where it stands. Every other thread
// is stopped meanwhile, or one could slip past while the breakpoint is lifted.
func (p *Process) stepInPlace(t *Thread, b *breakpoint) error {
	if err := p.stopAll(t); err != nil {
		return err
	}
	if err := setPC(t.ID, b.addr); err != nil {
		return err
	}
	return p.stepOver(t, b)
}

// stepOver lifts b, lets t run one instruction and plants b again.
func (p *Process) stepOver(t *Thread, b *breakpoint) (err error) {
	if _, err := p.WriteMemory(b.addr, []byte{b.original}); err != nil {
		return err
	}
	defer func() {
		if _, werr := p.WriteMemory(b.addr, []byte{int3}); err == nil {
			err = werr
		}
	}()
	return p.stepThrough(t, b)
}

// stepThrough lets a thread that stands at b's instruction, or in its slot, run all
// of it. One that repeats itself stops after each time.
func (p *Process) stepThrough(t *Thread, b *breakpoint) error {
	var before, now unix.PtraceRegs
	if err := unix.PtraceGetRegs(t.ID, &before); err != nil {
		return err
	}
	for {
		if err := p.step(t); err != nil {
			return err
		}
		if n := len(t.pending); !b.insn.mayRepeat() || n > 0 && isFault(unix.Signal(t.pending[n-1].Signo)) {
			return nil
		}
		if err := unix.PtraceGetRegs(t.ID, &now); err != nil || now.Rip != before.Rip {
			return err
		}
	}
}

// step lets a stopped thread run one instruction. Signals that come meanwhile
// wait, but for one that the thread has got before it.
func (p *Process) step(t *Thread) error {
	blocked, err := blockedSignals(t.ID)
	if err != nil {
		return err
	}
	defer func() {
		// The instruction may be a system call that sets the mask: that stays.
		if now, err := blockedSignals(t.ID); err == nil && now == blocked|blockable {
			_ = blockSignals(t.ID, blocked)
		}
	}()
	for {
		if len(t.pending) > 0 {
			p.noteMask(t, blocked)
			if err := blockSignals(t.ID, blocked|blockable); err != nil {
				return err
			}
		}
		t.stepped = true
		if err := ptraceStep(t.ID); err != nil {
			return err
		}
		ws, err := p.waitStop(t)
		if err != nil {
			return err
		}
		sig := ws.StopSignal()
		if eventOf(ws) != 0 {
			t.group = t.group || eventOf(ws) == eventStop && sig != unix.SIGTRAP
			continue
		}
		if sig == unix.SIGTRAP {
			if si, err := getSiginfo(t.ID); err != nil || si.Code > 0 {
				t.wrote |= p.triggered(t)
				return err
			}
		}
		// A signal came first. It is delivered when the thread resumes; one
		// that the instruction itself has caused must be delivered right here.
		if err := t.keepSignal(); err != nil || isFault(sig) {
			return err
		}
	}
}
