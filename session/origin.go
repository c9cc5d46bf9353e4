package session

import (
	"cmp"
	"slices"

	"gtrace/events"
	"gtrace/session/engine"
)

// An error result is followed upwards through the calls that return it. Each
// open call remembers the errors that traced calls inside it have returned, with
// the place where each first appeared. A call that returns one of these, or an
// error that wraps one, passes it on; any other error appears there first. What
// a call remembers ends with it, so that a sentinel such as io.EOF takes no
// origin from a tree of calls that is finished.

// maxRemembered bounds the errors remembered by a call: the most recent stay.
const maxRemembered = 16

// An errorMemory is what a call remembers, oldest first.
type errorMemory []remembered

type remembered struct {
	id     engine.ErrorID
	origin *events.Frame
}

func (m errorMemory) index(id engine.ErrorID) int {
	return slices.IndexFunc(m, func(r remembered) bool { return r.id == id })
}

// origin returns where the first of the errors, asked from the last, the most
// deeply wrapped, to the first, appeared. It is nil when none is remembered.
func (m errorMemory) origin(ids []engine.ErrorID) *events.Frame {
	for _, id := range slices.Backward(ids) {
		if i := m.index(id); i >= 0 {
			return m[i].origin
		}
	}
	return nil
}

// remember adds errors that appeared at origin.
func (m *errorMemory) remember(ids []engine.ErrorID, origin *events.Frame) {
	for _, id := range ids {
		if i := m.index(id); i >= 0 {
			*m = slices.Delete(*m, i, i+1)
		} else if len(*m) == maxRemembered {
			*m = slices.Delete(*m, 0, 1)
		}
		*m = append(*m, remembered{id, origin})
	}
}

// errorResult reports that the innermost call of r is about to return an error.
func (p *pairer) errorResult(h *engine.Hit, r *routine) {
	c := r.top()
	origin := c.errors.origin(h.Errors)
	if origin == nil {
		origin = &events.Frame{Func: c.fn.Name, File: h.File, Line: h.Line}
	}
	if n := len(r.calls); n > 1 {
		r.calls[n-2].errors.remember(h.Errors, origin)
	}

	e := p.event(h, events.Exception)
	p.describe(e, r)
	e.File, e.Line = h.File, h.Line
	e.Exception = &events.ExceptionInfo{
		Class:  events.ClassError,
		Type:   h.ErrorType,
		Value:  errorText(h),
		Origin: origin,
	}
	e.Stack = p.cut(h.Stack)
}

// errorText returns the message of the hit's error. One that has none, or whose
// message could not be read, is still an error.
func errorText(h *engine.Hit) string {
	return cmp.Or(h.ErrorText, "<no message>")
}

// withError says the message of the last result beside its value. The engine's
// own slice stays as it is.
func withError(results []events.Value, text string) []events.Value {
	if len(results) == 0 || results[len(results)-1].Error != "" {
		return results
	}
	results = slices.Clone(results)
	results[len(results)-1].Error = text
	return results
}
