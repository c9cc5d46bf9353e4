//go:build linux && amd64

package ptrace

import (
	"context"
	"fmt"
	"iter"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/program/eval"
	"gtrace/session/engine/ptrace/guard"
	"gtrace/session/engine/ptrace/proc"
)

var (
	_ engine.Engine       = (*Engine)(nil)
	_ engine.Pinner       = (*Engine)(nil)
	_ engine.LineLister   = (*Engine)(nil)
	_ engine.Follower     = (*Engine)(nil)
	_ engine.Protector    = (*Engine)(nil)
	_ engine.ExecFollower = (*Engine)(nil)
	_ engine.Describer    = (*Engine)(nil)
)

// An Engine traces one process.
type Engine struct {
	im    *program.Image
	p     *proc.Process
	guard *guard.Guard // nil where none can be started
	// unguarded gets the reason when there is no guard any more.
	unguarded chan error
	protect   bool // Protect was called
	layout    program.Layout
	gOffset   uint64 // see GOffset
	target    engine.Target

	probes  map[engine.ProbeID]*probe
	places  map[uint64]*place
	sites   map[*engine.Function]*site
	overStd bool // see passes
	lastID  engine.ProbeID
	// prepared are the places whose breakpoints are not in the text yet.
	prepared []uint64
	watches  []*watch
	armed    bool                // all of them are watched
	watching bool                // something is
	texts    map[uint64]hitPlace // file and line by address

	goroutines map[int64]*goroutine
	oldest     int64          // goroutines up to this id are older than the trace
	greeted    map[int64]bool // of those, the ones that have been seen
	clock      clock
	held       time.Duration // in total

	view   *view       // of the hit that was yielded last
	left   *hitContext // of a stop in the midst of which the consumer broke off
	kept   *earlyStop  // a stop that came when the context was just cancelled
	closed bool
}

// A probe is what was asked for, and where it was planted.
type probe struct {
	id      engine.ProbeID
	probe   engine.Probe
	sig     *program.Signature
	framed  bool // of a Lines or Branches probe: the function sets up a frame pointer
	planted []uint64
	host    *engine.Function // set for a part of a probe: what Func was inlined into
	hosts   []*probe         // the parts
	// condition decides which calls are seen; nil: all are.
	condition *eval.Program
	loops     bool // the function may come to its entry again within one call
	programs  map[engine.Watch]compiled
}

// A place is an address with a breakpoint and what to do when it is hit.
type place struct {
	insn    program.Insn
	written bool
	probes  [roles]*probe
	hook    func(*Engine, *hitContext) error // of the one in hookRole
	mark    program.Mark                     // of the one in lineRole

	// Of the one in branchRole: where the call leads, and whether it is a go
	// statement.
	target func(*Engine, *hitContext) (uint64, error)
	starts bool

	programs map[engine.Watch]compiled
	locals   []program.Local // that can be seen from there, once looked for
}

func newEngine(im *program.Image, p *proc.Process) (*Engine, error) {
	l, err := im.Layout()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", engine.ErrGoVersion, err)
	}
	p.UseScratch(scratch(im))
	return &Engine{
		im:     im,
		p:      p,
		layout: l, gOffset: im.GOffset(),
		target: engine.Target{
			Engine: "ptrace", PID: p.PID, Program: im.Path(),
			GoVersion: im.GoVersion(), Module: im.Module(),
		},
		probes:     map[engine.ProbeID]*probe{},
		places:     map[uint64]*place{},
		sites:      map[*engine.Function]*site{},
		texts:      map[uint64]hitPlace{},
		goroutines: map[int64]*goroutine{},
		clock:      newClock(),
		unguarded:  make(chan error, 1),
	}, nil
}

// Target describes the process.
func (e *Engine) Target() engine.Target { return e.target }

// Functions returns the functions of the target, ordered by name.
func (e *Engine) Functions() []*engine.Function { return e.im.Functions() }

// Lines returns the lines of a function. See [engine.LineLister].
func (e *Engine) Lines(f *engine.Function) ([]int, error) { return e.im.Lines(f) }

// Callees returns the functions that f calls. See [engine.Follower].
func (e *Engine) Callees(f *engine.Function) []*engine.Function { return e.im.Callees(f, e.word) }

// Through tells whose calls count as their caller's. See [engine.Follower].
func (e *Engine) Through(f *engine.Function) bool { return program.IsThrough(e.im.Meant(f)) }

// Standard tells the functions of the standard library. See [engine.Follower].
func (e *Engine) Standard(f *engine.Function) bool { return e.im.IsStandard(f) }

// passes reports whether the calls that a function makes count as its caller's: those
// of what is not traced and not asked for.
func (e *Engine) passes(f *engine.Function) bool {
	return program.IsThrough(f) || e.overStd && e.sites[f] == nil && e.im.IsStandard(f)
}

