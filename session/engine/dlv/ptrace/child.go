//go:build linux && amd64

package ptrace

import (
	"os"
	"strconv"

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
	if c.vfork || sameMemory(p.PID, c.id) {
		c.kept = true
		return ignoreESRCH(ptraceCont(c.id, 0))
	}
	if mem, err := os.OpenFile("/proc/"+strconv.Itoa(c.id)+"/mem", os.O_RDWR, 0); err == nil {
		for addr, b := range p.planted {
			_, _ = mem.WriteAt([]byte{b}, int64(addr))
		}
		_ = mem.Close()
	}
	delete(p.children, c.id)
	return ignoreESRCH(ptraceDetach(c.id, 0))
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
	return ignoreESRCH(ptraceCont(c.id, int(ws.StopSignal())))
}

// passChild lets a kept child run past a breakpoint of the memory it shares.
// Its parent waits for it inside vfork and cannot be stopped, so an instruction
// without a known effect is stepped with the other threads running.
func (p *Process) passChild(t *Thread, b *breakpoint) error {
	t.at = b
	if b.insn.Effect != Other {
		if err := p.pass(t); err != nil {
			return ignoreESRCH(err)
		}
	} else {
		t.Regs.Rip = b.addr
		if err := unix.PtraceSetRegs(t.ID, &t.Regs); err != nil {
			return ignoreESRCH(err)
		}
		if err := p.stepOver(t, b); err != nil {
			return ignoreESRCH(err)
		}
	}
	return ignoreESRCH(ptraceCont(t.ID, p.takeSignal(t)))
}

// releaseChildren lets go of the children that are still kept.
func (p *Process) releaseChildren() {
	for id, c := range p.children {
		if !c.early || c.known {
			if interrupt(id) != nil {
				continue
			}
			var ws unix.WaitStatus
			if _, err := wait4(id, &ws, unix.WALL); err != nil || !ws.Stopped() {
				continue
			}
		}
		_ = ptraceDetach(id, 0)
	}
	clear(p.children)
}

func ignoreESRCH(err error) error {
	if err == unix.ESRCH {
		return nil
	}
	return err
}
