package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"gtrace/cmd/gtrace/output"
	"gtrace/events"
	"gtrace/session"
	"gtrace/session/engine"
)

// A trace is one trace of one target, from an open engine to a closed one.
type trace struct {
	app    *app
	flags  *traceFlags
	out    *destination
	relay  *relay
	stderr *output.Steady
	status *statusLine // nil: none
	cancel context.CancelCauseFunc

	begun    time.Time
	end      events.EndInfo // zero until the end record came
	released bool           // the target runs on without probes
}

// open makes a trace whose events go to what the flags name, or to std, and that a
// signal ends; foreign tells which are the target's. Nothing is traced yet. What it
// returns last is to be called when all is over.
func (a *app) open(ctx context.Context, f *traceFlags, std *os.File, foreign func(os.Signal) bool) (context.Context, *trace, func(), error) {
	out, err := openDestination(&f.output, a.streams, std)
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	relay := listen(cancel, foreign)
	return ctx, newTrace(a, f, out, relay), func() {
		relay.stop()
		cancel(nil)
	}, nil
}

// newTrace makes a trace that a signal to relay ends. From now on no output is
// waited for longer than the flags allow.
func newTrace(a *app, f *traceFlags, out *destination, relay *relay) *trace {
	p := output.Patience{Stall: f.stall, Hurry: relay.first}
	out.patience = p
	t := &trace{app: a, flags: f, out: out, relay: relay, stderr: output.NewSteady(a.say.w, guard, p), cancel: relay.cancel}
	a.say.w = t.stderr
	return t
}

// run traces tgt until it or the trace ends, and lets go of it. The error is
// about tracing; how the trace ended is in t.end. A panic of our own is one.
func (t *trace) run(ctx context.Context, tgt target) (err error) {
	defer func() {
		if cerr := t.closeOutput(); !errors.Is(err, cerr) { // a panic has ended the trace already
			err = errors.Join(err, cerr)
		}
	}()
	// Before the output, which may take its time, and also when something
	// panics: a target must not be left with probes.
	defer func() {
		if cerr := t.detach(tgt); cerr != nil {
			err = errors.Join(err, fmt.Errorf("detach: %w", cerr))
		}
	}()
	ignoreReserved()
	s, err := t.prepare(ctx, tgt)
	if err != nil {
		if tgt.Target().Launched {
			// It has not run yet, and without a trace it was not asked to. An
			// error would say that it is dead already.
			_ = tgt.Signal(syscall.SIGKILL)
		}
		return err
	}
	t.begun = time.Now()
	return t.follow(ctx, s, tgt)
}

// follow writes the events of s until there are no more.
func (t *trace) follow(ctx context.Context, s *session.Session, tgt target) (err error) {
	defer guard(func(p error) { err = p })
	for e, err := range s.Events(ctx) {
		if err != nil && !isStop(err) {
			return errors.Join(err, internal(ctx))
		}
		if err == nil {
			if e.Exec != nil {
				t.out.know(tgt.Functions())
			}
			t.observe(&e)
			t.out.Write(e)
		}
	}
	return internal(ctx)
}

// detach lets go of the target, and hands it the signals it shall have.
func (t *trace) detach(tgt target) error {
	err := tgt.Close()
	alive := !targetEnded(t.end.Reason)
	t.released = alive && err == nil
	if alive && tgt.Target().Launched {
		t.relay.release(tgt.Signal)
	}
	return err
}

// prepare does what can fail before the target runs.
func (t *trace) prepare(ctx context.Context, tgt target) (s *session.Session, err error) {
	defer guard(func(p error) { err = p })
	cfg, err := t.flags.config(tgt.Target())
	if err != nil {
		return nil, err
	}
	cfg.Warn, cfg.Remedy = t.app.say.note, t.app.say.world.remedy()
	s, err = session.New(tgt, cfg)
	if err != nil {
		return nil, err
	}
	if t.flags.pin {
		if err := pin(tgt); err != nil {
			return nil, err
		}
	}
	if !t.flags.output.full {
		t.out.names = new(events.Names)
		t.out.know(tgt.Functions())
	}
	t.out.source = func(file string, line int) string { return cfg.Sources.File(file).Line(line) }
	if t.out.histograms, err = t.flags.drawn(tgt); err != nil {
		return nil, err
	}
	if ctx.Err() != nil { // a signal came while the program was loaded
		return nil, context.Cause(ctx)
	}
	if err := t.flags.protect(ctx, tgt); err != nil {
		return nil, err
	}
	return s, t.out.start(t.flags, t.app.env, ctx.Done(), t.writeFailed)
}

