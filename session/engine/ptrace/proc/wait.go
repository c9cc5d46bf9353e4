//go:build linux && amd64

package proc

import (
	"fmt"
	"time"

	"gtrace/procstatus"

	"golang.org/x/sys/unix"
)

// Next lets the threads run that it reported before, unless Resume has, and
// waits for the next stop. The thread of a Hit is held until then. After a stop
// that ends the process Next returns the same stop again.
func (p *Process) Next() (Stop, error) {
	if err := p.Resume(); err != nil {
		return Stop{}, err
	}
	for {
		if s, ok := p.report(); ok {
			p.applyPin()
			return s, nil
		}
		if p.ended != nil {
			return *p.ended, nil
		}
		if p.interrupted.Swap(false) {
			return Stop{}, ErrInterrupted
		}
		id, ws, err := p.wait(false)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.ECHILD:
			return Stop{}, fmt.Errorf("wait for process %d: it is not traced any more", p.PID)
		case err != nil:
			return Stop{}, fmt.Errorf("wait for process %d: %w", p.PID, err)
		}
		if err := p.observe(id, ws, false); err != nil {
			return Stop{}, err
		}
	}
}

// wait waits for the next status of any thread. With hold, threads that stop are to
// stay stopped. It fails with EINTR when there may be something else to do first.
//
// A thread that has run into a breakpoint is sent to the slot before its status
// is collected. Until then the kernel would deliver the signal should the tracer
// die, and the target's handler send the thread there; from then on it would
// not. In both cases the thread is at the right place at every moment.
func (p *Process) wait(hold bool) (int, unix.WaitStatus, error) {
	var w waited
	if err := peek(&w); err != nil {
		return 0, 0, err
	}
	if p.passOn(&w, hold) {
		return 0, 0, unix.EINTR // as if nothing had happened
	}
	p.divert(&w)
	var ws unix.WaitStatus
	id, err := unix.Wait4(int(w.PID), &ws, unix.WALL|unix.WNOTHREAD, nil)
	return id, ws, err
}

// passOn lets a thread run on with a signal that it is about to get, and reports
// whether it has. Its status is not collected: from then on the kernel would forget
// the signal should the tracer die. One that is in a slot must leave that first. With
// hold, the thread stops again at once.
func (p *Process) passOn(w *waited, hold bool) bool {
	const last = 64 // more is in the status of any other stop
	t := p.threads[int(w.PID)]
	if t == nil || w.Code != cldTrapped || w.Status > last || w.Status == int32(unix.SIGTRAP) {
		return false
	}
	if t.state != running || len(t.pending) > 0 || t.watches != p.watches {
		return false
	}
	if base := p.area.base; base != 0 {
		var regs unix.PtraceRegs
		if unix.PtraceGetRegs(t.ID, &regs) != nil || regs.Rip-base < areaSize {
			return false
		}
	}
	if hold && interrupt(t.ID) != nil || ptraceCont(t.ID, unix.Signal(w.Status)) != nil {
		return false
	}
	t.Detours++
	return true
}

// divert sends a thread to its slot whose status, not collected yet, is that it
// has run into a breakpoint. An error is met again by who handles the stop.
func (p *Process) divert(w *waited) {
	t := p.threads[int(w.PID)]
	if !p.area.guarded || t == nil || w.Code != cldTrapped || w.Status != int32(unix.SIGTRAP) {
		return
	}
	b, err := p.breakpointOf(t)
	if err == nil && b != nil && b.slot != 0 && len(t.pending) == 0 && setPC(t.ID, b.slot) == nil {
		t.at, t.advanced = b, true
	}
}

// report takes the oldest hit that waits to be reported.
func (p *Process) report() (Stop, bool) {
	for len(p.reported) > 0 {
		s := p.reported[0]
		p.reported = p.reported[1:]
		if len(p.reported) == 0 {
			p.reported = nil
		}
		if p.threads[s.Thread.ID] != s.Thread {
			continue // it has ended
		}
		s.Thread.waits = false
		p.held = append(p.held, s.Thread)
		if s.Cause == Written {
			if p.locate(&s) != nil {
				p.held = p.held[:len(p.held)-1]
				continue // it is being killed
			}
			return s, true
		}
		if s.Thread.at.planted {
			return s, true
		}
		if err := p.release(s.Thread); err != nil {
			continue
		}
		p.held = p.held[:len(p.held)-1]
	}
	return Stop{}, false
}

