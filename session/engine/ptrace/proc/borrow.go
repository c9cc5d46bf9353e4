//go:build linux && amd64

package proc

import (
	"io"

	"golang.org/x/sys/unix"

	"gtrace/procstatus"
	"gtrace/repair"
)

// borrow makes a stopped thread carry out the system calls of a piece of code, one
// or two, and returns their results; the second one is not made when the first
// fails. The thread goes through code that would put its registers and its mask
// of signals back by itself and go on where it was: should its tracer die
// meanwhile, nothing is left to be done but to take the code away. Signals wait
// until it is over. A system call that the thread was waiting in goes on as after
// any stop.
//
// The code stands in the area, if there is one; else over text that is not run
// any more, whose original is the file's: what is in memory there may be what
// another tracer has left.
func (p *Process) borrow(t *Thread, body func(*assembler) (calls int)) (first, second uint64, err error) {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(t.ID, &regs); err != nil {
		return 0, 0, err
	}
	blocked, err := blockedSignals(t.ID)
	if err != nil {
		return 0, 0, err
	}
	if err := p.suspendFilters(t.ID); err != nil {
		return 0, 0, err
	}
	defer p.resumeFilters(t.ID)
	at := p.area.scratch.Addr
	if p.area.base != 0 {
		at = p.area.base + borrowAt
	}
	code, calls := borrowed(restarted(regs), blocked, at, body)
	if err := p.writeMarked(at, code); err != nil {
		return 0, 0, err
	}
	first, second, err = p.callAt(t, regs, at+uint64(len(repair.BorrowMark)), calls)
	if err == nil {
		err = p.giveBack(t, &regs, blocked)
	}
	if p.area.base == 0 {
		if werr := p.restoreScratch(p.mem); err == nil {
			err = werr
		}
	}
	if err == nil {
		err = callErrorOf(first)
	}
	return first, second, err
}

// call makes a stopped thread carry out one system call.
func (p *Process) call(t *Thread, nr uint64, args ...uint64) (uint64, error) {
	result, _, err := p.borrow(t, func(a *assembler) int {
		a.call(nr, args...)
		return 1
	})
	return result, err
}

// writeMarked writes code that begins with its mark, the mark first: whatever
// part of it is there can be told.
func (p *Process) writeMarked(at uint64, code []byte) error {
	mark := len(repair.BorrowMark)
	if _, err := p.WriteMemory(at, code[:mark]); err != nil {
		return err
	}
	_, err := p.WriteMemory(at+uint64(mark), code[mark:])
	return err
}

// restoreScratch puts back what stood where code was borrowed, the mark last.
func (p *Process) restoreScratch(mem io.WriterAt) error {
	s := &p.area.scratch
	mark := len(repair.BorrowMark)
	if len(s.Text) < repair.BorrowSize {
		return nil
	}
	_, err := mem.WriteAt(s.Text[mark:repair.BorrowSize], int64(s.Addr)+int64(mark))
	if err == nil {
		_, err = mem.WriteAt(s.Text[:mark], int64(s.Addr))
	}
	return err
}

// suspendFilters keeps the seccomp filters of a stopped thread from being asked,
// until resumeFilters or the end of its tracer: they may end it for a system call
// that it does not make by itself. It needs CAP_SYS_ADMIN, and a tracer that is
// under no filter. What a process that was started here has inherited is asked: the
// tracer lives under the same.
func (p *Process) suspendFilters(tid int) error {
	err := unix.PtraceSetOptions(tid, p.options|unix.PTRACE_O_SUSPEND_SECCOMP)
	if err == nil || err == unix.ESRCH || procstatus.Of(tid).Number("Seccomp") == 0 {
		return nil // one that has ended is found out next
	}
	if p.filters > 0 && p.filters == procstatus.Of(tid).Number("Seccomp_filters") {
		return nil
	}
	return &refusal{"it is under a seccomp filter, which might end it for what it is made to do", err}
}

func (p *Process) resumeFilters(tid int) {
	_ = unix.PtraceSetOptions(tid, p.options) // only one that has ended refuses
}

// restarted returns the registers with which a thread that was stopped in a
// system call makes the call again.
func restarted(regs unix.PtraceRegs) unix.PtraceRegs {
	const (
		restartSys   = -512
		restartNoInt = -513
		restartNoHnd = -514
		restartBlock = -516
	)
	call := regs.Orig_rax
	if int64(call) < 0 {
		return regs
	}
	switch int64(regs.Rax) {
	case restartSys, restartNoInt, restartNoHnd:
	case restartBlock:
		call = unix.SYS_RESTART_SYSCALL
	default:
		return regs
	}
	regs.Rax = call
	regs.Rip -= 2
	return regs
}

// callAt sends a thread to code that makes system calls, and stops it behind the
// last one, or the first that fails, with its signals blocked.
func (p *Process) callAt(t *Thread, regs unix.PtraceRegs, code uint64, calls int) (first, second uint64, err error) {
	regs.Rip = code
	regs.Orig_rax = ^uint64(0) // the kernel is not to take up another call
	if err := unix.PtraceSetRegs(t.ID, &regs); err != nil {
		return 0, 0, err
	}
	if err := blockSignals(t.ID, ^sigset(0)); err != nil {
		return 0, 0, err
	}
	// Where it is blocked, the kernel puts a signal back into its queue.
	first, err = p.callOut(t, p.takeSignal(t))
	if err != nil || calls == 1 || callErrorOf(first) != nil {
		return first, 0, err
	}
	second, err = p.callOut(t, 0)
	return first, second, err
}

// callOut lets a thread, whose signals are blocked, run with a signal until it has
// left the next system call, and returns the result.
func (p *Process) callOut(t *Thread, sig unix.Signal) (uint64, error) {
	for stops := 0; stops < 2; { // the call is entered, the call is left
		if err := ptraceSyscall(t.ID, sig); err != nil {
			return 0, err
		}
		ws, err := p.waitStop(t)
		if err != nil {
			return 0, err
		}
		sig = 0
		switch {
		case ws.StopSignal() == syscallStop:
			stops++
		case eventOf(ws) == 0: // SIGSTOP cannot be blocked: it gets it when it is resumed
			if err := t.keepSignal(); err != nil {
				return 0, err
			}
		}
	}
	var regs unix.PtraceRegs
	err := unix.PtraceGetRegs(t.ID, &regs)
	return regs.Rax, err
}

// giveBack stops a borrowed thread in the place in which it was before, so that
// the kernel takes up the system call that it was waiting in, or ends it if a
// signal has come.
func (p *Process) giveBack(t *Thread, regs *unix.PtraceRegs, blocked sigset) error {
	if err := interrupt(t.ID); err != nil {
		return err
	}
	if err := blockSignals(t.ID, blocked); err != nil {
		return err
	}
	if err := unix.PtraceSetRegs(t.ID, regs); err != nil {
		return err
	}
	if err := ptraceCont(t.ID, 0); err != nil {
		return err
	}
	ws, err := p.waitStop(t)
	if err == nil {
		t.group = eventOf(ws) == eventStop && ws.StopSignal() != unix.SIGTRAP
	}
	return err
}
