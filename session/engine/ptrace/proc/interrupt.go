//go:build linux && amd64

package proc

import (
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wakeSignal gets the tracing thread out of wait4. It is a real-time signal
// which nobody else uses; the Go runtime has a handler for it that does nothing.
const wakeSignal = 40

// Flags of a signal's handler.
const (
	saNoCldStop = 0x1
	saRestart   = 0x10000000
)

type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// catchInterrupts changes how two signals reach this process. wakeSignal must
// break wait4 with EINTR, so its handler must not restart system calls. And
// without SA_NOCLDSTOP the kernel would send a SIGCHLD for each stop of a traced
// thread, which nobody here wants.
var catchInterrupts = sync.OnceValue(func() error {
	if err := changeSigaction(wakeSignal, func(f uint64) uint64 { return f &^ saRestart }); err != nil {
		return err
	}
	return changeSigaction(unix.SIGCHLD, func(f uint64) uint64 { return f | saNoCldStop })
})

func changeSigaction(sig unix.Signal, change func(uint64) uint64) error {
	var sa sigaction
	if err := rtSigaction(sig, nil, &sa); err != nil {
		return err
	}
	sa.flags = change(sa.flags)
	return rtSigaction(sig, &sa, nil)
}

func rtSigaction(sig unix.Signal, set, old *sigaction) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig),
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// Interrupt makes the current or the next call of Next return ErrInterrupted,
// unless Proceed is called before. It may be called from any goroutine.
func (p *Process) Interrupt() {
	p.interrupted.Store(true)
	go func() {
		// The signal is lost on a thread that is just about to wait: repeat it.
		for p.interrupted.Load() {
			_ = unix.Tgkill(unix.Getpid(), p.tracer, wakeSignal)
			time.Sleep(time.Millisecond)
		}
	}()
}

// Proceed takes back an Interrupt that Next has not returned yet.
func (p *Process) Proceed() { p.interrupted.Store(false) }
