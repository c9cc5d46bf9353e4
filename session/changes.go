package session

import (
	"cmp"
	"slices"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/source"
)

// What a call's variables were is remembered as the text that an event shows of
// them, so that a change is what a reader can see as one: of a map entry, of a
// field, of what a pointer leads to, as far as values are read.

// memory is what is known of a call's variables.
type memory struct {
	args    []events.Value    // as the call event had them
	known   map[uint64]known  // values, by the id of the variable
	reached map[int]bool      // lines that the call has been on
	partial bool              // it was running before that could be seen
	watched map[string]string // values of expressions
}

// A known is the value of a variable, as an event shows it, and as it is compared.
type known struct{ shown, whole string }

// changes says which variables are new or have changed since the last time, and
// remembers them. A variable that cannot be read now is neither, and keeps what
// was known of it. One whose declaration was not run, or is still under way, has
// no value yet. observed are the lines of the function that are observed.
func (m *memory) changes(h *engine.Hit, file *source.File, observed []int, old bool) []events.Change {
	first := m.known == nil
	if first {
		m.known = make(map[uint64]known, len(h.Locals))
		m.reached = make(map[int]bool)
	}
	if h.Kind == engine.Reached {
		m.reached[h.Line] = true
	}
	var list []events.Change
	for i := range h.Locals {
		v := &h.Locals[i]
		if v.Missing || !m.declared(v, h, file, observed) {
			continue
		}
		now := known{v.Value.Value, cmp.Or(v.Whole, v.Value.Value)}
		before, isKnown := m.known[v.ID]
		m.known[v.ID] = now
		if !isKnown && v.Argument {
			before.shown, isKnown = m.argument(v.Name)
			if !isKnown && first { // it is there from the start
				before.shown, isKnown = now.shown, true
			}
			before.whole, now.whole = before.shown, now.shown
		}
		if isKnown && before.whole == now.whole {
			continue
		}
		c := events.Change{Value: v.Value, Modified: isKnown}
		if isKnown {
			c.Parts = events.Delta(before.whole, now.whole)
			for k := range c.Parts {
				if !old {
					c.Parts[k].Old = ""
				}
			}
		}
		if old && isKnown {
			c.Old = before.shown
		}
		list = append(list, c)
	}
	return list
}

// argument returns the value that an argument had at the call.
func (m *memory) argument(name string) (string, bool) {
	for i := range m.args {
		if m.args[i].Name == name {
			return m.args[i].Value, true
		}
	}
	return "", false
}

// declared reports whether the statement that declares a variable is over. The
// debug information only says where it stands: at a return, which the compiler
// may have made one of many, that tells nothing.
func (m *memory) declared(v *engine.Variable, h *engine.Hit, file *source.File, observed []int) bool {
	if v.Argument {
		return true
	}
	last := v.Declared
	if file != nil {
		last = file.Declared(v.Declared)
	}
	switch {
	case m.reached[v.Declared]:
	case m.partial || !slices.Contains(observed, v.Declared): // nobody can say whether it was run
		return h.Line > last
	default:
		return false
	}
	return h.Kind == engine.Returned || h.Line > last
}

// allValues returns the variables of a frame as values.
func allValues(vars []engine.Variable) []events.Value {
	values := make([]events.Value, len(vars))
	for i := range vars {
		values[i] = vars[i].Value
	}
	return values
}
