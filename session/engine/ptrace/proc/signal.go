//go:build linux && amd64

package proc

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// A signal is told with who has sent it and why, and with a value. The kernel
// keeps that for a thread that is resumed from the very stop in which its tracer
// was told of the signal. So a thread that has to do something else first is
// kept from getting a second one meanwhile, and the first is put back as it was
// into the stop that follows.

// siginfo is the head of the kernel's siginfo_t.
type siginfo struct {
	Signo, Errno, Code int32
	_                  [116]byte
}

const (
	// siKernel is the code of the SIGTRAP of an int3. That of a single step has
	// another positive one, and one sent by a process none.
	siKernel = 0x80
	siTkill  = -6 // sent by tgkill
	trapStep = 2
)

func getSiginfo(tid int) (siginfo, error) {
	var si siginfo
	err := ptrace(ptraceGetSiginfo, tid, 0, uintptr(unsafe.Pointer(&si)))
	return si, err
}

func setSiginfo(tid int, si *siginfo) error {
	return ptrace(ptraceSetSiginfo, tid, 0, uintptr(unsafe.Pointer(si)))
}

// trapPending reports whether a SIGTRAP with a code waits in the thread's queue of
// signals.
func trapPending(tid int, code int32) bool {
	args := struct {
		off   uint64
		flags uint32
		nr    int32
	}{nr: 1}
	for {
		var si siginfo
		n, _, errno := unix.Syscall6(unix.SYS_PTRACE, ptracePeekSiginfo, uintptr(tid),
			uintptr(unsafe.Pointer(&args)), uintptr(unsafe.Pointer(&si)), 0, 0)
		if errno != 0 || n == 0 {
			return false
		}
		if si.Signo == int32(unix.SIGTRAP) && si.Code == code {
			return true
		}
		args.off++
	}
}

// keepSignal takes note of the signal that has stopped a thread.
func (t *Thread) keepSignal() error {
	si, err := getSiginfo(t.ID)
	if err == nil {
		t.pending = append(t.pending, si)
	}
	return err
}

// dropTraps forgets those of a thread's signals that are of a tracer which was killed. The
// thread was stopped for them before anything was known of that.
func (p *Process) dropTraps(t *Thread) error {
	rest := t.pending[:0]
	for _, si := range t.pending {
		if si.Signo != int32(unix.SIGTRAP) || si.Code != siKernel && si.Code != trapWatch && si.Code != trapStep {
			rest = append(rest, si)
			continue
		}
		if si.Code != siKernel {
			continue
		}
		var regs unix.PtraceRegs
		if err := unix.PtraceGetRegs(t.ID, &regs); err != nil {
			return err
		}
		b := p.breaks[regs.Rip-1]
		if b == nil { // one of the program's own
			rest = append(rest, si)
			continue
		}
		if err := setPC(t.ID, b.addr); err != nil {
			return err
		}
	}
	t.pending = rest
	return nil
}

// takeSignal returns the signal with which to resume t, or 0, and gives it the
// siginfo it came with. A thread can be resumed with one signal only: further
// ones are sent again.
func (p *Process) takeSignal(t *Thread) unix.Signal {
	if len(t.pending) == 0 {
		return 0
	}
	first := t.pending[0]
	_ = setSiginfo(t.ID, &first)
	for _, si := range t.pending[1:] {
		p.sendAgain(t, &si)
	}
	t.pending = t.pending[:0]
	return unix.Signal(first.Signo)
}

// sendAgain sends a signal to t, with its siginfo if the kernel believes it.
func (p *Process) sendAgain(t *Thread, si *siginfo) {
	if si.Code < 0 && si.Code != siTkill {
		_, _, errno := unix.RawSyscall6(unix.SYS_RT_TGSIGQUEUEINFO, uintptr(p.PID), uintptr(t.ID),
			uintptr(si.Signo), uintptr(unsafe.Pointer(si)), 0, 0)
		if errno == 0 {
			return
		}
	}
	_ = unix.Tgkill(p.PID, t.ID, unix.Signal(si.Signo))
}

// isFault reports whether a signal is one that instructions cause.
func isFault(sig unix.Signal) bool {
	switch sig {
	case unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL:
		return true
	}
	return false
}

type sigset uint64

func (s sigset) without(sig unix.Signal) sigset { return s &^ (1 << (sig - 1)) }

// blockable are the signals that can wait. The kernel kills a process whose
// instructions cause one that it blocks, and blocks no SIGKILL and no SIGSTOP.
var blockable = (^sigset(0)).without(unix.SIGTRAP).without(unix.SIGSEGV).without(unix.SIGBUS).
	without(unix.SIGFPE).without(unix.SIGILL).without(unix.SIGKILL).without(unix.SIGSTOP)

func blockedSignals(tid int) (sigset, error) {
	var s sigset
	err := ptrace(ptraceGetSigmask, tid, unsafe.Sizeof(s), uintptr(unsafe.Pointer(&s)))
	return s, err
}

func blockSignals(tid int, s sigset) error {
	return ptrace(ptraceSetSigmask, tid, unsafe.Sizeof(s), uintptr(unsafe.Pointer(&s)))
}
