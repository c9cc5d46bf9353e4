//go:build linux && amd64

package ptrace

import (
	"fmt"
	"runtime"

	"gtrace/repair"
	"gtrace/session/engine/ptrace/guard"
	"gtrace/session/engine/ptrace/proc"
)

// HasLeft reports whether an engine that was killed, together with its guard,
// has left something in a process besides breakpoints: a handler of SIGTRAP, and
// memory for it. It says so of a process that is being traced, too.
func HasLeft(pid int) bool { return proc.HasArea(pid) }

// Recover removes that, and breakpoints if there are any. The process is attached
// to for a moment.
func Recover(pid int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	code, err := repair.Open(pid, true)
	if err != nil {
		return fmt.Errorf("recover process %d: %w", pid, err)
	}
	defer code.Close()
	if _, err := guard.Mend(pid, code); err != nil {
		return fmt.Errorf("recover process %d: %w", pid, refusal(err))
	}
	return nil
}
