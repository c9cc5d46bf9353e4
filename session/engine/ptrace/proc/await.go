//go:build linux && amd64

package proc

import (
	"time"

	"golang.org/x/sys/unix"
)

// waitStop waits for the next stop of a thread that was just resumed. That of an
// exec which another thread has done, and goes by the leader's id now, is the end
// of this one.
func (p *Process) waitStop(t *Thread) (unix.WaitStatus, error) {
	var ws unix.WaitStatus
	if err := p.await(t, &ws); err != nil {
		return ws, err
	}
	switch {
	case !ws.Stopped():
		p.gone(t.ID, ws)
		return ws, unix.ESRCH
	case eventOf(ws) == unix.PTRACE_EVENT_EXEC:
		_ = p.execed(t)
		return ws, unix.ESRCH
	}
	return ws, nil
}

// await waits for what one thread reports next. Of the leader the kernel tells
// neither its end nor an exec that another thread does in its name before every
// other thread was reaped, so those that end meanwhile are.
func (p *Process) await(t *Thread, ws *unix.WaitStatus) error {
	if t.ID != p.PID || p.alone {
		_, err := wait4(t.ID, ws, unix.WALL)
		return err
	}
	for tries := 0; ; tries++ {
		id, err := wait4(t.ID, ws, unix.WALL|unix.WNOHANG)
		if err != nil || id == t.ID {
			return err
		}
		if tries < spins {
			continue
		}
		if err := p.reapEnded(); err != nil {
			return err
		}
		time.Sleep(pause)
	}
}

// reapEnded takes note of a thread or child that has ended, if there is one
// besides the leader. The kernel tells of stops of others as well, which
// are handled as anywhere else: nobody else would hear of them.
func (p *Process) reapEnded() error {
	var w waited
	if err := peekEnded(&w); err != nil || w.PID == 0 || int(w.PID) == p.PID {
		return err
	}
	if p.passOn(&w, p.allStopped) {
		return nil
	}
	p.divert(&w)
	var ws unix.WaitStatus
	id, err := wait4(int(w.PID), &ws, unix.WALL|unix.WNOHANG)
	if err != nil || id == 0 {
		return err
	}
	return p.observe(id, ws, p.allStopped)
}
