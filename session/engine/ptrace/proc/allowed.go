//go:build linux && amd64

package proc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Allowed tells why a process may not be traced, or nil. It asks the kernel what
// Attach asks, without touching the process.
func Allowed(pid int) error {
	// There is no process -1: any other answer is that of a filter, which lets
	// nobody be traced.
	if err := seize(-1, traceOptions); err != unix.ESRCH {
		return fmt.Errorf("the system call ptrace is forbidden: %w", err)
	}
	mem, err := openMemory(pid)
	if err != nil {
		return err
	}
	return mem.Close()
}
