package session

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// A Stop is why a trace was told to end. As the cause of the context that is
// given to [Session.Events], it is what the end record says.
type Stop struct {
	Reason  events.Reason
	Signal  string // e.g. SIGINT, with ReasonInterrupted
	Message string
}

// Error returns the message, or else the signal or the reason.
func (s *Stop) Error() string {
	return "trace stopped: " + cmp.Or(s.Message, s.Signal, string(s.Reason))
}

func endFor(info events.EndInfo) *events.Event {
	return &events.Event{Kind: events.End, Time: time.Now(), End: &info}
}

// stopped describes the end for a cancelled context.
func stopped(cause error) *events.Event {
	if stop, ok := errors.AsType[*Stop](cause); ok {
		return endFor(events.EndInfo{
			Reason:  cmp.Or(stop.Reason, events.ReasonInterrupted),
			Signal:  stop.Signal,
			Message: stop.Message,
		})
	}
	if errors.Is(cause, context.DeadlineExceeded) {
		return endFor(events.EndInfo{Reason: events.ReasonDuration})
	}
	return endFor(events.EndInfo{Reason: events.ReasonInterrupted})
}

// exited describes the end of the target.
func exited(h *engine.Hit) *events.Event {
	info := events.EndInfo{Reason: events.ReasonExited}
	switch x := h.Exit; {
	case x.Exec:
		info.Reason = events.ReasonExec
	case x.Signal != "":
		info.Reason, info.Signal = events.ReasonSignaled, x.Signal
	default:
		info.Status = new(x.Status)
	}
	e := endFor(info)
	if !h.Time.IsZero() {
		e.Time = h.Time
	}
	return e
}
