//go:build linux && amd64

package ptrace

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Most instructions can run at another address. A breakpoint over one of them
// is passed in a copy, followed by a jump back, so that it need not be lifted.
// The copies live in a few pages which the target is made to map near its text
// and to unmap when it is let go.
//
// Nobody may see a thread in there: whatever stops it inside a copy, it is set
// to the place in the text that corresponds, before the signal that has stopped
// it is delivered.
type slots struct {
	syscall uint64 // address of a SYSCALL instruction in the target
	base    uint64 // 0 until mapped
	used    int
	owner   []*breakpoint // by slot
	refused bool          // the target cannot or must not map memory
}

const (
	slotSize  = 32
	slotBytes = 1 << 16
	slotCount = slotBytes / slotSize
)

// AllowCopies lets breakpoints be passed in copies of their instructions.
// syscall is the address of a SYSCALL instruction in the target, which is used
// to make it map memory. A target under a seccomp filter is left alone: it may
// be killed for a system call it does not make by itself.
func (p *Process) AllowCopies(syscall uint64) {
	p.slots = slots{syscall: syscall}
}

// slot returns the address of the copy of b's instruction, made through the
// held thread t if there is none yet, or 0.
func (p *Process) slot(t *Thread, b *breakpoint) uint64 {
	s := &p.slots
	if b.slot != 0 || s.syscall == 0 || s.refused || s.used == slotCount {
		return b.slot
	}
	if s.base == 0 && p.mapSlots(t, b.addr) != nil {
		s.refused = true
		return 0
	}
	addr := s.base + uint64(s.used*slotSize)
	code, ok := moved(b, addr)
	if !ok {
		return 0
	}
	if _, err := p.WriteMemory(addr, code); err != nil {
		return 0
	}
	s.used++
	s.owner = append(s.owner, b)
	b.slot = addr
	return addr
}

// moved returns b's instruction for address to, with the jump back.
func moved(b *breakpoint, to uint64) ([]byte, bool) {
	code := append([]byte(nil), b.insn.Code...)
	if off := b.insn.Relative; off != 0 {
		old := int64(int32(binary.LittleEndian.Uint32(code[off:])))
		disp := old + int64(b.addr) - int64(to)
		if disp != int64(int32(disp)) {
			return nil, false
		}
		binary.LittleEndian.PutUint32(code[off:], uint32(int32(disp)))
	}
	back := int64(b.addr) - int64(to) - 5 // both sides are len(code) further on
	if back < math.MinInt32 || back > math.MaxInt32 {
		return nil, false
	}
	code = append(code, 0xe9)
	return binary.LittleEndian.AppendUint32(code, uint32(int32(back))), true
}

// mapSlots makes the target map pages for copies, close enough to text for
// relative addresses.
func (p *Process) mapSlots(t *Thread, text uint64) error {
	addr, err := gapBelow(p.PID, text)
	if err != nil {
		return err
	}
	const fixedNoReplace = 0x100000
	got, err := p.inject(t, unix.SYS_MMAP, addr, slotBytes, unix.PROT_READ|unix.PROT_EXEC,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|fixedNoReplace, math.MaxUint64, 0)
	if err != nil {
		return err
	}
	if got != addr {
		return fmt.Errorf("map %d bytes at %#x: %w", slotBytes, addr, unix.Errno(-got))
	}
	p.slots.base = addr
	return nil
}

// unmapSlots gives the pages back, through a stopped thread.
func (p *Process) unmapSlots(t *Thread) {
	if p.slots.base != 0 {
		_, _ = p.inject(t, unix.SYS_MUNMAP, p.slots.base, slotBytes)
		p.slots = slots{refused: true}
	}
}

// inject makes a stopped thread carry out one system call. Its registers are
// the same afterwards; a system call it was waiting in is taken up again.
func (p *Process) inject(t *Thread, nr uint64, args ...uint64) (uint64, error) {
	if statusField(t.ID, "Seccomp") != 0 {
		return 0, fmt.Errorf("thread %d: it is under a seccomp filter", t.ID)
	}
	var saved unix.PtraceRegs
	if err := unix.PtraceGetRegs(t.ID, &saved); err != nil {
		return 0, err
	}
	regs := saved
	regs.Rip, regs.Rax, regs.Orig_rax = p.slots.syscall, nr, math.MaxUint64
	for i, r := range []*uint64{&regs.Rdi, &regs.Rsi, &regs.Rdx, &regs.R10, &regs.R8, &regs.R9}[:len(args)] {
		*r = args[i]
	}
	if err := unix.PtraceSetRegs(t.ID, &regs); err != nil {
		return 0, err
	}
	err := p.step(t)
	if err == nil {
		err = unix.PtraceGetRegs(t.ID, &regs)
	}
	if rerr := unix.PtraceSetRegs(t.ID, &saved); err == nil {
		err = rerr
	}
	return regs.Rax, err
}

// leaveSlot sets a stopped thread that stands in a copy to the place in the text
// that corresponds. A signal that the copied instruction did not cause itself
// must not be delivered before it: the instruction would be run again
// afterwards, and its breakpoint be hit twice. With finish, it is run first.
func (p *Process) leaveSlot(t *Thread, finish bool) error {
	s := &p.slots
	if s.base == 0 {
		return nil
	}
	if err := unix.PtraceGetRegs(t.ID, &t.Regs); err != nil {
		return err
	}
	n := (t.Regs.Rip - s.base) / slotSize
	if t.Regs.Rip < s.base || n >= uint64(len(s.owner)) {
		return nil
	}
	b := s.owner[n]
	if t.Regs.Rip == b.slot && finish {
		before := len(t.pending)
		if err := p.step(t); err != nil {
			return err
		}
		// A fault of the instruction itself is delivered first.
		if k := len(t.pending); k > before && isFault(t.pending[k-1]) {
			t.pending[0], t.pending[k-1] = t.pending[k-1], t.pending[0]
		}
		if err := unix.PtraceGetRegs(t.ID, &t.Regs); err != nil {
			return err
		}
	}
	t.Regs.Rip += b.addr - b.slot
	if t.Regs.Rip > b.addr+uint64(b.insn.Length) {
		t.Regs.Rip = b.addr + uint64(b.insn.Length)
	}
	return unix.PtraceSetRegs(t.ID, &t.Regs)
}

// gapBelow returns an address below the text at which slotBytes are free.
func gapBelow(pid int, text uint64) (uint64, error) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/maps")
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	const lowest, reach = 1 << 16, 1 << 30
	end, found := uint64(lowest), uint64(0)
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var from, to uint64
		if _, err := fmt.Sscanf(sc.Text(), "%x-%x", &from, &to); err != nil {
			return 0, err
		}
		if from >= end+2*slotBytes {
			found = from - 2*slotBytes
		}
		if text < to {
			break
		}
		end = to
	}
	if found == 0 || text-found > reach {
		return 0, fmt.Errorf("no free memory near %#x", text)
	}
	return found, nil
}

func isFault(sig int) bool {
	switch unix.Signal(sig) {
	case unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL:
		return true
	}
	return false
}