// Resume lets every thread run that is stopped and has nothing to report.
func (p *Process) Resume() error {
	if p.ended != nil || p.detached {
		return nil
	}
	for _, t := range p.held {
		if err := p.release(t); err != nil {
			return err
		}
	}
	p.held = p.held[:0]
	if !p.allStopped {
		return nil
	}
	p.allStopped = false
	for _, t := range p.threads {
		if t.state == stopped && t.at == nil && !t.waits {
			if err := p.cont(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// release lets a thread run past the breakpoint it is held at.
func (p *Process) release(t *Thread) error {
	if p.threads[t.ID] != t || t.state != stopped {
		return nil
	}
	err := p.rearm(t)
	if err == nil && t.at != nil {
		err = p.pass(t)
	}
	if err != nil {
		return p.ignoreDeath(t, err)
	}
	// Before: once it runs, the kernel may well leave this thread waiting.
	t.Released, t.Detours = time.Now(), -1
	return p.cont(t)
}

// cont resumes a stopped thread, with the first of its pending signals.
func (p *Process) cont(t *Thread) error {
	if t.group && !t.stepped {
		t.state = listening
		return p.ignoreDeath(t, listen(t.ID))
	}
	if p.wrote(t) {
		return nil
	}
	if err := p.arm(t); err != nil {
		return p.ignoreDeath(t, err)
	}
	if t.group { // it has left that stop for a step, and is to come back
		if err := interrupt(t.ID); err != nil {
			return p.ignoreDeath(t, err)
		}
	}
	t.state, t.stepped = running, false
	t.Detours++
	return p.ignoreDeath(t, ptraceCont(t.ID, p.takeSignal(t)))
}

// ignoreDeath drops the error of a request to a thread that has just been
// killed: its end is reported by wait4.
func (p *Process) ignoreDeath(t *Thread, err error) error {
	if err == nil || err == unix.ESRCH || !p.Holds(t) {
		return nil
	}
	return fmt.Errorf("thread %d of process %d: %w", t.ID, p.PID, err)
}

// Holds reports whether a thread that was reported still stands there. It does
// not when another thread has ended the process meanwhile.
func (p *Process) Holds(t *Thread) bool {
	var regs unix.PtraceRegs
	return unix.PtraceGetRegs(t.ID, &regs) == nil
}

// observe takes note of one status from wait4. With hold, threads that stop
// stay stopped.
func (p *Process) observe(id int, ws unix.WaitStatus, hold bool) error {
	if c := p.children[id]; c != nil {
		return p.observeChild(c, ws)
	}
	t := p.threads[id]
	if !ws.Stopped() {
		p.gone(id, ws)
		return nil
	}
	if t == nil {
		if procstatus.Of(id).Number("Tgid") != p.PID {
			// A child that was made a moment ago; its parent will say how.
			p.children[id] = &child{id: id, early: true}
			return nil
		}
		t = p.addThread(id)
	}
	t.state, t.stuck = stopped, false
	t.group = false
	t.within = eventOf(ws) != 0 && eventOf(ws) != eventStop
	switch eventOf(ws) {
	case 0:
		return p.signalled(t, ws.StopSignal(), hold)
	case unix.PTRACE_EVENT_CLONE, unix.PTRACE_EVENT_FORK, unix.PTRACE_EVENT_VFORK:
		if err := p.cloned(t, eventOf(ws)); err != nil {
			return err
		}
	case unix.PTRACE_EVENT_EXEC:
		return p.execed(t)
	case eventStop:
		t.group = ws.StopSignal() != unix.SIGTRAP
	}
	return p.goOn(t, hold)
}

// signalled handles a thread that is about to get a signal.
func (p *Process) signalled(t *Thread, sig unix.Signal, hold bool) error {
	if sig == unix.SIGTRAP {
		if t.at == nil {
			var err error
			if t.at, err = p.breakpointOf(t); err != nil {
				return p.ignoreDeath(t, err)
			}
		}
		if t.at != nil {
			p.noteBlocked(t)
			p.reported = append(p.reported, Stop{Cause: Hit, Thread: t, Addr: t.at.addr})
			return nil
		}
		switch si, _ := getSiginfo(t.ID); {
		case si.Code == trapWatch:
			p.noteBlocked(t)
			t.wrote |= p.triggered(t)
			return p.goOn(t, hold)
		case si.Code == trapStep && p.area.left: // of a tracer that was killed
			return p.goOn(t, hold)
		}
	}
	err := t.keepSignal()
	if err == nil {
		err = p.leaveSlot(t, !isFault(sig))
	}
	if err != nil {
		return p.ignoreDeath(t, err)
	}
	return p.goOn(t, hold)
}

// goOn lets a thread run that has stopped for nothing to report, or keeps it
// stopped with hold.
func (p *Process) goOn(t *Thread, hold bool) error {
	if hold {
		p.allStopped = true
		return nil
	}
	return p.cont(t)
}

// breakpointOf returns the breakpoint that has caused a thread's SIGTRAP, or
// nil where the target has trapped by itself.
func (p *Process) breakpointOf(t *Thread) (*breakpoint, error) {
	si, err := getSiginfo(t.ID)
	if err != nil {
		return nil, err
	}
	if si.Code != siKernel {
		return nil, nil
	}
	if err := unix.PtraceGetRegs(t.ID, &t.Regs); err != nil {
		return nil, err
	}
	return p.breaks[t.Regs.Rip-1], nil
}

func (p *Process) addThread(id int) *Thread {
	t := p.threads[id]
	if t == nil {
		t = &Thread{ID: id}
		p.threads[id] = t
	}
	return t
}

// cloned takes note of a thread or process that t has made.
func (p *Process) cloned(t *Thread, event int) error {
	msg, err := unix.PtraceGetEventMsg(t.ID)
	if err != nil {
		return p.ignoreDeath(t, err)
	}
	id := int(msg)
	if event == unix.PTRACE_EVENT_CLONE && procstatus.Of(id).Number("Tgid") == p.PID {
		p.addThread(id)
		return nil
	}
	return p.announceChild(id, event == unix.PTRACE_EVENT_VFORK)
}

// gone takes note of the end of a thread. The leader's end is the last one.
func (p *Process) gone(id int, ws unix.WaitStatus) {
	t := p.threads[id]
	delete(p.threads, id)
	if t != nil {
		t.forget()
	}
	if id != p.PID {
		return
	}
	p.ended = &Stop{Cause: Exited, Thread: t, Status: ws.ExitStatus()}
	if ws.Signaled() {
		p.ended = &Stop{Cause: Killed, Thread: t, Signal: ws.Signal()}
	}
	p.reported = nil
}

func (p *Process) forgetThreads() {
	for _, t := range p.threads {
		t.forget()
	}
	clear(p.threads)
}
