//go:build linux && amd64

package proc

import (
	"errors"

	"golang.org/x/sys/unix"
)

// HoldExec makes the process be held where it has replaced its program, until
// Follow or Detach is called.
func (p *Process) HoldExec() { p.holdExec = true }

// execed forgets a process whose program was replaced, as nothing that was known
// of it holds any more, and lets go of it.
func (p *Process) execed(t *Thread) error {
	p.unpinAll()
	p.ended = &Stop{Cause: Execed, Thread: t}
	p.releaseChildren()
	_ = p.mem.Close()
	p.forgetThreads()
	clear(p.breaks)
	p.held, p.reported, p.watched, p.watches = nil, nil, nil, 0
	if !p.holdExec {
		_ = ptraceDetach(t.ID, 0)
		p.detached = true
	}
	return nil
}

// Follow goes on with a process that is held where it has replaced its program,
// before the first instruction of the new one. The first call of Next lets it
// run. No journal is kept until there is a new one: the old one is about memory
// that is gone.
func (p *Process) Follow() error {
	if p.ended == nil || p.ended.Cause != Execed || p.detached {
		return errors.New("it has not replaced its program")
	}
	mem, err := openMemory(p.PID)
	if err != nil {
		return err
	}
	p.mem, p.area, p.journal, p.ended = mem, area{}, nil, nil
	if err := p.hold(p.PID); err != nil {
		return err
	}
	p.threads[p.PID].within = true // of execve
	if p.pinned {
		return p.Pin()
	}
	return nil
}

// hold takes in the one thread of a process that stands before its first
// instruction. Next lets it run.
func (p *Process) hold(id int) error {
	t := &Thread{ID: id, state: stopped}
	p.threads[id] = t
	p.held = append(p.held, t)
	return unix.PtraceGetRegs(id, &t.Regs)
}

// dropExeced lets go of a process that is held where it has replaced its
// program. It may have been killed there.
func (p *Process) dropExeced() {
	if ptraceDetach(p.PID, 0) == unix.ESRCH {
		p.awaitEnd(&Thread{ID: p.PID})
	}
}
