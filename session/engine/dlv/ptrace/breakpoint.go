//go:build linux && amd64

package ptrace

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

const int3 = 0xcc

// Effect is what a planted instruction does, where that can be carried out on
// the registers of the thread that hit it.
type Effect uint8

const (
	Other  Effect = iota // anything else: executed in place
	Copied               // anything that may run elsewhere: executed in a copy
	PushBP               // PUSHQ BP
	Ret                  // RET
	Call                 // CALL rel32
	Nop                  // nothing, Length bytes long
	Jump                 // JMP rel8 or rel32
)

// An Insn is the instruction under a breakpoint.
type Insn struct {
	Effect Effect
	Length int
	Target uint64 // of Call and Jump
	// Of Copied: the instruction's bytes, and the offset in it of a 32 bit
	// address relative to its end, or 0.
	Code     []byte
	Relative int
}

type breakpoint struct {
	addr     uint64
	original byte
	insn     Insn
	slot     uint64 // address of the copy, once made
}

// Plant puts a breakpoint at addr, where the instruction insn stands. It may be
// done while the target runs: the change of one byte is atomic.
func (p *Process) Plant(addr uint64, insn Insn) error {
	if p.breaks[addr] != nil {
		return fmt.Errorf("breakpoint at %#x: there is one already", addr)
	}
	b := &breakpoint{addr: addr, insn: insn}
	var original [1]byte
	if _, err := p.ReadMemory(original[:], addr); err != nil {
		return fmt.Errorf("breakpoint at %#x: %w", addr, err)
	}
	if original[0] == int3 {
		return fmt.Errorf("breakpoint at %#x: another debugger's breakpoint stands there", addr)
	}
	b.original = original[0]
	p.planted[addr] = b.original
	// Known before it is written: a thread may hit it at once.
	p.breaks[addr] = b
	if _, err := p.WriteMemory(addr, []byte{int3}); err != nil {
		delete(p.breaks, addr)
		return fmt.Errorf("breakpoint at %#x: %w", addr, err)
	}
	return nil
}

// Unplant removes the breakpoint at addr. A thread that has run into it and was
// not reported yet will run the original instruction.
func (p *Process) Unplant(addr uint64) error {
	b := p.breaks[addr]
	if b == nil {
		return fmt.Errorf("breakpoint at %#x: there is none", addr)
	}
	if _, err := p.WriteMemory(addr, []byte{b.original}); err != nil {
		return fmt.Errorf("remove breakpoint at %#x: %w", addr, err)
	}
	// A thread that has run into it, seen or not, is set back before it is
	// forgotten what its trap was.
	if err := p.StopAll(); err != nil {
		return err
	}
	for _, t := range p.threads {
		if t.at == nil || t.at == b {
			if err := p.rewind(t); err != nil {
				if err := p.ignoreDeath(t, err); err != nil {
					return err
				}
			}
		}
	}
	delete(p.breaks, addr)
	return nil
}

// pass carries out the instruction under the breakpoint which t is held at.
// After an error t is still held there.
func (p *Process) pass(t *Thread) error {
	err := p.effect(t, t.at)
	if err == nil {
		t.at = nil
	}
	return err
}

func (p *Process) effect(t *Thread, b *breakpoint) error {
	if p.breaks[b.addr] != b {
		t.Regs.Rip = b.addr // removed meanwhile: run the original
		return unix.PtraceSetRegs(t.ID, &t.Regs)
	}
	var word [8]byte
	switch b.insn.Effect {
	case PushBP:
		binary.LittleEndian.PutUint64(word[:], t.Regs.Rbp)
		if _, err := p.WriteMemory(t.Regs.Rsp-8, word[:]); err != nil {
			return err
		}
		t.Regs.Rsp -= 8
		t.Regs.Rip = b.addr + 1
	case Ret:
		if _, err := p.ReadMemory(word[:], t.Regs.Rsp); err != nil {
			return err
		}
		t.Regs.Rip = binary.LittleEndian.Uint64(word[:])
		t.Regs.Rsp += 8
	case Call:
		binary.LittleEndian.PutUint64(word[:], b.addr+uint64(b.insn.Length))
		if _, err := p.WriteMemory(t.Regs.Rsp-8, word[:]); err != nil {
			return err
		}
		t.Regs.Rsp -= 8
		t.Regs.Rip = b.insn.Target
	case Nop:
		t.Regs.Rip = b.addr + uint64(b.insn.Length)
	case Jump:
		t.Regs.Rip = b.insn.Target
	case Copied:
		slot := p.slot(t, b)
		// A signal that came while the copy was made must not find the thread
		// there.
		if slot == 0 || len(t.pending) > 0 {
			return p.stepInPlace(t, b)
		}
		t.Regs.Rip = slot
	default:
		return p.stepInPlace(t, b)
	}
	return unix.PtraceSetRegs(t.ID, &t.Regs)
}

// stepInPlace runs the original instruction where it stands. Every other thread
// is stopped meanwhile, or one could slip past while the breakpoint is lifted.
func (p *Process) stepInPlace(t *Thread, b *breakpoint) error {
	if err := p.stopAll(t); err != nil {
		return err
	}
	t.Regs.Rip = b.addr
	if err := unix.PtraceSetRegs(t.ID, &t.Regs); err != nil {
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
	return p.step(t)
}

// step lets a stopped thread run one instruction.
func (p *Process) step(t *Thread) error {
	for {
		if err := ptraceStep(t.ID); err != nil {
			return err
		}
		var ws unix.WaitStatus
		if _, err := wait4(t.ID, &ws, unix.WALL); err != nil {
			return err
		}
		if !ws.Stopped() {
			p.gone(t.ID, ws)
			return unix.ESRCH
		}
		sig := ws.StopSignal()
		if eventOf(ws) != 0 {
			t.group = t.group || eventOf(ws) == eventStop && sig != unix.SIGTRAP
			continue
		}
		if sig == unix.SIGTRAP {
			if si, err := getSiginfo(t.ID); err != nil || si.Code > 0 {
				return err
			}
		}
		// A signal came first. It is delivered when the thread resumes; one
		// that the instruction itself has caused must be delivered right here.
		t.pending = append(t.pending, int(sig))
		if isFault(int(sig)) {
			return nil
		}
	}
}
