//go:build linux && amd64

package ptrace

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// borrowSize is room enough for the code that borrowed returns.
const borrowSize = 192

// borrow makes a stopped thread carry out one system call, and returns its
// result. The thread goes through code that would put its registers back by
// itself and go on where it was: should its tracer die meanwhile, nothing is
// left to be done. A system call that the thread was waiting in is taken up
// again.
func (p *Process) borrow(t *Thread, nr uint64, args ...uint64) (result uint64, err error) {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(t.ID, &regs); err != nil {
		return 0, err
	}
	scratch := p.area.scratch.Addr
	interruptible := restarted(&regs)
	code := borrowed(&regs, nr, args)
	text := make([]byte, len(code))
	if _, err := p.ReadMemory(text, scratch); err != nil {
		return 0, err
	}
	p.record(Change{Patches: []Patch{{Addr: scratch, Text: text}}})
	if _, err := p.WriteMemory(scratch, code); err != nil {
		return 0, err
	}
	result, err = p.callAt(t, regs, scratch)
	if err == nil {
		if interruptible && len(t.pending) > 0 {
			// As the kernel would: a signal ends the call that was waited in.
			eintr := unix.EINTR
			regs.Rax = -uint64(eintr)
			regs.Rip += 2
		}
		err = unix.PtraceSetRegs(t.ID, &regs)
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

// A callError is the error of a system call that the target has made.
type callError struct{ unix.Errno }

// restarted changes the registers of a thread that was stopped in a system call
// so that it makes the call again. The kernel does the same when it resumes one.
// It reports whether a signal ends the call instead.
func restarted(regs *unix.PtraceRegs) (interruptible bool) {
	const (
		restartSys   = -512
		restartNoInt = -513
		restartNoHnd = -514
		restartBlock = -516
	)
	call := regs.Orig_rax
	regs.Orig_rax = ^uint64(0) // the kernel is to keep out of it
	if int64(call) < 0 {
		return false
	}
	switch int64(regs.Rax) {
	case restartSys, restartNoInt:
	case restartNoHnd:
		interruptible = true
	case restartBlock:
		interruptible = true
		call = unix.SYS_RESTART_SYSCALL
	default:
		return false
	}
	regs.Rax = call
	regs.Rip -= 2
	return interruptible
}

// callAt sends a thread to code that makes a system call, and stops it behind
// that.
func (p *Process) callAt(t *Thread, regs unix.PtraceRegs, code uint64) (result uint64, err error) {
	regs.Rip = code
	if err := unix.PtraceSetRegs(t.ID, &regs); err != nil {
		return 0, err
	}
	for stops := 0; stops < 2; { // the call is entered, the call is left
		if err := ptraceSyscall(t.ID); err != nil {
			return 0, err
		}
		var ws unix.WaitStatus
		if _, err := wait4(t.ID, &ws, unix.WALL); err != nil {
			return 0, err
		}
		switch {
		case !ws.Stopped():
			p.gone(t.ID, ws)
			return 0, unix.ESRCH
		case ws.StopSignal() == syscallStop:
			stops++
		case eventOf(ws) == 0:
			t.pending = append(t.pending, int(ws.StopSignal()))
		}
	}
	if err := unix.PtraceGetRegs(t.ID, &regs); err != nil {
		return 0, err
	}
	return regs.Rax, nil
}

// borrowed is code that makes a system call, sets every register that this
// changes to what it is in regs, and goes on where regs say. Flags are the same:
// SYSCALL keeps them and MOV does not change them.
func borrowed(regs *unix.PtraceRegs, nr uint64, args []uint64) []byte {
	const ax, cx, dx, si, di, r8, r9, r10, r11 = 0, 1, 2, 6, 7, 8, 9, 10, 11
	var code []byte
	set := func(reg byte, v uint64) {
		code = append(code, 0x48|reg>>3, 0xb8|reg&7) // MOVQ $v, reg
		code = binary.LittleEndian.AppendUint64(code, v)
	}
	set(ax, nr)
	for i, v := range args {
		set([]byte{di, si, dx, r10, r8, r9}[i], v)
	}
	code = append(code, 0x0f, 0x05) // SYSCALL
	set(ax, regs.Rax)
	set(di, regs.Rdi)
	set(si, regs.Rsi)
	set(dx, regs.Rdx)
	set(r10, regs.R10)
	set(r8, regs.R8)
	set(r9, regs.R9)
	set(cx, regs.Rcx)
	set(r11, regs.R11)
	code = append(code, 0xff, 0x25, 0, 0, 0, 0) // JMP *(next 8 bytes)
	return binary.LittleEndian.AppendUint64(code, regs.Rip)
}
