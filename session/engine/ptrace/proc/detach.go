//go:build linux && amd64

package proc

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// StopAll stops every thread, but for those that are stuck. The next call of Next lets them run again.
func (p *Process) StopAll() error { return p.stopAll(nil) }

// stopAll stops every thread but one. What they report meanwhile is kept.
func (p *Process) stopAll(but *Thread) error {
	return p.stop(func(t *Thread) bool { return t != but })
}

// stop stops some threads. What others report meanwhile is kept.
func (p *Process) stop(which func(*Thread) bool) error {
	if p.ended != nil || p.detached {
		return nil
	}
	p.allStopped = true
	asked := map[*Thread]bool{}
	for began := time.Now(); ; {
		var waiting []*Thread
		for _, t := range p.threads {
			if t.state == stopped || t.stuck || !which(t) {
				continue
			}
			if !asked[t] {
				asked[t] = true
				if err := interrupt(t.ID); (err == unix.ESRCH || t.ID == p.PID) && isZombie(p.PID, t.ID) {
					// A leader that has ended before its threads: nothing to
					// stop, and nothing to be heard of it until they end too.
					t.state = stopped
					continue
				}
			}
			waiting = append(waiting, t)
		}
		if len(waiting) == 0 {
			return nil
		}
		if some, err := news(); err == nil && !some {
			if time.Since(began) > stuckAfter {
				p.giveUp(waiting)
			}
			continue
		}
		id, ws, err := p.wait(true)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("stop process %d: %w", p.PID, err)
		}
		if err := p.observe(id, ws, true); err != nil {
			return err
		}
		if p.ended != nil {
			return nil
		}
	}
}

// Detach removes every breakpoint and lets go of the process, which runs on. It
// may be called twice and after the process has ended.
func (p *Process) Detach() error {
	if p.detached {
		return nil
	}
	defer func() {
		p.detached = true
		p.releaseChildren()
		p.unpinAll()
		p.forgetThreads()
		_ = p.mem.Close()
	}()
	if p.ended != nil {
		if p.ended.Cause == Execed {
			p.dropExeced()
		}
		return nil
	}
	err := p.undo()
	if p.ended != nil {
		return nil
	}
	err = errors.Join(err, p.detachThreads())
	if p.ended != nil {
		return nil // it has died meanwhile: there was nothing left to mend
	}
	return err
}

// undo stops a process and makes it one that needs no tracer. If its tracer dies
// before the threads are let go, they run on.
func (p *Process) undo() error {
	p.holdExec = false // should it replace its program right now
	err := errors.Join(p.liftBreaks(), p.resumeStepped(), p.StopAll())
	if p.ended != nil {
		return nil
	}
	err = errors.Join(err, p.putBack(), p.leaveStuck())
	p.releaseChildren() // while the copies are still there
	if err == nil {     // else the handler is still needed
		if taken := p.takeArea(); taken != nil && taken != unix.ESRCH {
			err = fmt.Errorf("unmap memory of process %d: %w", p.PID, taken)
		}
	}
	return err
}

// liftBreaks puts the original instructions back, while the process runs.
func (p *Process) liftBreaks() error {
	var errs []error
	for _, b := range p.breaks {
		if !b.planted {
			continue
		}
		if _, err := p.WriteMemory(b.addr, []byte{b.original}); err != nil {
			errs = append(errs, err)
		}
		b.planted = false
	}
	return errors.Join(errs...)
}

// resumeStepped lets threads run that were made to step, and not let run since. The
// kernel remembers a step beyond the death of its tracer: they would make one more
// then, and get a SIGTRAP, which only the handler knows that is about to go.
func (p *Process) resumeStepped() error {
	if p.ended != nil {
		return nil
	}
	var errs []error
	for _, t := range p.threads {
		if !t.stepped || t.state != stopped {
			continue
		}
		err := p.rewind(t)
		if err == nil {
			t.wrote, t.waits = 0, false
			err = p.cont(t)
		}
		if err != nil {
			errs = append(errs, p.ignoreDeath(t, err))
		}
	}
	return errors.Join(errs...)
}

// putBack makes the stopped threads those of a process that nobody traces: without
// watchpoints, and where they would be.
func (p *Process) putBack() error {
	var errs []error
	for _, t := range p.threads {
		if err := p.disarm(t); err != nil && err != unix.ESRCH {
			errs = append(errs, fmt.Errorf("clear debug registers of thread %d of process %d: %w", t.ID, p.PID, err))
		}
		if err := p.rewind(t); err != nil && err != unix.ESRCH {
			errs = append(errs, fmt.Errorf("set back thread %d of process %d: %w", t.ID, p.PID, err))
		}
	}
	return errors.Join(errs...)
}

