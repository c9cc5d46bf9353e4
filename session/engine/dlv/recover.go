//go:build linux && amd64

package dlv

import (
	"fmt"
	"runtime"
	"time"

	"gtrace/session/engine/dlv/ptrace"
)

// HasLeft reports whether an engine that was killed, together with its guard,
// has left something in a process besides breakpoints: a handler of SIGTRAP, and
// memory for it. It says so of a process that is being traced, too.
func HasLeft(pid int) bool { return ptrace.HasArea(pid) }

// settle is how long threads get to leave that memory by themselves. One that was
// interrupted there by a signal comes back when it has handled it.
const settle = 50 * time.Millisecond

// Recover removes that. No breakpoint may be left in the process, which is
// attached to for a moment.
func Recover(pid int) error {
	time.Sleep(settle)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := ptrace.Recover(pid, nil, nil); err != nil {
		return fmt.Errorf("recover process %d: %w", pid, refusal(err))
	}
	return nil
}
