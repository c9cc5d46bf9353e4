//go:build linux && amd64

package proc

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The processor watches memory for one thread at a time: each has debug registers
// of its own, which a thread that it makes does not inherit. They stay as they are
// when a tracer dies or lets go, and go on to send a SIGTRAP for each write then.
// So nothing is watched in a target whose handler of SIGTRAP is not that of the
// area, which returns at once from such a signal; and Detach clears them.

// MaxWatched is how many watchpoints a processor has.
const MaxWatched = 4

// A Watchpoint is memory whose writes are to be reported. Size is 1, 2, 4 or 8,
// and Addr a multiple of it.
type Watchpoint struct {
	Addr uint64
	Size int
}

const (
	debugRegisters = 848 // offset in struct user
	debugStatus    = 6   // which of the first four have triggered
	debugControl   = 7
	// trapWatch is the code of the SIGTRAP of a watchpoint. Only a debugger can
	// make a thread get one.
	trapWatch = 4
)

// Watch says what is watched from now on, in place of what was before: none, to
// end it. Every thread is stopped; Resume or Next lets them run. An error means
// that nothing is watched.
func (p *Process) Watch(list []Watchpoint) error {
	if len(list) > MaxWatched {
		return fmt.Errorf("watch %d places: a processor has %d watchpoints", len(list), MaxWatched)
	}
	if err := p.StopAll(); err != nil || p.ended != nil {
		return err
	}
	p.watched = append([]Watchpoint(nil), list...)
	p.watches++
	for _, t := range p.threads {
		err := p.arm(t)
		if err == nil || err == unix.ESRCH || !p.Holds(t) {
			continue
		}
		p.watched = nil
		p.watches++
		for _, t := range p.threads {
			_ = p.arm(t)
		}
		return fmt.Errorf("set debug registers of thread %d of process %d: %w", t.ID, p.PID, err)
	}
	return nil
}

// CanWatch says why nothing can be watched: the processor may have no watchpoints,
// as that of a virtual machine, or others may use them. Every thread is stopped;
// Resume or Next lets them run.
func (p *Process) CanWatch() error {
	if err := p.StopAll(); err != nil || p.ended != nil {
		return err
	}
	for _, t := range p.threads {
		// Nothing is watched by that.
		if err := setDebug(t.ID, 0, p.area.scratch.Addr); err != unix.ESRCH {
			return err
		}
	}
	return nil
}

// arm sets the debug registers of a stopped thread, unless they are.
func (p *Process) arm(t *Thread) error {
	if t.watches == p.watches {
		return nil
	}
	if err := setDebug(t.ID, debugControl, 0); err != nil {
		return err
	}
	control := uint64(0)
	for i, w := range p.watched {
		if err := setDebug(t.ID, i, w.Addr); err != nil {
			return err
		}
		const onWrite = 1
		size := map[int]uint64{1: 0, 2: 1, 4: 3, 8: 2}[w.Size]
		control |= 1<<(2*i) | (onWrite|size<<2)<<(16+4*i)
	}
	if control != 0 {
		if err := setDebug(t.ID, debugControl, control); err != nil {
			return err
		}
	}
	t.watches = p.watches
	return nil
}

// disarm clears the debug registers of a stopped thread, if any were set, by this
// tracer or by one before it.
func (p *Process) disarm(t *Thread) error {
	if p.watches == 0 && !p.area.left {
		return nil
	}
	return setDebug(t.ID, debugControl, 0)
}

// triggered returns which watchpoints a stopped thread has run into, as a set of
// bits.
func (p *Process) triggered(t *Thread) uint8 {
	if len(p.watched) == 0 {
		return 0
	}
	status, err := getDebug(t.ID, debugStatus)
	if err != nil || setDebug(t.ID, debugStatus, 0) != nil {
		return 0
	}
	return uint8(status) & (1<<len(p.watched) - 1)
}

// wrote reports whether a stopped thread has run into watchpoints. It stays
// stopped then until Next has told.
func (p *Process) wrote(t *Thread) bool {
	if t.wrote == 0 {
		return false
	}
	p.reported = append(p.reported, Stop{Cause: Written, Thread: t, Watched: t.wrote})
	t.wrote, t.waits = 0, true
	return true
}

// locate says where in the text a thread stands that has run into a watchpoint:
// behind the instruction that has written, or at it if it repeats itself. It may be
// one in a slot.
func (p *Process) locate(s *Stop) error {
	regs := &s.Thread.Regs
	if err := unix.PtraceGetRegs(s.Thread.ID, regs); err != nil {
		return err
	}
	s.Addr = regs.Rip - 1
	b := p.area.slotAt(regs.Rip)
	if b == nil || b.slot != regs.Rip {
		b = p.area.slotAt(s.Addr)
	}
	if b != nil {
		s.Addr = b.addr
	}
	return nil
}

func setDebug(tid, n int, v uint64) error {
	return ptrace(unix.PTRACE_POKEUSR, tid, uintptr(debugRegisters+8*n), uintptr(v))
}

func getDebug(tid, n int) (v uint64, err error) {
	err = ptrace(unix.PTRACE_PEEKUSR, tid, uintptr(debugRegisters+8*n), uintptr(unsafe.Pointer(&v)))
	return v, err
}
