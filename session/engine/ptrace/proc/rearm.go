//go:build linux && amd64

package proc

import (
	"errors"

	"golang.org/x/sys/unix"
)

// An int3 and a watchpoint trap with SIGTRAP blocked too, as it is in signal
// handlers and around fork. But then the kernel makes the action of SIGTRAP the default one, for the
// whole process. The handler is installed again as soon as a thread is met that
// can do so.

// noteBlocked takes note of whether a thread that has run into a breakpoint or a
// watchpoint had SIGTRAP blocked. It is unblocked by then; SIGSEGV, which Go programs block and
// unblock together with it, is not.
func (p *Process) noteBlocked(t *Thread) {
	if !p.area.guarded {
		return
	}
	blocked, err := blockedSignals(t.ID)
	t.blocking = err == nil && blocked != blocked.without(unix.SIGSEGV)
	p.area.disarmed = p.area.disarmed || t.blocking
}

// rearm installs the handler again through a thread that is held at a
// breakpoint or behind a write, if the kernel has taken it away.
func (p *Process) rearm(t *Thread) error {
	a := &p.area
	if !a.disarmed || t.blocking || t.group || len(t.pending) > 0 {
		return nil
	}
	if t.at != nil {
		if err := p.advance(t); err != nil {
			return err
		}
	}
	a.disarmed = false
	_, err := p.call(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), 0, a.base+areaNow, 8)
	if err == nil {
		var now uint64
		if now, err = p.word(a.base + areaNow); err == nil && now == 0 {
			_, err = p.call(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), a.base+areaNew, 0, 8)
		}
	}
	if _, ok := errors.AsType[*refusal](refused("", err)); ok {
		return nil
	}
	return err
}
