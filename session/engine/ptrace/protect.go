//go:build linux && amd64

package ptrace

import (
	"context"
	"fmt"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace/proc"
)

// Protect makes the target survive the sudden death of this process. See
// [engine.Protector].
func (e *Engine) Protect(ctx context.Context) error {
	if e.closed {
		return engine.ErrClosed
	}
	e.protect = true
	stop := e.interruptedBy(ctx)
	defer stop()
	if err := e.secure(ctx); err != nil {
		return fmt.Errorf("protect process %d: %w", e.p.PID, err)
	}
	return nil
}

// secure lets the target install what protects it. A program that has just been
// started sets up its signal handlers for that, and stands where its first
// goroutine begins then. No breakpoint stands in it before, but the one there.
func (e *Engine) secure(ctx context.Context) error {
	if e.p.Secured() {
		return nil
	}
	attached := e.greeted != nil
	if !attached {
		err := e.runUp()
		for err == proc.ErrInterrupted && ctx.Err() == nil {
			err = e.runUp()
		}
		if err == proc.ErrInterrupted {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
	if err := e.p.Secure(nil); err != nil {
		return err
	}
	_, ended := e.p.Ended()
	if why := e.p.Unsecured(); !ended && (why != nil || !e.p.Secured()) {
		return fmt.Errorf("%w: %w", engine.ErrUnprotected, why)
	}
	if attached {
		return e.p.Resume()
	}
	return e.p.Outlive()
}

// runUp lets a program that has just been started run up to its first goroutine.
func (e *Engine) runUp() error {
	first := e.runtimeFunctions("runtime.main")
	if len(first) == 0 {
		return fmt.Errorf("%w: it has no function runtime.main", engine.ErrUnprotected)
	}
	pl, err := e.im.Places(first[0])
	if err != nil {
		return fmt.Errorf("runtime.main: %w", err)
	}
	return e.p.RunTo(proc.Break{Addr: pl.Entry.Addr, Original: pl.Entry.First, Insn: effectOf(pl.Entry)})
}

// protected does for a program that has taken the target's place what Protect has
// done for the one before; and lets one run on its own that is not protected.
func (e *Engine) protected(ctx context.Context) error {
	if e.protect {
		return e.secure(ctx)
	}
	return e.p.Outlive()
}

// interruptedBy makes the end of a context interrupt the wait for the next stop,
// until stop is called.
func (e *Engine) interruptedBy(ctx context.Context) (stop func()) {
	interrupted := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		e.p.Interrupt()
		close(interrupted)
	})
	return func() {
		if !cancel() {
			<-interrupted
			e.p.Proceed()
		}
	}
}

// scratch returns text which a running program does not execute any more: that
// of the very start of the runtime.
func scratch(im *program.Image) (s proc.Scratch) {
	for _, f := range im.Functions() {
		if f.Symbol != "runtime.rt0_go" || f.Entry == 0 {
			continue
		}
		if code, err := im.Code(f); err == nil {
			s = proc.Scratch{Addr: f.Entry, Text: code}
		}
	}
	return s
}
