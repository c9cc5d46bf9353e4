//go:build linux && amd64

package guard

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"gtrace/repair"
	"gtrace/session/engine"
	"gtrace/session/engine/ptrace/proc"
)

// settle is how long threads get to leave the area by themselves. One that was
// interrupted there by a signal comes back when it has handled it.
const settle = 50 * time.Millisecond

// Mend takes back what a tracer that was killed has left in a process, whose code
// is open for writing: first the breakpoints, found by a comparison with the file,
// then borrowed code, the handler and its memory. What it goes by is the process
// itself: whatever anybody was told may have become untrue.
//
// The handler stays while there is a breakpoint: it is what lets threads pass it.
func Mend(pid int, code *repair.Process) (removed int, err error) {
	found, err := code.Compare()
	if err != nil {
		return 0, gone(err)
	}
	if removed, err = code.Restore(found, ours(pid, found)); err != nil {
		return removed, gone(err)
	}
	pieces, err := found.Originals()
	if err != nil || len(pieces) == 0 && !proc.HasArea(pid) {
		return removed, err
	}
	time.Sleep(settle)
	put := func() error {
		if err := code.Put(pieces); err != nil {
			return err
		}
		return whole(pid, code)
	}
	err = proc.Recover(pid, pieces, put)
	if errors.Is(err, fs.ErrPermission) {
		_ = code.Put(pieces) // whoever was in there has left by now
	}
	return removed, gone(err)
}

// ours returns which breakpoints of a report are those of a tracer like this one:
// all in the program, unless the kernel's uprobes are there as well, which look the
// same; then those that the area knows.
func ours(pid int, found *repair.Report) func(*repair.Difference) bool {
	var planted map[uint64]bool
	if found.Uprobes {
		planted = proc.Planted(pid)
	}
	return func(d *repair.Difference) bool {
		return d.Program && d.Kind == repair.Breakpoint && (planted == nil || planted[d.Address])
	}
}

// whole says what of the program's code is not as in its file, if anything that a
// tracer has put there.
func whole(pid int, code *repair.Process) error {
	found, err := code.Compare()
	if err != nil {
		return err
	}
	if err := found.Files[0].Err; err != nil {
		return fmt.Errorf("compare its code: %w", err)
	}
	ours, left := ours(pid, found), 0
	for i := range found.Differences {
		d := &found.Differences[i]
		if d.Kind == repair.Borrowed || ours(d) {
			left++
		}
	}
	if left > 0 {
		return fmt.Errorf("%w, one of %d", engine.ErrPatched, left)
	}
	return nil
}

// gone drops the error of a process that has ended: nothing is left of it.
func gone(err error) error {
	if errors.Is(err, engine.ErrNoProcess) {
		return nil
	}
	return err
}
