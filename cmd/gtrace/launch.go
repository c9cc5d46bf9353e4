package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"gtrace/events"
	"gtrace/session"
	"gtrace/session/engine/ptrace"
)

// traceLaunched starts l, traces it, waits for its end and exits as it did.
func traceLaunched(ctx context.Context, a *app, f *traceFlags, l ptrace.Launch) error {
	ctx, t, done, err := a.open(ctx, f, a.err, forLaunched)
	if err != nil {
		return err
	}
	defer done()
	l.Stdin, l.Stdout, l.Stderr = a.in, a.out, a.err
	read := a.reading(l.Path)
	tgt, err := a.engine.Run(l)
	read()
	if err != nil {
		t.out.Close() // nothing was written
		return notStarted(err)
	}
	traceErr := t.run(ctx, tgt)
	// Told now: what follows may take as long as the target lives.
	if !isStop(traceErr) {
		a.say.report(traceErr)
	}
	if t.begun.IsZero() {
		return reap(tgt, traceErr)
	}
	t.summarize("")
	if !targetEnded(t.end.Reason) {
		why := stopText(&t.end)
		if traceErr != nil {
			why = "tracing ended" // the reason has just been told
		}
		a.say.note("%s; waiting for PID %d to end", why, tgt.Target().PID)
		t.hintExec()
	}
	status, signal, err := tgt.Wait()
	switch {
	case traceErr != nil:
		return ended(exitStatus(traceErr))
	case err != nil:
		return fmt.Errorf("wait for PID %d: %w", tgt.Target().PID, err)
	}
	return ended(targetStatus(status, signal))
}

// reap collects a target that was killed before it ran, and returns the exit
// status for why.
func reap(tgt target, why error) error {
	_, _, _ = tgt.Wait() // how it ended is known
	if stop, ok := errors.AsType[*session.Stop](why); ok {
		return ended(targetStatus(0, stop.Signal))
	}
	return ended(exitStatus(why))
}

// targetEnded reports whether a trace ended because its target did.
func targetEnded(r events.Reason) bool {
	return r == events.ReasonExited || r == events.ReasonSignaled
}

// stopText says why a trace ended before its target.
func stopText(end *events.EndInfo) string {
	switch end.Reason {
	case events.ReasonInterrupted:
		return "tracing ended by " + end.Signal
	case events.ReasonLimit:
		return "tracing ended at --limit"
	case events.ReasonDuration:
		return "tracing ended after --for"
	case events.ReasonStopAt:
		return "tracing ended at --stop-at"
	case events.ReasonExec:
		return "tracing ended: " + cmp.Or(end.Message, "the target replaced itself by exec")
	case events.ReasonOutput:
		return "tracing ended: " + end.Message
	}
	return "tracing ended"
}
