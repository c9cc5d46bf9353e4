package session

import (
	"cmp"
	"fmt"
	"slices"

	"gtrace/events"
	"gtrace/session/engine"
)

// A window is the part of a trace that is shown: from the first call of one of
// some functions to the next call of one of others, which is its last event. A
// call that began before is left out.
//
// It is an [events.Filter] that must be asked first, about every call.
type window struct {
	from, to map[string]bool // names of functions; nil: from the begin, to the end
	begun    bool
	over     bool
}

// NeedsEnd is false.
func (w *window) NeedsEnd() bool { return false }

// Keep looks at the first event of a call.
func (w *window) Keep(call []events.Event) bool {
	first := &call[0]
	switch {
	case !w.begun:
		w.begun = first.Kind == events.Call && w.from[first.Func]
	case !w.over:
		w.over = first.Kind == events.Call && w.to[first.Func]
	default:
		return false
	}
	return w.begun && (w.from == nil || !first.Partial)
}

// selectAll selects what cfg asks for. The functions at which the trace starts
// and stops are traced in any case. It returns no window when all is shown.
func selectAll(fns []*engine.Function, module string, cfg Config) (Selection, *window, error) {
	sel, err := Select(fns, module, cfg.Trace, cfg.Ignore)
	if err != nil || len(cfg.StartAt)+len(cfg.StopAt) == 0 {
		return sel, nil, err
	}
	w := &window{begun: len(cfg.StartAt) == 0}
	for _, end := range []struct {
		patterns []string
		names    *map[string]bool
		flag     string
	}{{cfg.StartAt, &w.from, "--start-at"}, {cfg.StopAt, &w.to, "--stop-at"}} {
		if len(end.patterns) == 0 {
			continue
		}
		also, err := Select(fns, module, end.patterns, nil)
		if err = cmp.Or(CheckCallable(end.patterns), err); err != nil {
			return Selection{}, nil, fmt.Errorf("%s: %w", end.flag, err)
		}
		*end.names = make(map[string]bool)
		for _, fn := range also.Functions {
			(*end.names)[fn.Name] = true
			sel.named[fn] = true
		}
		if n := len(sel.Functions); len(union(sel.Functions, also.Functions)) > n {
			sel.Functions = union(sel.Functions, also.Functions)
			sel.Patterns = union(sel.Patterns, also.Patterns)
			sel.Notes = union(sel.Notes, also.Notes)
		}
	}
	return sel, w, nil
}

// CheckCallable reports the first pattern that cannot be read, or is about lines,
// which nobody calls.
func CheckCallable(patterns []string) error {
	for _, text := range patterns {
		p, err := parsePattern(text)
		if err == nil && p.lines != nil && *p.lines != everyLine {
			err = fmt.Errorf("pattern %q: a function or a file is needed here, not a line", text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// union returns list with what is missing of more. It changes neither.
func union[T comparable](list, more []T) []T {
	list = slices.Clip(list)
	for _, x := range more {
		if !slices.Contains(list, x) {
			list = append(list, x)
		}
	}
	return list
}
