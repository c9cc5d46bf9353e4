//go:build linux && amd64

package ptrace

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"gtrace/events"
	"gtrace/events/secret"
	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace/proc"
)

// A watch is a variable whose writes are reported.
type watch struct {
	probe  *probe
	at     program.Spot
	secret secret.Match
	data   []byte // when last seen
	text   string
}

// plantWrites evaluates the expression of a Writes probe. Memory is watched once
// the target would survive the death of its tracer: the debug registers do too.
func (e *Engine) plantWrites(p *probe) error {
	refuse := func(err error) error { return &engine.MemoryError{Expr: p.probe.Expr, Err: err} }
	if len(e.watches) == proc.MaxWatched {
		return refuse(fmt.Errorf("the processor can watch %d places, which others have", proc.MaxWatched))
	}
	at, err := e.im.Locate(p.probe.Expr, e.p, e.greeted == nil && e.im.Relocated())
	if err == nil {
		err = e.watchable(at)
	}
	if err != nil {
		return refuse(err)
	}
	if err := e.secureWatch(); err != nil {
		return err
	}
	if e.greeted == nil {
		err = e.plantStart(p)
	}
	e.watches = append(e.watches, &watch{probe: p, at: at, secret: at.Named(p.probe.Capture.Limits.Hide)})
	e.armed = false
	return err
}

// watchable says why a place cannot be watched.
func (e *Engine) watchable(at program.Spot) error {
	size := at.Type.Size()
	name := e.im.Values().TypeName(at.Type)
	pkg, _, _ := strings.Cut(at.Names[0], ".")
	switch {
	case size == 0:
		return fmt.Errorf("it is a %s, which takes no memory", name)
	case size > wordSize:
		return fmt.Errorf("it is a %s of %d bytes, and a processor watches at most %d: watch a field or an element of it", name, size, wordSize)
	case size&(size-1) != 0:
		return fmt.Errorf("it is a %s of %d bytes, and a processor watches 1, 2, 4 or 8: watch a field or an element of it", name, size)
	case at.Addr%uint64(size) != 0:
		return fmt.Errorf("it is a %s at %#x, and a processor watches only what is aligned: watch a field or an element of it", name, at.Addr)
	case pkg == "runtime" || strings.HasPrefix(at.Names[0], "internal/runtime/"):
		return errors.New("the runtime writes its variables where no signal may come")
	}
	_, err := e.p.ReadMemory(make([]byte, size), at.Addr)
	return err
}

// secureWatch checks that memory can be watched without harm. A program that is
// about to start has not set up its handlers; that is checked when it has.
func (e *Engine) secureWatch() error {
	if err := e.p.CanWatch(); err != nil {
		return fmt.Errorf("%w: %w", engine.ErrNotSupported, err)
	}
	attached := e.greeted != nil
	if attached {
		if err := e.p.Resume(); err != nil {
			return err
		}
	}
	if attached {
		if err := e.p.Secure(nil); err != nil {
			return err
		}
		if err := e.p.Resume(); err != nil {
			return err
		}
	}
	if why := e.p.Unsecured(); why != nil {
		return fmt.Errorf("process %d: %w: %w", e.p.PID, engine.ErrNotSafe, why)
	}
	return nil
}

// plantStart makes a program that is about to start come by where it has set up
// its signal handlers and has run nothing of its own.
func (e *Engine) plantStart(p *probe) error {
	for _, f := range e.runtimeFunctions("runtime.main") {
		pl, err := e.im.Places(f)
		if err != nil {
			return err
		}
		if at := e.places[pl.Entry.Addr]; at != nil && at.probes[hookRole] != nil {
			return nil // another such probe has done so
		}
		at, err := e.plantAt(p, pl.Entry, hookRole)
		if err != nil {
			return err
		}
		at.hook = func(*Engine, *hitContext) error { return nil } // release does it
	}
	return nil
}