// Pin keeps tracer and target on one CPU while tracing. See [engine.Pinner].
func (e *Engine) Pin() error { return e.p.Pin() }

// Hits lets the target run and yields what it does. See [engine.Engine].
func (e *Engine) Hits(ctx context.Context) iter.Seq2[engine.Hit, error] {
	return func(yield func(engine.Hit, error) bool) {
		if e.closed {
			yield(engine.Hit{}, engine.ErrClosed)
			return
		}
		defer e.interruptedBy(ctx)()
		if err := e.protected(ctx); err != nil && !e.p.Over() {
			yield(engine.Hit{}, err)
			return
		}
		for {
			select {
			case err := <-e.unguarded:
				yield(engine.Hit{}, err)
				return
			default:
			}
			if err := e.plantAll(); err != nil && !e.p.Over() {
				yield(engine.Hit{}, err)
				return
			}
			if c := e.left; c != nil && ctx.Err() == nil {
				e.left = nil
				if !e.deliver(c, yield) {
					_ = e.p.StopAll()
					return
				}
			}
			if ctx.Err() != nil && (e.left != nil || e.kept != nil) {
				yield(engine.Hit{}, context.Cause(ctx))
				return
			}
			s, now, err := e.next()
			switch {
			case err == nil && s.Cause != proc.Hit && s.Cause != proc.Written:
				yield(engine.Hit{Kind: engine.Ended, Time: now, Exit: exitOf(s)}, nil)
				return
			case ctx.Err() != nil:
				if err == nil {
					e.kept = &earlyStop{s, now}
				}
				yield(engine.Hit{}, context.Cause(ctx))
				return
			case err == proc.ErrInterrupted:
				continue
			case err != nil:
				yield(engine.Hit{}, err)
				return
			}
			if !e.serve(s, now, yield) {
				_ = e.p.StopAll()
				return
			}
		}
	}
}

// Idle lets the target run, without the probes that were prepared since, until ctx is
// cancelled, and reports whether it still runs.
func (e *Engine) Idle(ctx context.Context) (runs bool) {
	defer e.interruptedBy(ctx)()
	for ctx.Err() == nil {
		s, now, err := e.next()
		switch {
		case err == proc.ErrInterrupted:
		case err != nil:
			return !e.p.Over()
		case s.Cause == proc.Hit || s.Cause == proc.Written: // of an older probe
			e.kept = &earlyStop{s, now}
			return true
		default:
			return false
		}
	}
	return true
}

// An earlyStop is a stop that was not served yet.
type earlyStop struct {
	stop proc.Stop
	at   time.Time
}

// next returns the next stop and when it came.
func (e *Engine) next() (proc.Stop, time.Time, error) {
	if k := e.kept; k != nil {
		e.kept = nil
		return k.stop, k.at, nil
	}
	s, err := e.p.Next()
	return s, time.Now(), err
}

func exitOf(s proc.Stop) *engine.Exit {
	x := &engine.Exit{Status: s.Status, Exec: s.Cause == proc.Execed}
	if s.Cause == proc.Killed {
		x.Signum = int(s.Signal)
		x.Signal = unix.SignalName(s.Signal)
	}
	return x
}

// Close removes every probe and lets go of the target, which runs on.
func (e *Engine) Close() error {
	if e.closed {
		return nil
	}
	e.closed = true
	err := e.p.Detach()
	if e.guard != nil {
		e.guard.Close(err == nil)
	}
	_ = e.im.Close()
	if !e.p.Clings() { // else who traces must end with this goroutine
		runtime.UnlockOSThread()
	}
	return err
}

// Wait waits for the end of a target that Run has started, which runs on
// untraced after Close. It returns its exit status, or the name of the signal
// that killed it and 128 plus its number.
func (e *Engine) Wait() (status int, signal string, err error) {
	s, err := e.p.Wait()
	if err != nil {
		return 0, "", err
	}
	if s.Cause == proc.Killed {
		return 128 + int(s.Signal), unix.SignalName(s.Signal), nil
	}
	return s.Status, "", nil
}

// Signal sends a signal to the target.
func (e *Engine) Signal(sig os.Signal) error {
	s, ok := sig.(syscall.Signal)
	if !ok {
		return fmt.Errorf("send %v to process %d: %w", sig, e.p.PID, engine.ErrNotSupported)
	}
	if err := unix.Kill(e.p.PID, s); err != nil {
		return fmt.Errorf("send %s to process %d: %w", unix.SignalName(s), e.p.PID, err)
	}
	return nil
}

// Ended tells how the target ended, if it has.
func (e *Engine) Ended() (*engine.Exit, bool) {
	s, ok := e.p.Ended()
	if !ok {
		return nil, false
	}
	return exitOf(s), true
}
