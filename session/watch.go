package session

import (
	"errors"
	"fmt"

	"gtrace/diag"
	"gtrace/events"
	"gtrace/session/engine"
)

// A watcher evaluates expressions at every event of a call, and tells what is
// other than it was at the one before. What cannot be evaluated at an event is not
// there, and keeps what was known of it.
type watcher struct {
	eng     engine.Evaluator
	list    []engine.Watch
	limits  engine.Limits
	watched map[*engine.Function][]engine.Watch // that have a meaning there
}

// newWatcher checks what cfg asks to watch in the functions that are traced. It
// is nil when that is nothing. What has no meaning in any function is a mistake.
func newWatcher(eng engine.Engine, cfg Config, fns []*engine.Function) (*watcher, error) {
	if len(cfg.Watch) == 0 {
		return nil, nil
	}
	evaluator, ok := eng.(engine.Evaluator)
	if !ok {
		return nil, fmt.Errorf("%s: %w", flagOf(cfg.Watch[0]), engine.ErrNotSupported)
	}
	w := &watcher{eng: evaluator, list: cfg.Watch, limits: cfg.Capture.Limits, watched: make(map[*engine.Function][]engine.Watch)}
	for _, watch := range cfg.Watch {
		if err := w.check(watch, fns); err != nil {
			return nil, fmt.Errorf("%s: %w", flagOf(watch), err)
		}
	}
	return w, nil
}

func flagOf(w engine.Watch) string {
	if w.Parts {
		return "--explode"
	}
	return "--watch"
}

// check returns the first reason for which a watch means nothing, if it does not
// in all functions.
func (w *watcher) check(watch engine.Watch, fns []*engine.Function) error {
	var first error
	for _, fn := range fns {
		err := w.eng.Check(fn, watch)
		if err == nil {
			return nil
		}
		if _, ok := errors.AsType[*diag.Error](err); !ok {
			return err
		}
		if first == nil {
			first = err
		}
	}
	if len(fns) > 1 && first != nil {
		return fmt.Errorf("it has no meaning in any of the %d functions: %w", len(fns), first)
	}
	return first
}

// in returns what is to be watched in a function, which may be one that was not
// asked for by name.
func (w *watcher) in(fn *engine.Function) []engine.Watch {
	list, ok := w.watched[fn]
	if ok {
		return list
	}
	for _, watch := range w.list {
		if w.eng.Check(fn, watch) == nil {
			list = append(list, watch)
		}
	}
	w.watched[fn] = list
	return list
}

// see evaluates what is watched at a hit of a call, while that is the last one
// that was yielded.
func (w *watcher) see(h *engine.Hit, m *memory) []events.Watch {
	if w == nil {
		return nil
	}
	var list []events.Watch
	for _, watch := range w.in(h.Func) {
		values, err := w.eng.Eval(watch, w.limits)
		if err != nil {
			continue
		}
		for _, v := range values {
			if before, known := m.watched[v.Name]; known && before == v.Value {
				continue
			}
			if m.watched == nil {
				m.watched = make(map[string]string)
			}
			m.watched[v.Name] = v.Value
			list = append(list, events.Watch{Expr: v.Name, Type: v.Type, Value: v.Value})
		}
	}
	return list
}
