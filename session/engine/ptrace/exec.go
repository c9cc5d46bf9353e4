//go:build linux && amd64

package ptrace

import (
	"fmt"
	"os"

	"gtrace/session/engine/program"
)

// FollowExec lets the target be held where it replaces its program. See
// [engine.ExecFollower].
func (e *Engine) FollowExec() { e.p.HoldExec() }

// Follow goes on with the program that has replaced the target's. See
// [engine.ExecFollower].
func (e *Engine) Follow() error {
	exe := exeOf(e.p.PID)
	path, err := os.Readlink(exe)
	if err != nil {
		return fmt.Errorf("follow exec of process %d: %w", e.p.PID, refusal(err))
	}
	if err := e.reopen(exe); err != nil {
		return fmt.Errorf("follow exec of process %d to %s: %w", e.p.PID, path, refusal(err))
	}
	e.target.Program = path
	return nil
}

// reopen makes this the engine of the new program. All that is remembered is
// about the old one, and so is the guard.
func (e *Engine) reopen(exe string) error {
	im, err := program.OpenFile(exe)
	if err != nil {
		return err
	}
	next, err := e.successor(im)
	if err != nil {
		_ = im.Close()
		return err
	}
	_ = e.im.Close()
	if e.guard != nil {
		e.guard.Close(true) // what it would undo is gone
	}
	*e = *next
	return e.startGuard()
}

func (e *Engine) successor(im *program.Image) (*Engine, error) {
	if err := load(e.p.PID, im); err != nil {
		return nil, err
	}
	if err := e.p.Follow(); err != nil {
		return nil, err
	}
	next, err := newEngine(im, e.p)
	if err != nil {
		return nil, err
	}
	next.target.Launched = e.target.Launched
	next.held = e.held
	next.protect = e.protect
	return next, nil
}
