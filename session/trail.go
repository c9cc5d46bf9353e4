package session

import (
	"slices"

	"gtrace/events"
)

// A trail tells at which line a raise passes through a call. The engine may say
// so by the stack it read where the raise began. Otherwise the line is known of
// the function where the raise began, of a function that called, without another
// in between, the traced function which the raise has just left, and of one that
// an older raise stands in.
type trail struct {
	at    *events.Frame  // the place it has come to
	stack []events.Frame // what it has not passed yet, innermost first
}

// lineOf returns the line at which a raise of r passes through c, or 0 where that
// is not known.
func (r *routine) lineOf(raise *raise, c *call) int {
	if line := raise.lineIn(c); line > 0 {
		return line
	}
	for _, older := range r.raises {
		if older.told == c.id {
			return older.line
		}
	}
	return 0
}

func (t *trail) lineIn(c *call) int {
	i := slices.IndexFunc(t.stack, func(f events.Frame) bool { return f.Func == c.fn.Name })
	if i >= 0 {
		line := t.stack[i].Line
		t.stack = t.stack[i+1:]
		return line
	}
	if t.at != nil && t.at.Func == c.fn.Name {
		return t.at.Line
	}
	return 0
}

// passed says that the raise has left c.
func (t *trail) passed(c *call) { t.at = c.caller }
