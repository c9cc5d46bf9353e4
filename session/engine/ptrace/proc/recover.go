//go:build linux && amd64

package proc

import (
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"gtrace/repair"
)

// Recover takes back what a tracer that was killed has left in a process besides
// breakpoints: its area, and the handler in there. The process is attached to for
// the time.
//
// The pieces are code as it should be where that tracer had borrowed it. When every
// thread is stopped outside of them, whole is called, which puts them back and
// checks that all text is as it should be. Without that nothing else is taken back:
// the handler is what lets threads pass the breakpoints that may be left.
func Recover(pid int, pieces []repair.Piece, whole func() error) error {
	const most = 4 // areas that were left
	for range most {
		p, err := Attach(pid)
		if err != nil {
			return fmt.Errorf("attach to process %d: %w", pid, err)
		}
		if err := p.recover(pieces, whole); err != nil {
			p.area = area{tried: true} // it stays
			_ = p.Detach()
			return err
		}
		if err := p.Detach(); err != nil || !HasArea(pid) {
			return err
		}
	}
	return fmt.Errorf("process %d has still such memory after %d times", pid, most)
}

func (p *Process) recover(pieces []repair.Piece, whole func() error) error {
	if err := p.StopAll(); err != nil || p.ended != nil {
		return err
	}
	for _, piece := range pieces {
		// It may be about to map the area.
		if err := p.leave(piece.Address, len(piece.Code)); err != nil || p.ended != nil {
			return err
		}
	}
	if err := whole(); err != nil {
		return err
	}
	if err := p.loadArea(); err != nil {
		return fmt.Errorf("read memory of process %d: %w", p.PID, err)
	}
	if p.area.base == 0 {
		return nil
	}
	if err := p.unblock(); err != nil && err != unix.ESRCH {
		return fmt.Errorf("unblock signals of process %d: %w", p.PID, err)
	}
	if err := p.leave(p.area.base+borrowAt, repair.BorrowSize); err != nil {
		return err
	}
	for _, t := range p.threads {
		t.stepped = true // its tracer may have made it
	}
	return nil
}

// leave lets threads run until none is in borrowed code. A thread runs through that
// in some thirty instructions. It is not made to step: there may be no handler.
func (p *Process) leave(addr uint64, size int) error {
	for deadline := time.Now().Add(borrowerPatience); ; {
		inside := false
		for _, t := range p.threads {
			if pc, ok := p.place(t); !ok && !t.stuck || ok && pc-addr >= uint64(size) {
				continue // it has ended, or is elsewhere
			}
			inside = true
			if t.stuck {
				t.stuck = false
				continue
			}
			t.group = false // it leaves that stop for it
			if err := p.cont(t); err != nil {
				return err
			}
		}
		switch {
		case !inside:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("process %d does not leave the code at %#x", p.PID, addr)
		}
		time.Sleep(borrowerPause)
		if err := p.StopAll(); err != nil || p.ended != nil {
			return err
		}
	}
}

// noteMask leaves word of the signals that a thread blocks, before all are blocked
// for a moment: its tracer may be killed in that.
func (p *Process) noteMask(t *Thread, blocked sigset) {
	if p.area.base == 0 {
		return
	}
	words := binary.LittleEndian.AppendUint64(nil, uint64(t.ID))
	words = binary.LittleEndian.AppendUint64(words, uint64(blocked))
	_, _ = p.WriteMemory(p.area.base+areaMask, words) // only a process that has ended has no header
}

// unblock gives the thread that was noted last its mask back, if it was left blocked.
func (p *Process) unblock() error {
	id, err := p.word(p.area.base + areaMask)
	if err != nil {
		return err
	}
	mask, err := p.word(p.area.base + areaMask + 8)
	if t := p.threads[int(id)]; err != nil || t == nil {
		return err
	}
	now, err := blockedSignals(int(id))
	if err != nil || now != sigset(mask)|blockable {
		return err
	}
	return blockSignals(int(id), sigset(mask))
}

// HasArea reports whether a process has an area.
func HasArea(pid int) bool {
	p := &Process{PID: pid}
	return findArea(pid, p.ReadMemory) != 0
}

// Left returns how many breakpoints stand in the text of a process that the
// tracer of its area has planted there.
func Left(pid int) int { return len(Planted(pid)) }

// Planted returns where they stand.
func Planted(pid int) map[uint64]bool {
	planted := map[uint64]bool{}
	p := &Process{PID: pid, breaks: map[uint64]*breakpoint{}}
	if p.loadArea() != nil {
		return planted // it has ended
	}
	for _, b := range p.breaks {
		if b.original == int3 {
			planted[b.addr] = true
		}
	}
	return planted
}

// loadArea reads what a target's area holds.
func (p *Process) loadArea() error {
	base := findArea(p.PID, p.ReadMemory)
	if base == 0 {
		return nil
	}
	var header [headerSize]byte
	if _, err := p.ReadMemory(header[:], base); err != nil {
		return err
	}
	table := make([]byte, slotCount*entrySize)
	if _, err := p.ReadMemory(table, base+tableAt); err != nil {
		return err
	}
	a := &p.area
	a.tried, a.left, a.base = true, true, base
	if err := p.loadScratch(header[:]); err != nil {
		return err
	}
	for ; len(table) > 0; table = table[entrySize:] {
		addr := binary.LittleEndian.Uint64(table) - 1
		if addr == ^uint64(0) {
			break
		}
		b := &breakpoint{addr: addr, slot: binary.LittleEndian.Uint64(table[8:])}
		var now [1]byte
		if _, err := p.ReadMemory(now[:], addr); err != nil {
			return err
		}
		b.original = now[0]
		a.slots = append(a.slots, b)
		p.breaks[addr] = b
	}
	return nil
}

// loadScratch takes the text where code can be borrowed from the header of an
// area. It is as it should be by then.
func (p *Process) loadScratch(header []byte) error {
	const most = 64 << 10
	s := &p.area.scratch
	s.Addr = binary.LittleEndian.Uint64(header[areaScratch:])
	size := binary.LittleEndian.Uint64(header[areaScratch+8:])
	if size < repair.BorrowSize || size > most {
		return fmt.Errorf("what is at %#x is not a header of gtrace's", p.area.base)
	}
	s.Text = make([]byte, size)
	_, err := p.ReadMemory(s.Text, s.Addr)
	return err
}

func (p *Process) word(addr uint64) (uint64, error) {
	var word [8]byte
	_, err := p.ReadMemory(word[:], addr)
	return binary.LittleEndian.Uint64(word[:]), err
}
