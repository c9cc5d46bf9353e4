//go:build linux && amd64

package proc

import (
	"errors"
	"fmt"

	"gtrace/procstatus"

	"golang.org/x/sys/unix"
)

// Securable says why Secure would fail for a process with code near an address, as
// far as can be seen without touching it, or nil. Seccomp filters are not asked.
func Securable(pid int, near uint64) error {
	if caught, ok := caughtSignals(pid); ok && caught == caught.without(unix.SIGTRAP) {
		return errors.New("it has no handler of SIGTRAP")
	}
	var limit unix.Rlimit
	if unix.Prlimit(pid, unix.RLIMIT_AS, nil, &limit) == nil && limit.Cur != unix.RLIM_INFINITY {
		if size := uint64(procstatus.Of(pid).Number("VmSize")) << 10; size+areaSize > limit.Cur {
			return fmt.Errorf("it cannot map 2 MB of memory: it has %d MB of the %d MB that it may have (RLIMIT_AS)", size>>20, limit.Cur>>20)
		}
	}
	if HasArea(pid) {
		return nil // that is taken back first
	}
	if _, err := gapNear(pid, near); err != nil {
		return fmt.Errorf("it cannot map 2 MB of memory near its code: %w", err)
	}
	return nil
}

// caughtSignals returns the signals that a process has handlers for.
func caughtSignals(pid int) (sigset, bool) {
	caught, ok := procstatus.Of(pid).Set("SigCgt")
	return sigset(caught), ok
}