// detachThreads lets every thread run on, with the signal that is due to it.
func (p *Process) detachThreads() error {
	var errs []error
	var dead []*Thread
	for _, t := range p.threads {
		switch err := ptraceDetach(t.ID, p.takeSignal(t)); err {
		case nil:
		case unix.ESRCH:
			if t.stuck {
				p.clinging = append(p.clinging, t.ID)
			} else {
				dead = append(dead, t)
			}
		default:
			errs = append(errs, fmt.Errorf("detach thread %d of process %d: %w", t.ID, p.PID, err))
		}
	}
	p.reap(dead)
	return errors.Join(errs...)
}

// reap waits for threads that were killed while they were let go, the leader
// last. Until their tracer has done so, nobody hears of the process's end.
func (p *Process) reap(dead []*Thread) {
	alive := len(p.threads) > len(dead)
	for _, leader := range []bool{false, true} {
		for _, t := range dead {
			if (t.ID == p.PID) == leader && !(leader && alive) {
				p.awaitEnd(t)
			}
		}
	}
}

// awaitEnd waits for a dying thread, but not for ever.
func (p *Process) awaitEnd(t *Thread) {
	var ws unix.WaitStatus
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		id, err := wait4(t.ID, &ws, unix.WALL|unix.WNOHANG)
		if err != nil {
			return
		}
		if id == t.ID && !ws.Stopped() {
			p.gone(id, ws)
			return
		}
	}
}

// takeArea makes a stopped process unmap the area.
func (p *Process) takeArea() error {
	if p.area.base == 0 || p.ended != nil {
		return nil
	}
	t := p.anyThread()
	if t == nil {
		return errors.New("none of its threads can do so")
	}
	return p.removeArea(t)
}

// anyThread returns a stopped thread that can carry out a system call, if there
// is one, and one that has no signal to get and waits in no call if it can.
func (p *Process) anyThread() *Thread {
	var found *Thread
	most := 0
	for _, t := range p.threads {
		var regs unix.PtraceRegs
		if t.within || unix.PtraceGetRegs(t.ID, &regs) != nil {
			continue
		}
		worth := 1
		if int64(regs.Orig_rax) < 0 {
			worth++
		}
		if len(t.pending) == 0 {
			worth += 2
		}
		if worth > most {
			found, most = t, worth
		}
	}
	return found
}

// rewind sets a thread back that has run into a breakpoint, seen or not. The
// original instruction stands there again.
func (p *Process) rewind(t *Thread) error {
	if t.at != nil && !t.advanced {
		b := t.at
		t.at = nil
		return setPC(t.ID, b.addr)
	}
	t.at, t.advanced = nil, false
	if p.area.left {
		if err := p.dropTraps(t); err != nil {
			return err
		}
	}
	if trapPending(t.ID, trapWatch) || p.area.left && trapPending(t.ID, trapStep) {
		if err := p.takeTrap(t); err != nil {
			return err
		}
	}
	if err := unix.PtraceGetRegs(t.ID, &t.Regs); err != nil {
		return err
	}
	if p.area.left {
		if err := p.mendStack(t.Regs.Rsp); err != nil {
			return err
		}
	}
	b := p.breaks[t.Regs.Rip-1]
	if b == nil || !trapPending(t.ID, siKernel) {
		if err := p.leaveHandler(t); err != nil {
			return err
		}
		return p.leaveSlot(t, false)
	}
	if err := p.takeTrap(t); err != nil {
		return err
	}
	return setPC(t.ID, b.addr)
}

// takeTrap takes the trap of an int3 or a watchpoint that waits for a stopped thread. It is
// delivered before the thread gets to run anything.
func (p *Process) takeTrap(t *Thread) error {
	for {
		if err := ptraceCont(t.ID, 0); err != nil {
			return err
		}
		ws, err := p.waitStop(t)
		if err != nil {
			return err
		}
		switch {
		case eventOf(ws) != 0:
			t.group = t.group || eventOf(ws) == eventStop && ws.StopSignal() != unix.SIGTRAP
		case ws.StopSignal() == unix.SIGTRAP:
			return nil
		default:
			if err := t.keepSignal(); err != nil {
				return err
			}
		}
	}
}

// Wait waits for the end of a process that Start has started and that was let
// go. It must be called by the goroutine that started it.
func (p *Process) Wait() (Stop, error) {
	if p.ended != nil && p.ended.Cause != Execed {
		return *p.ended, nil
	}
	var ws unix.WaitStatus
	for {
		how := unix.WALL
		if p.Clings() {
			how |= unix.WNOHANG
		}
		id, err := wait4(p.PID, &ws, how)
		if err != nil {
			return Stop{}, fmt.Errorf("wait for process %d: %w", p.PID, err)
		}
		if id == 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		switch {
		case ws.Exited():
			return Stop{Cause: Exited, Status: ws.ExitStatus()}, nil
		case ws.Signaled():
			return Stop{Cause: Killed, Signal: ws.Signal()}, nil
		}
	}
}
