//go:build linux && amd64

package proc

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A child is a process that the target has made. It starts with a copy of the
// patched text, or, between vfork and exec, in the target's own memory. The
// first kind is mended and let go at once; the second is kept, invisible to the
// caller, until it replaces its program or ends.
type child struct {
	id    int
	early bool // has stopped before its parent reported it
	known bool // its parent has reported it
	vfork bool
	kept  bool
}

func (p *Process) announceChild(id int, vfork bool) error {
	c := p.children[id]
	if c == nil {
		c = &child{id: id}
		p.children[id] = c
	}
	c.known, c.vfork = true, vfork
	p.unpin(id)
	if c.early {
		return p.settleChild(c)
	}
	return nil
}

// settleChild decides over a child that stands in its first stop.
func (p *Process) settleChild(c *child) error {
	if p.shares(c) {
		c.kept = true
		return ignoreESRCH(ptraceCont(c.id, 0))
	}
	t := &Thread{ID: c.id, state: stopped}
	p.clean(t)
	delete(p.children, c.id)
	return ignoreESRCH(ptraceDetach(c.id, p.takeSignal(t)))
}

// shares reports whether a child runs in the target's own memory. Where the
// kernel does not tell, one made by vfork does.
func (p *Process) shares(c *child) bool {
	same, known := sameMemory(p.PID, c.id)
	return same || !known && c.vfork
}

// clean takes what a child has inherited out of its own memory: the breakpoints,
// the handler and the area. It stands stopped, and has no thread but this one. What
// cannot be done is left: the handler and the area do no harm.
func (p *Process) clean(t *Thread) {
	mem, err := os.OpenFile("/proc/"+strconv.Itoa(t.ID)+"/mem", os.O_RDWR, 0)
	if err != nil {
		return // it has ended
	}
	defer mem.Close()
	c := &Process{
		PID: t.ID, threads: map[int]*Thread{t.ID: t}, children: map[int]*child{}, breaks: p.breaks,
		mem: mem, area: p.area, options: p.options, filters: p.filters, tracer: p.tracer, alone: true,
	}
	whole := true
	for addr, b := range p.breaks {
		_, err := mem.WriteAt([]byte{b.original}, int64(addr))
		whole = whole && err == nil
	}
	if err := c.restoreScratch(mem); err != nil || !whole || c.area.base == 0 {
		return
	}
	if c.rewind(t) == nil {
		_ = c.takeArea()
	}
}

func (p *Process) observeChild(c *child, ws unix.WaitStatus) error {
	switch {
	case !ws.Stopped():
		delete(p.children, c.id)
		return nil
	case !c.known:
		c.early = true
		return nil
	case !c.kept:
		return p.settleChild(c)
	case eventOf(ws) == unix.PTRACE_EVENT_EXEC:
		delete(p.children, c.id)
		return ignoreESRCH(ptraceDetach(c.id, 0))
	case eventOf(ws) == eventStop && ws.StopSignal() != unix.SIGTRAP:
		return ignoreESRCH(listen(c.id))
	case eventOf(ws) != 0:
		return ignoreESRCH(ptraceCont(c.id, 0))
	}
	if ws.StopSignal() == unix.SIGTRAP {
		t := &Thread{ID: c.id, state: stopped}
		if b, err := p.breakpointOf(t); err == nil && b != nil {
			return p.passChild(t, b)
		}
	}
	return ignoreESRCH(ptraceCont(c.id, ws.StopSignal()))
}

// passChild lets a kept child run past a breakpoint of the memory it shares.
// Its parent waits for it inside vfork and cannot be stopped, so an instruction
// without a known effect is stepped with the other threads running.
func (p *Process) passChild(t *Thread, b *breakpoint) error {
	t.at = b
	if b.slot != 0 || b.insn.Effect.onRegisters() || !b.planted {
		if err := p.pass(t); err != nil {
			return ignoreESRCH(err)
		}
	} else {
		if err := setPC(t.ID, b.addr); err != nil {
			return ignoreESRCH(err)
		}
		if err := p.stepOver(t, b); err != nil {
			return ignoreESRCH(err)
		}
	}
	return ignoreESRCH(ptraceCont(t.ID, p.takeSignal(t)))
}

// releaseChildren lets go of the children that are left. One that shares the
// target's memory is set back as a thread of the target is.
func (p *Process) releaseChildren() {
	for id, c := range p.children {
		t := &Thread{ID: id, state: stopped}
		if !c.early && !p.stopChild(t) {
			continue
		}
		if p.shares(c) {
			_ = p.rewind(t)
		} else {
			p.clean(t)
		}
		_ = ptraceDetach(id, p.takeSignal(t))
	}
	clear(p.children)
}

// stopChild stops a child and takes note of what it was about to get. It
// reports false when the child has ended, or is stuck.
func (p *Process) stopChild(t *Thread) bool {
	if interrupt(t.ID) != nil {
		return false
	}
	var ws unix.WaitStatus
	for began := time.Now(); ; time.Sleep(pause) {
		id, err := wait4(t.ID, &ws, unix.WALL|unix.WNOHANG)
		if err != nil {
			return false
		}
		if id == t.ID {
			break
		}
		if time.Since(began) > stuckAfter && stateOf(t.ID, t.ID) == "D" {
			return false
		}
	}
	if !ws.Stopped() {
		return false
	}
	if eventOf(ws) == unix.PTRACE_EVENT_EXEC {
		_ = ptraceDetach(t.ID, 0) // it has a program of its own now, which is not ours to mend
		return false
	}
	if eventOf(ws) != 0 {
		return true
	}
	if ws.StopSignal() == unix.SIGTRAP {
		if b, err := p.breakpointOf(t); err == nil && b != nil {
			t.at = b
			return true
		}
	}
	return t.keepSignal() == nil
}

func ignoreESRCH(err error) error {
	if err == unix.ESRCH {
		return nil
	}
	return err
}
