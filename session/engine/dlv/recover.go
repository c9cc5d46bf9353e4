//go:build linux && amd64

package dlv

import (
	"fmt"
	"runtime"

	"gtrace/session/engine/dlv/guard"
	"gtrace/session/engine/dlv/ptrace"
	"gtrace/session/engine/dlv/text"
)

// HasLeft reports whether an engine that was killed, together with its guard,
// has left something in a process besides breakpoints: a handler of SIGTRAP, and
// memory for it. It says so of a process that is being traced, too.
func HasLeft(pid int) bool { return ptrace.HasArea(pid) }

// Recover removes that, and breakpoints if there are any. The process is attached
// to for a moment.
func Recover(pid int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	code, err := text.Open(pid, true)
	if err != nil {
		return fmt.Errorf("recover process %d: %w", pid, err)
	}
	defer code.Close()
	if _, err := guard.Mend(pid, code); err != nil {
		return fmt.Errorf("recover process %d: %w", pid, refusal(err))
	}
	return nil
}
