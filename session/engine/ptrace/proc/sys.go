//go:build linux && amd64

package proc

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"gtrace/procstatus"

	"golang.org/x/sys/unix"
)

// Requests which golang.org/x/sys does not wrap.
const (
	ptraceListen      = 0x4208
	ptraceGetSiginfo  = 0x4202
	ptraceSetSiginfo  = 0x4203
	ptracePeekSiginfo = 0x4209
	ptraceGetSigmask  = 0x420a
	ptraceSetSigmask  = 0x420b
	ptraceGetFPRegs   = 14
	eventStop         = 128
	// syscallStop is the signal of a stop at a system call, which no signal has:
	// with it, the death of the tracer leaves nothing to be delivered.
	syscallStop = unix.SIGTRAP | 0x80
)

func ptrace(request, tid int, addr, data uintptr) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func seize(tid, options int) error {
	return ptrace(unix.PTRACE_SEIZE, tid, 0, uintptr(options))
}

func interrupt(tid int) error { return ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0) }
func listen(tid int) error    { return ptrace(ptraceListen, tid, 0, 0) }

func ptraceDetach(tid int, sig unix.Signal) error {
	return ptrace(unix.PTRACE_DETACH, tid, 0, uintptr(sig))
}

func ptraceCont(tid int, sig unix.Signal) error {
	return ptrace(unix.PTRACE_CONT, tid, 0, uintptr(sig))
}

func ptraceSyscall(tid int, sig unix.Signal) error {
	return ptrace(unix.PTRACE_SYSCALL, tid, 0, uintptr(sig))
}

func ptraceStep(tid int) error { return ptrace(unix.PTRACE_SINGLESTEP, tid, 0, 0) }

// FPRegs are the floating point registers X0 to X15, low 128 bits.
type FPRegs struct {
	head [160]byte
	XMM  [16][16]byte
	_    [96]byte
}

// setPC changes where a stopped thread goes on.
func setPC(tid int, addr uint64) error {
	const ripOffset = 128 // in struct user
	return ptrace(unix.PTRACE_POKEUSR, tid, ripOffset, uintptr(addr))
}

func getFPRegs(tid int, regs *FPRegs) error {
	return ptrace(ptraceGetFPRegs, tid, 0, uintptr(unsafe.Pointer(regs)))
}

func wait4(pid int, ws *unix.WaitStatus, options int) (int, error) {
	for {
		id, err := unix.Wait4(pid, ws, options, nil)
		if err != unix.EINTR {
			return id, err
		}
	}
}

// cldTrapped is the code of a waited for a thread in a ptrace stop.
const cldTrapped = 4

// A waited is what waitid tells of a child.
type waited struct {
	Signo, Errno, Code, _ int32
	PID, UID, Status      int32
	_                     [100]byte
}

// peek waits for a child or tracee to change its state, which it leaves for
// wait4 to collect.
func peek(w *waited) error {
	return peekFor(w, unix.WEXITED|unix.WSTOPPED)
}

// peekEnded tells of one that has ended or, if it is a tracee, has stopped, if
// there is one: else w.PID is 0.
func peekEnded(w *waited) error {
	*w = waited{}
	return peekFor(w, unix.WEXITED|unix.WNOHANG)
}

func peekFor(w *waited, what int) error {
	options := what | unix.WNOWAIT | unix.WALL | unix.WNOTHREAD
	_, _, errno := unix.Syscall6(unix.SYS_WAITID, unix.P_ALL, 0, uintptr(unsafe.Pointer(w)), uintptr(options), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func eventOf(ws unix.WaitStatus) int { return int(uint32(ws) >> 16) }

// sameMemory reports whether two processes share their memory, if the kernel
// tells.
func sameMemory(a, b int) (same, known bool) {
	const kcmpVM = 1
	r, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(a), uintptr(b), kcmpVM, 0, 0, 0)
	return errno == 0 && r == 0, errno == 0
}

// Children returns the processes whose parent a process is.
func Children(pid int) []int {
	all, _ := os.ReadDir("/proc")
	var children []int
	for _, entry := range all {
		id, err := strconv.Atoi(entry.Name())
		if err == nil && procstatus.Of(id).Number("PPid") == pid {
			children = append(children, id)
		}
	}
	return children
}

func tracerOf(pid int) int { return procstatus.Of(pid).Number("TracerPid") }

// isZombie reports whether a thread has ended without having been waited for.
func isZombie(pid, tid int) bool {
	switch stateOf(pid, tid) {
	case "", "Z", "X":
		return true
	}
	return false
}

// stateOf returns the letter for what a thread does, or "".
func stateOf(pid, tid int) string {
	stat := statOf(strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid))
	if len(stat) == 0 {
		return ""
	}
	return stat[0]
}

// StartTime tells processes apart that have had the same PID. It is empty when
// there is none.
func StartTime(pid int) string {
	const startTime = 19
	stat := statOf(strconv.Itoa(pid))
	if len(stat) <= startTime {
		return ""
	}
	return stat[startTime]
}

// statOf returns the fields of a stat file from the state on. The name before
// it stands in parentheses, and may hold anything.
func statOf(task string) []string {
	data, err := os.ReadFile("/proc/" + task + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
}

// waitsIn returns the number of the system call that a thread waits in, or
// "running".
func waitsIn(pid, tid int) string {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid) + "/syscall")
	call, _, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	return call
}