// protect makes the target survive SIGKILL to gtrace, unless that was waived.
func (f *traceFlags) protect(ctx context.Context, tgt target) error {
	p, ok := tgt.(engine.Protector)
	if !ok || f.unprotected {
		return nil
	}
	if err := p.Protect(ctx); err != nil {
		return notStarted(err)
	}
	return nil
}

// pin keeps target and tracer on one CPU.
func pin(tgt target) error {
	p, ok := tgt.(engine.Pinner)
	if !ok {
		return fmt.Errorf("--pin: %w", engine.ErrNotSupported)
	}
	if err := p.Pin(); err != nil {
		return fmt.Errorf("--pin: %w", err)
	}
	return nil
}

// observe keeps what gtrace itself wants to know of the stream.
func (t *trace) observe(e *events.Event) {
	t.status.count(e)
	switch {
	case e.Start != nil:
		t.announce(e.Start)
		if t.flags.duration > 0 {
			// Counted from here: loading a large program takes its time.
			time.AfterFunc(t.flags.duration, func() {
				t.cancel(&session.Stop{Reason: events.ReasonDuration})
			})
		}
	case e.Exec != nil:
		t.announce(&e.Exec.StartInfo)
	case e.End != nil:
		t.end = *e.End
	}
}

// announce says with -v what the start record leaves out or cuts short.
func (t *trace) announce(info *events.StartInfo) {
	say := t.app.say
	say.detail("%s (%s), PID %d: %s in %s", info.Program, info.GoVersion, info.PID,
		plural(info.Probes, "probe"), plural(info.Functions, "function"))
	if info.Stopped > 0 {
		say.detail("the target stood still for %v while they were planted", info.Stopped.Round(time.Millisecond))
	}
	for _, note := range info.Notes {
		say.detail("note: %s", note)
	}
}

// writeFailed ends the trace because its events cannot be written.
func (t *trace) writeFailed(err error) {
	if _, ok := errors.AsType[*panicError](err); ok {
		t.cancel(err)
		return
	}
	t.cancel(&session.Stop{Reason: events.ReasonOutput, Message: err.Error()})
}

// closeOutput closes the output. A reader that went away is no failure: it has
// seen what it wanted.
func (t *trace) closeOutput() (err error) {
	defer guard(func(p error) { err = p })
	t.status.stop()
	err = t.out.Close()
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	if _, ok := errors.AsType[*output.StallError](err); ok {
		return withHint(err, "-o FILE needs no reader; --stall 1m waits longer, --stall 0 for ever, and the target with it")
	}
	return err
}

// summarize says what was traced, unless the end record says it in the place
// where messages go too.
func (t *trace) summarize(rest string) {
	for line := range strings.Lines(t.flags.filter.failures()) {
		t.app.say.note("%s", strings.TrimRight(line, "\n"))
	}
	if t.begun.IsZero() || t.out.file == t.app.err || isTerminal(t.out.file) {
		return
	}
	text := fmt.Sprintf("%s in %v", plural(int(t.end.Events), "event"), elapsed(time.Since(t.begun)))
	if t.end.Lost > 0 {
		text += fmt.Sprintf(", %d lost", t.end.Lost)
	}
	if t.out.name != os.Stdout.Name() && t.out.failure() == nil {
		text += ", written to " + t.out.name
	}
	t.app.say.note("%s%s", text, rest)
}

// hintExec says what would have gone on where an exec has ended the trace.
func (t *trace) hintExec() {
	if t.end.Reason == events.ReasonExec && !t.flags.followExec && !t.flags.quiet {
		t.app.say.hint("--follow-exec goes on in the new program")
	}
}

// stopOf returns what ended ctx in an orderly way, or nil.
func stopOf(ctx context.Context) *session.Stop {
	stop, _ := errors.AsType[*session.Stop](context.Cause(ctx))
	return stop
}

// isStop reports whether err is a way for a trace to end that is no failure.
func isStop(err error) bool {
	_, ok := errors.AsType[*session.Stop](err)
	return ok
}

// internal returns the failure of a goroutine beside the tracing one, if that
// is what ended ctx.
func internal(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil && !isStop(err) {
		return err
	}
	return nil
}

// elapsed rounds a duration for people.
func elapsed(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Second)
}
