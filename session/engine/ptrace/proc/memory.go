//go:build linux && amd64

package proc

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// openMemory opens the memory of a process. The kernel allows that to whom it
// allows to trace.
func openMemory(pid int) (*os.File, error) {
	mem, err := os.OpenFile("/proc/"+strconv.Itoa(pid)+"/mem", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open memory of process %d: %w", pid, err)
	}
	return mem, nil
}

// Memory is the target's memory, of the program that it runs now: when it has
// replaced that, nothing can be read or written there any more.
func (p *Process) Memory() *os.File { return p.mem }

// stale reports whether the memory is that of a program which is gone. Nothing is
// ever mapped at 0, which is another error.
func (p *Process) stale() bool {
	_, err := p.mem.ReadAt(make([]byte, 1), 0)
	return err == io.EOF
}

// ReadMemory fills buf from the target's memory at addr. It reads all of it or
// fails. The signature is that of Delve's memory readers.
func (p *Process) ReadMemory(buf []byte, addr uint64) (int, error) {
	if len(buf) == 0 {
		return 0, nil
	}
	local := [1]unix.Iovec{{Base: &buf[0], Len: uint64(len(buf))}}
	remote := [1]unix.RemoteIovec{{Base: uintptr(addr), Len: len(buf)}}
	n, err := unix.ProcessVMReadv(p.PID, local[:], remote[:], 0)
	// ESRCH: the leader has ended, and its threads run on.
	if err == unix.ENOSYS || err == unix.EPERM || err == unix.ESRCH {
		n, err = p.mem.ReadAt(buf, int64(addr))
	}
	if err != nil {
		return n, fmt.Errorf("read %d bytes at %#x: %w", len(buf), addr, err)
	}
	if n < len(buf) {
		return n, fmt.Errorf("read %d bytes at %#x: only %d are there", len(buf), addr, n)
	}
	return n, nil
}

// WriteMemory writes data to the target's memory at addr, read-only pages
// included.
func (p *Process) WriteMemory(addr uint64, data []byte) (int, error) {
	n, err := p.mem.WriteAt(data, int64(addr))
	if err != nil {
		return n, fmt.Errorf("write %d bytes at %#x: %w", len(data), addr, err)
	}
	return n, nil
}
