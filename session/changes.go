package session

import (
	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/source"
)

// What a call's variables were is remembered as the text that an event shows of
// them, so that a change is what a reader can see as one: of a map entry, of a
// field, of what a pointer leads to, as far as values are read.

// memory is what is known of a call's variables.
type memory struct {
	args  []events.Value    // as the call event had them
	known map[uint64]string // values, by the id of the variable
}

// changes says which variables are new or have changed since the last time, and
// remembers them. A variable that cannot be read now is neither, and keeps what
// was known of it. One whose declaration is still under way has no value yet.
func (m *memory) changes(h *engine.Hit, file *source.File, old bool) []events.Change {
	first := m.known == nil
	if first {
		m.known = make(map[uint64]string, len(h.Locals))
	}
	var list []events.Change
	for i := range h.Locals {
		v := &h.Locals[i]
		if v.Missing || !hasBegun(v, h.Line, file) {
			continue
		}
		before, known := m.known[v.ID]
		if !known && v.Argument {
			before, known = m.argument(v.Name)
			if !known && first { // it is there from the start
				before, known = v.Value.Value, true
			}
		}
		m.known[v.ID] = v.Value.Value
		if known && before == v.Value.Value {
			continue
		}
		c := events.Change{Value: v.Value, Modified: known}
		if old && known {
			c.Old = before
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

// hasBegun reports whether the statement that declares a variable is over on a
// line.
func hasBegun(v *engine.Variable, line int, file *source.File) bool {
	if v.Argument || line < v.Declared {
		return true // before it: of a function around this one
	}
	if file == nil {
		return line > v.Declared
	}
	return line > file.Declared(v.Declared)
}

// allValues returns the variables of a frame as values.
func allValues(vars []engine.Variable) []events.Value {
	values := make([]events.Value, len(vars))
	for i := range vars {
		values[i] = vars[i].Value
	}
	return values
}
