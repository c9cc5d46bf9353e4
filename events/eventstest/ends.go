package eventstest

import (
	"errors"
	"fmt"
	"slices"

	"gtrace/events"
)

// checkPending checks that an error exception is followed by the return that
// carries the error.
func (g *goroutine) checkPending(e *events.Event) error {
	x := g.pending
	if x == nil {
		return nil
	}
	switch {
	case e.Kind != events.Return || e.Call != x.Call:
		return fmt.Errorf("after the error exception of call #%d comes no return of it", x.Call)
	case e.Error != x.Exception.Value:
		return fmt.Errorf("the return has the error %q, the exception before it %q", e.Error, x.Exception.Value)
	}
	return nil
}

func (v *Validator) checkReturn(g *goroutine, e *events.Event) error {
	if e.Call == events.NoCall {
		return errors.New("a return of no call")
	}
	c, err := v.openCall(g, e)
	if err != nil {
		return err
	}
	announcing := g.pending != nil
	g.pending = nil
	switch {
	case e.HasDuration && e.Duration < 0:
		return fmt.Errorf("negative duration %s", e.Duration)
	case e.Partial && e.HasDuration:
		return errors.New("a partial call has no duration: its begin was not seen")
	case e.Unwound && (len(e.Results) > 0 || e.Error != ""):
		return errors.New("an unwound return has results")
	case e.Unwound && e.Recovered:
		return errors.New("a return is both unwound and recovered")
	}
	if v.has(events.Exception) {
		switch {
		case e.Error != "" && !announcing:
			return errors.New("a return with an error, without an error exception right before it")
		case e.Unwound && !c.raised:
			return errors.New("an unwound return of a call without a panic, fatal or goexit exception")
		case e.Recovered && !c.raised && !c.rescued:
			return errors.New("a recovered return of a call without a panic exception")
		case !e.Unwound && !e.Recovered && c.rescued:
			// One that was only raised may have been recovered further in, by a
			// function which is not traced.
			return errors.New("a call that recovered a panic returns, not said to have recovered")
		}
	}
	return v.leave(g, c)
}

var classes = []events.Class{
	events.ClassPanic, events.ClassRuntime, events.ClassFatal, events.ClassGoexit, events.ClassError,
}

func (v *Validator) checkException(g *goroutine, e *events.Event) error {
	x := e.Exception
	switch {
	case x == nil:
		return errors.New("an exception that carries nothing")
	case !slices.Contains(classes, x.Class):
		return fmt.Errorf("unknown class %q of exception", x.Class)
	case x.Recovered && x.Class != events.ClassPanic && x.Class != events.ClassRuntime:
		return fmt.Errorf("an exception of class %s cannot be recovered", x.Class)
	case x.RecoveredBy != nil && !x.Recovered:
		return errors.New("an exception says who recovered it, but not that it was")
	}
	if e.Call == events.NoCall {
		switch {
		case x.Class == events.ClassError:
			return errors.New("an error exception of no call")
		case x.Class != events.ClassFatal && v.nested() && g.open() > 0 && !v.Filtered:
			return errors.New("an exception of no call, in a goroutine with an open call")
		}
		return nil
	}
	c, err := v.openCall(g, e)
	if err != nil {
		return err
	}
	switch {
	case x.Class == events.ClassError:
		if v.has(events.Return) {
			g.pending = e
		}
	case x.Recovered:
		c.rescued = true
	default:
		c.raised = true
	}
	return nil
}
