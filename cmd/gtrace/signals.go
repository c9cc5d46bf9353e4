package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"gtrace/events"
	"gtrace/session"
)

// A relay ends a trace at the first signal, and hands the target the signals
// that are meant for it once it is let go.
//
// While it runs no signal that can be caught kills gtrace: dying would leave
// probes in the target.
type relay struct {
	cancel  context.CancelCauseFunc
	foreign func(os.Signal) bool // is the target's as well: hand it on; nil: none is
	first   chan struct{}        // closed at the first signal that ends a trace

	ch   chan os.Signal
	done sync.WaitGroup

	mu   sync.Mutex
	came bool
	held []os.Signal
	to   func(os.Signal) error
}

// listen starts a relay. Foreign tells which signals are to be handed on; nil:
// none, as the target has a life of its own.
func listen(cancel context.CancelCauseFunc, foreign func(os.Signal) bool) *relay {
	r := &relay{cancel: cancel, foreign: foreign, first: make(chan struct{}), ch: make(chan os.Signal, 64)}
	ends := ending()
	signal.Notify(r.ch, ends...)
	// Into a channel that nobody reads: it is enough that they are caught. Those
	// that end a trace are so after stop as well: a second Ctrl-C, which may be
	// late, neither hinders what is still to be cleared away nor changes the exit
	// status.
	signal.Notify(make(chan os.Signal, 1), slices.Concat(ends, harmless)...)
	if foreign == nil {
		// One that was launched is stopped by its terminal too. They must be
		// ignored: a write that is refused to a background process by SIGTTOU is
		// tried again for ever where that is caught.
		signal.Ignore(stopping...)
	}
	r.done.Go(func() {
		defer guard(func(err error) { cancel(err) })
		for sig := range r.ch {
			r.receive(sig)
		}
	})
	return r
}

func (r *relay) receive(sig os.Signal) {
	r.cancel(&session.Stop{Reason: events.ReasonInterrupted, Signal: signalName(sig)})
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.came {
		r.came = true
		close(r.first)
	}
	if r.foreign == nil || !r.foreign(sig) {
		return
	}
	if r.to == nil {
		r.held = append(r.held, sig)
		return
	}
	// The only error is a target that has ended, which its status will tell.
	_ = r.to(sig)
}

// release lets the signals that were held, and those to come, go to the target.
func (r *relay) release(to func(os.Signal) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
	for _, sig := range r.held {
		_ = to(sig)
	}
	r.held = nil
}

// stop ends the relay. Signals that would end a trace do nothing from now on.
func (r *relay) stop() {
	signal.Stop(r.ch)
	if r.foreign == nil {
		signal.Reset(stopping...)
	}
	close(r.ch)
	r.done.Wait()
}

// forLaunched tells which signals sent to gtrace a launched target must get
// from it: those meant for a program that its terminal has not sent to both
// already.
func forLaunched(sig os.Signal) bool {
	switch sig {
	case syscall.SIGINT, syscall.SIGQUIT:
		return !inForeground()
	}
	return isMeant(sig)
}

// inForeground reports whether keys typed at the controlling terminal send
// their signals to this process, and so to the targets it launched.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	pgrp, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && pgrp == unix.Getpgrp()
}

// guard is deferred by every goroutine beside the one that traces. A panic
// there would kill gtrace with its probes still planted; instead it ends the
// trace.
func guard(fail func(error)) {
	if v := recover(); v != nil {
		fail(&panicError{value: v, stack: debug.Stack()})
	}
}
