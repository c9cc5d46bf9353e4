package eventstest

import (
	"errors"
	"fmt"

	"gtrace/events"
)

// checkWrite checks a change of watched memory. It may have been made by any
// function inside of the call that it belongs to, if it belongs to one.
func (v *Validator) checkWrite(g *goroutine, e *events.Event) error {
	if len(e.Watch) != 1 {
		return fmt.Errorf("a write to %d places, want 1", len(e.Watch))
	}
	switch w := e.Watch[0]; {
	case w.Expr == "" || w.Type == "":
		return errors.New("a write to something without a name or a type")
	case w.Value == "" || w.Old == "":
		return errors.New("a write without the value before and after it")
	case e.Args != nil || e.Results != nil || e.Exception != nil || e.HasDuration || e.Unwound:
		return errors.New("a write with what only calls have")
	case e.Call == events.NoCall && (e.Depth != 0 || e.Parent != events.NoCall):
		return errors.New("a write in no call that has a depth or a parent")
	case e.Call == events.NoCall:
		return nil
	}
	c := v.calls[e.Call]
	if c == nil || c.name == "" {
		if !e.Partial && v.has(events.Call) {
			return fmt.Errorf("call #%d was not announced and is not partial", e.Call)
		}
		return nil // which function it is of, its next event will tell
	}
	inside := *e
	inside.Func = c.name
	if _, err := v.openCall(g, &inside); err != nil {
		return err
	}
	if n := len(g.stack); v.nested() && n > 0 && g.stack[n-1] != c {
		return fmt.Errorf("a write in call #%d, while it is inside call #%d", c.id, g.stack[n-1].id)
	}
	return nil
}
