package main

import (
	"errors"

	"gtrace/diag"
	"gtrace/session"
	"gtrace/session/engine"
)

// The exit statuses of gtrace's own; env(1) and timeout(1) use the same.
const (
	statusProblem    = 1   // doctor found a problem, repair a difference, ps nothing
	statusUsage      = 2   // wrong usage
	statusFailed     = 125 // gtrace itself failed
	statusNotStarted = 126 // the target could not be started or attached to
	statusNotFound   = 127 // PROG does not exist

	statusInterrupted = 130 // Ctrl-C before there was a target
)

// exitText lists them in the help of the commands that trace.
const exitText = `  2    wrong usage: a flag, or a pattern that matches nothing
  125  gtrace itself failed
  126  the target could not be started or attached to
  127  PROG does not exist`

// An exitError is an error that has decided the exit status. Without err there
// is nothing to print: the status is the message.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return "exit status"
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error      { return &exitError{statusUsage, err} }
func notStarted(err error) error { return &exitError{statusNotStarted, err} }
func notFound(err error) error   { return &exitError{statusNotFound, err} }

// exitStatus is the one place where errors become exit statuses.
func exitStatus(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.status
	}
	if _, ok := errors.AsType[*session.NoMatchError](err); ok {
		return statusUsage
	}
	if _, ok := errors.AsType[*session.NoLineError](err); ok {
		return statusUsage
	}
	if _, ok := errors.AsType[*session.InlinedError](err); ok {
		return statusUsage
	}
	if _, ok := errors.AsType[*session.UnknownNameError](err); ok {
		return statusUsage
	}
	if _, ok := errors.AsType[*session.BarredError](err); ok {
		return statusUsage
	}
	if _, ok := errors.AsType[*diag.Error](err); ok {
		return statusUsage
	}
	if _, ok := errors.AsType[*session.TooManyError](err); ok {
		return statusUsage
	}
	if _, ok := errors.AsType[*engine.MemoryError](err); ok {
		return statusUsage
	}
	return statusFailed
}

// targetStatus is the exit status that tells how the target ended, as a shell
// tells it.
func targetStatus(status int, signal string) int {
	if signal == "" {
		return status
	}
	if n := signalNumber(signal); n != 0 {
		return 128 + n
	}
	return statusFailed
}

// ended is the error for an exit status that needs no words; nil for 0.
func ended(status int) error {
	if status == 0 {
		return nil
	}
	return &exitError{status: status}
}
