//go:build linux && amd64

package ptrace

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// borrowSize is room enough for the code that borrowed returns.
const borrowSize = 256

// borrow makes a stopped thread carry out one system call, and returns its
// result. The thread goes through code that would put its registers and its mask
// of signals back by itself and go on where it was: should its tracer die
// meanwhile, nothing is left to be done. Signals wait until it is over. A system
// call that the thread was waiting in goes on as after any stop.
func (p *Process) borrow(t *Thread, nr uint64, args ...uint64) (result uint64, err error) {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(t.ID, &regs); err != nil {
		return 0, err
	}
	blocked, err := blockedSignals(t.ID)
	if err != nil {
		return 0, err
	}
	scratch := p.area.scratch.Addr
	code := borrowed(restarted(regs), blocked, scratch, nr, args)
	text := make([]byte, len(code))
	if _, err := p.ReadMemory(text, scratch); err != nil {
		return 0, err
	}
	p.record(Change{Patches: []Patch{{Addr: scratch, Text: text}}})
	if _, err := p.WriteMemory(scratch, code); err != nil {
		return 0, err
	}
	err = suspendFilters(t.ID)
	if err == nil {
		result, err = p.callAt(t, regs, scratch)
		resumeFilters(t.ID)
	}
	if err == nil {
		err = p.giveBack(t, &regs, blocked)
	}
	if _, werr := p.WriteMemory(scratch, text); err == nil {
		err = werr
	}
	p.record(Change{Restored: []uint64{scratch}})
	if errno := -int64(result); err == nil && errno > 0 && errno < 4096 {
		err = callError{unix.Errno(errno)}
	}
	return result, err
}

// suspendFilters keeps the seccomp filters of a stopped thread from being asked,
// until resumeFilters or the end of its tracer: they may end it for a system call
// that it does not make by itself. It needs CAP_SYS_ADMIN, and a tracer that is
// under no filter. The error is a callError, as if the filter had refused.
func suspendFilters(tid int) error {
	err := unix.PtraceSetOptions(tid, traceOptions|unix.PTRACE_O_SUSPEND_SECCOMP)
	if err == nil || err == unix.ESRCH || statusField(tid, "Seccomp") == 0 {
		return nil // one that has ended is found out next
	}
	return callError{err.(unix.Errno)}
}

func resumeFilters(tid int) {
	_ = unix.PtraceSetOptions(tid, traceOptions) // only one that has ended refuses
}

// A callError is the error of a system call that the target has made.
type callError struct{ unix.Errno }

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

// callAt sends a thread to code that makes a system call, and stops it behind
// that, with its signals blocked.
func (p *Process) callAt(t *Thread, regs unix.PtraceRegs, code uint64) (result uint64, err error) {
	regs.Rip = code
	regs.Orig_rax = ^uint64(0) // the kernel is not to take up another call
	if err := unix.PtraceSetRegs(t.ID, &regs); err != nil {
		return 0, err
	}
	if err := blockSignals(t.ID, ^sigset(0)); err != nil {
		return 0, err
	}
	// Where it is blocked, the kernel puts a signal back into its queue.
	sig := p.takeSignal(t)
	for stops := 0; stops < 2; { // the call is entered, the call is left
		if err := ptraceSyscall(t.ID, sig); err != nil {
			return 0, err
		}
		ws, err := p.waitStop(t)
		if err != nil {
			return 0, err
		}
		sig = 0
		if ws.StopSignal() == syscallStop {
			stops++
		}
	}
	if err := unix.PtraceGetRegs(t.ID, &regs); err != nil {
		return 0, err
	}
	return regs.Rax, nil
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

// borrowed is code for the address at that makes a system call, sets the mask of
// signals and every register that this changes, and goes on where regs say.
// Flags are the same: SYSCALL keeps them and MOV does not change them.
func borrowed(regs unix.PtraceRegs, blocked sigset, at, nr uint64, args []uint64) []byte {
	const ax, cx, dx, si, di, r8, r9, r10, r11 = 0, 1, 2, 6, 7, 8, 9, 10, 11
	const setMask = 2
	// Behind the code.
	const rip, mask = borrowSize - 16, borrowSize - 8
	var code []byte
	set := func(reg byte, v uint64) {
		code = append(code, 0x48|reg>>3, 0xb8|reg&7) // MOVQ $v, reg
		code = binary.LittleEndian.AppendUint64(code, v)
	}
	call := func(nr uint64, args ...uint64) {
		set(ax, nr)
		for i, v := range args {
			set([]byte{di, si, dx, r10, r8, r9}[i], v)
		}
		code = append(code, 0x0f, 0x05) // SYSCALL
	}
	call(nr, args...)
	call(unix.SYS_RT_SIGPROCMASK, setMask, at+mask, 0, uint64(unsafe.Sizeof(blocked)))
	set(ax, regs.Rax)
	set(di, regs.Rdi)
	set(si, regs.Rsi)
	set(dx, regs.Rdx)
	set(r10, regs.R10)
	set(r8, regs.R8)
	set(r9, regs.R9)
	set(cx, regs.Rcx)
	set(r11, regs.R11)
	code = append(code, 0xff, 0x25) // JMP *rip
	code = binary.LittleEndian.AppendUint32(code, uint32(rip-len(code)-4))
	code = append(code, make([]byte, rip-len(code))...)
	code = binary.LittleEndian.AppendUint64(code, regs.Rip)
	return binary.LittleEndian.AppendUint64(code, uint64(blocked))
}
