package session

import (
	"context"
	"errors"
	"time"
)

// errAlarm is the cause with which an alarm ends a range over hits.
var errAlarm = errors.New("alarm")

// An alarm ends a range over hits at a time, so that something can be done
// though nothing is hit. Its zero value is ready; unless it is set it costs
// nothing. It is used from one goroutine.
type alarm struct {
	at     time.Time               // zero: not set
	cancel context.CancelCauseFunc // of the range; nil: there is none
	timer  *time.Timer
}

// watch returns a context for one range over hits. It is cancelled when ctx is,
// with the same cause, and with errAlarm when the alarm goes off. stop must be
// called when the range is over.
func (a *alarm) watch(ctx context.Context) (_ context.Context, stop func()) {
	ctx, a.cancel = context.WithCancelCause(ctx)
	a.start()
	return ctx, func() {
		a.unset()
		a.cancel(nil)
		a.cancel = nil
	}
}

// set changes when the alarm goes off; the zero time is never.
func (a *alarm) set(at time.Time) {
	if at.Equal(a.at) {
		return
	}
	a.unset()
	a.at = at
	a.start()
}

func (a *alarm) start() {
	if cancel := a.cancel; cancel != nil && !a.at.IsZero() {
		a.timer = time.AfterFunc(time.Until(a.at), func() { cancel(errAlarm) })
	}
}

func (a *alarm) unset() {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

// earlier returns the earlier of two times, of which either may be zero for
// never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
