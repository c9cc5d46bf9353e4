package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"gtrace/events"
	"gtrace/session"
)

// A relay ends a trace at the first signal, and hands the target the signals
// that are meant for it once it is let go.
//
// While it runs no signal kills gtrace: dying would leave probes in the target.
type relay struct {
	cancel  context.CancelCauseFunc
	foreign func(os.Signal) bool // is the target's as well: hand it on; nil: none is

	ch   chan os.Signal
	done sync.WaitGroup

	mu   sync.Mutex
	held []os.Signal
	to   func(os.Signal) error
}

// listen starts a relay. Signals that were ignored when gtrace started, as by
// nohup, stay ignored. Foreign tells which signals are to be handed on; nil:
// none, as the target has a life of its own.
func listen(cancel context.CancelCauseFunc, foreign func(os.Signal) bool) *relay {
	r := &relay{cancel: cancel, foreign: foreign, ch: make(chan os.Signal, 16)}
	// A shell without job control starts what runs in the background with SIGINT
	// ignored; who sends one by name means it. An ignored SIGHUP is nohup's.
	signal.Notify(r.ch, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(r.ch, syscall.SIGHUP)
	}
	// A write to a closed stdout or stderr must return an error, not kill.
	signal.Notify(r.ch, syscall.SIGPIPE)
	if foreign == nil {
		// Ctrl-Z would stop gtrace only, and the target at its next probe. One
		// that was launched is stopped by its terminal too.
		signal.Notify(r.ch, syscall.SIGTSTP)
	}
	r.done.Go(func() {
		defer guard(func(err error) { cancel(err) })
		for sig := range r.ch {
			if sig != syscall.SIGPIPE && sig != syscall.SIGTSTP {
				r.receive(sig)
			}
		}
	})
	return r
}

func (r *relay) receive(sig os.Signal) {
	r.cancel(&session.Stop{Reason: events.ReasonInterrupted, Signal: signalName(sig)})
	if r.foreign == nil || !r.foreign(sig) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
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

// stop restores the default action of the signals.
func (r *relay) stop() {
	signal.Stop(r.ch)
	close(r.ch)
	r.done.Wait()
}

// forLaunched tells which signals sent to gtrace a launched target must get
// from it: those that its terminal has not sent to both already.
func forLaunched(sig os.Signal) bool {
	switch sig {
	case syscall.SIGINT, syscall.SIGQUIT:
		return !inForeground()
	}
	return true
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

func signalName(sig os.Signal) string {
	if s, ok := sig.(syscall.Signal); ok {
		if name := unix.SignalName(s); name != "" {
			return name
		}
	}
	return fmt.Sprint(sig)
}

// guard is deferred by every goroutine beside the one that traces. A panic
// there would kill gtrace with its probes still planted; instead it ends the
// trace.
func guard(fail func(error)) {
	if v := recover(); v != nil {
		fail(&panicError{value: v, stack: debug.Stack()})
	}
}