// arm begins to watch what was planted, as soon as it may.
func (e *Engine) arm() error {
	if e.armed || len(e.watches) == 0 && !e.watching {
		return nil
	}
	if !e.p.Secured() {
		if why := e.p.Unsecured(); why != nil {
			return fmt.Errorf("process %d: %w: %w", e.p.PID, engine.ErrNotSafe, why)
		}
		return nil
	}
	list := make([]proc.Watchpoint, len(e.watches))
	for i, w := range e.watches {
		list[i] = proc.Watchpoint{Addr: w.at.Addr, Size: int(w.at.Type.Size())}
	}
	if err := e.p.Watch(list); err != nil {
		return err
	}
	e.armed, e.watching = true, len(list) > 0
	for _, w := range e.watches {
		if w.data == nil {
			w.look(e)
		}
	}
	return nil
}

// look reads what is watched, and reports whether it has changed since.
func (w *watch) look(e *Engine) bool {
	data := make([]byte, w.at.Type.Size())
	if _, err := e.p.ReadMemory(data, w.at.Addr); err != nil || bytes.Equal(data, w.data) {
		return false
	}
	w.data = data
	if e.im.Values().Hides(w.secret, e.p, w.at.Type, data) {
		w.text = secret.Hidden
	} else {
		w.text = e.im.Values().Read(e.p, w.at.Type, data, w.probe.probe.Capture.Limits).Text
	}
	return true
}

// dropWatch ends the watching for a probe.
func (e *Engine) dropWatch(p *probe) {
	for i, w := range e.watches {
		if w.probe == p {
			e.watches = append(e.watches[:i:i], e.watches[i+1:]...)
			e.armed = false
			return
		}
	}
}

// written turns a stop behind an instruction that has written to watched memory
// into hits, of those that have changed.
func (e *Engine) written(s proc.Stop, at time.Time, yield func(engine.Hit, error) bool) bool {
	c := hitContext{thread: s.Thread, at: at, addr: s.Addr, inside: s.Addr}
	regs := &s.Thread.Regs
	c.g = e.currentG(regs)
	onStack := c.g.id != 0
	if !e.leaveRaceDetector(&c) {
		c.sp, c.bp = e.frameOf(regs)
		e.leaveSystemStack(&c)
	}
	c.key = e.serves(&c)
	e.clock.arrive(e, &c)
	for i, w := range e.watches {
		before := w.text
		if s.Watched>>i&1 == 0 || !w.look(e) {
			continue
		}
		running := e.greet(&c)
		h := e.hit(&c, engine.Written, e.goroutines[c.g.key(c.thread)])
		h.Probe, h.Running = w.probe.id, running
		if onStack {
			h.Frame = c.g.frame(c.sp + wordSize)
		}
		place := e.writer(&c)
		h.File, h.Line = place.File, place.Line
		h.Write = &engine.Write{
			Func: place.Func, Expr: w.probe.probe.Expr,
			Type: e.im.Values().TypeName(w.at.Type), Old: before, New: w.text,
		}
		if n := w.probe.probe.Capture.Stack; n > 0 {
			h.Stack = e.stack(&c, n)
		}
		c.add(h, nil)
	}
	return e.deliver(&c, yield)
}

// writer returns the innermost frame of a write that is not of the runtime, which
// moves memory for others, nor of package sync/atomic.
func (e *Engine) writer(c *hitContext) events.Frame {
	own := e.im.FramesAt(c.addr)
	for _, f := range own {
		if !program.IsRuntime(f.Func) && !strings.HasPrefix(f.Func, "sync/atomic.") {
			return f
		}
	}
	if f := e.outside(c, func(name string) bool { return program.IsRuntime(name) || strings.HasPrefix(name, "sync/atomic.") }); f != nil {
		return *f
	}
	if len(own) > 0 {
		return own[0]
	}
	return events.Frame{Func: e.im.SymbolAt(c.addr)}
}

// frameOf returns where the return address of the innermost frame stands, in the
// midst of whose function a thread is, and the frame pointer of its caller.
func (e *Engine) frameOf(regs *unix.PtraceRegs) (sp, bp uint64) {
	sp, bp = regs.Rsp, regs.Rbp
	if size, ok := e.im.FrameSize(regs.Rip); ok {
		sp += size
	}
	if bp == sp-wordSize {
		bp, _ = e.word(bp) // the function keeps its own
	}
	return sp, bp
}
