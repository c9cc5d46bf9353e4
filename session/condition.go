package session

import (
	"errors"
	"fmt"

	"gtrace/diag"
	"gtrace/session/engine"
)

// conditionOf says which functions have the condition. It is about calls that
// were asked for by name, not about what these call; where the trace is of what
// goes on inside some calls, it is about those. Functions at which a trace starts
// and stops are not asked.
func conditionOf(text string, s *scope, w *window) func(*engine.Function) string {
	return func(fn *engine.Function) string {
		if s != nil && s.from != nil && !s.from[fn] || w != nil && (w.from[fn.Name] || w.to[fn.Name]) {
			return ""
		}
		return text
	}
}

// misfits are the functions in which the condition means nothing. None of their
// calls can be said to fulfil it, so that they are left out, and noted. It is a
// mistake in the condition when there are no others.
type misfits struct {
	condition string
	functions []string
	first     *diag.Error
}

// add takes the error of a function that was refused for the condition.
func (m *misfits) add(fn *engine.Function, err error) bool {
	e, ok := errors.AsType[*diag.Error](err)
	if !ok {
		return false
	}
	if m.functions = append(m.functions, fn.Name); m.first == nil {
		m.first = e
	}
	return true
}

func (m *misfits) err() error {
	if m.first == nil {
		return nil
	}
	if n := len(m.functions); n > 1 {
		return fmt.Errorf("--if: it has no meaning in any of the %d functions: %w", n, m.first)
	}
	return fmt.Errorf("--if: %w", m.first)
}

func (m *misfits) notes() []string {
	if m.first == nil {
		return nil
	}
	return []string{fmt.Sprintf("%s left out, where --if %s has no meaning: %s; the first says: %s",
		plural(len(m.functions), "function", "functions"), m.condition, some(m.functions), m.first.Reason)}
}

// doubts tells, once for each function, that the condition could not be evaluated
// at a call, which is traced then.
type doubts struct {
	condition string
	told      map[*engine.Function]bool
	warn      func(format string, args ...any)
}

func newDoubts(cfg Config) doubts {
	return doubts{cfg.If, make(map[*engine.Function]bool), cfg.Warn}
}

func (d *doubts) tell(h *engine.Hit) {
	if h.Doubt == "" || d.warn == nil || d.told[h.Func] {
		return
	}
	d.told[h.Func] = true
	d.warn("--if %s cannot be evaluated at a call of %s, which is shown: %s", d.condition, h.Func.Name, h.Doubt)
}
