package session

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/source"
)

// planted is what was installed in the target.
type planted struct {
	probes    []engine.ProbeID
	places    int // the halves of a function are one
	functions int
	costings  []*costing // of the probes, where a function has two
	notes     []string
	sources   *source.Finder
}

// plant installs a probe in every function, and one for panics, without which
// the calls that a panic takes away would have no end. A function that cannot
// be probed is noted, as long as another can; when planting fails, nothing
// stays behind. With a bound of the overhead, entries and returns get a probe
// each, so that they can be removed each for themselves.
func plant(eng engine.Engine, fns []*engine.Function, cfg Config, lines *linePlan, condition func(*engine.Function) string) (planted, error) {
	capture := neededCapture(cfg)
	done := planted{sources: cfg.Sources}
	var refused []string
	var first error
	misfits := misfits{condition: cfg.If}
	for _, fn := range fns {
		err := done.function(eng, fn, condition(fn), capture, cfg.MaxOverhead > 0, lines)
		switch {
		case err == nil:
			done.functions++
			continue
		case misfits.add(fn, err):
			continue
		case hopeless(err):
			return planted{}, errors.Join(err, unplant(eng, done.probes))
		case first == nil:
			first = err
		}
		refused = append(refused, fn.Name)
	}
	if done.functions == 0 {
		if err := cmp.Or(first, misfits.err()); err != nil {
			return planted{}, err
		}
	}
	done.notes = append(done.notes, misfits.notes()...)
	if first != nil {
		done.notes = append(done.notes, fmt.Sprintf("%s cannot be probed: %s; the first says: %v",
			plural(len(refused), "function", "functions"), some(refused), first))
	}

	id, err := eng.Plant(engine.Probe{What: engine.Panics, Capture: capture})
	switch {
	case err == nil:
		done.probes = append(done.probes, id)
		done.places++
		done.costings = append(done.costings, &costing{entries: id})
	case errors.Is(err, engine.ErrNotSupported):
		done.notes = append(done.notes, fmt.Sprintf("panics are not seen, nor the end of calls they take away: %v", err))
	default:
		return planted{}, errors.Join(fmt.Errorf("probe panics: %w", err), unplant(eng, done.probes))
	}
	for _, expr := range cfg.WatchMem {
		id, err := eng.Plant(engine.Probe{What: engine.Writes, Expr: expr, Capture: capture})
		if err != nil {
			return planted{}, errors.Join(err, unplant(eng, done.probes))
		}
		done.probes = append(done.probes, id)
		done.places++
	}
	return done, nil
}

// function installs the probes of one function: all of them, or none.
func (p *planted) function(eng engine.Engine, fn *engine.Function, condition string, capture engine.Capture, halves bool, plan *linePlan) error {
	lines := plan.observed(fn)
	capture.Locals = capture.Locals || len(lines) > 0
	var assigned func() []engine.Assigned
	if fn.Optimized && p.sources != nil {
		assigned = sync.OnceValue(func() []engine.Assigned { return p.assigned(fn) })
	}
	probes := []engine.Probe{{What: engine.Calls, Func: fn, Capture: capture}}
	if halves {
		probes = []engine.Probe{{What: engine.Returns, Func: fn, Capture: capture}, {What: engine.Entries, Func: fn, Capture: capture}}
	}
	if len(lines) > 0 {
		pr := engine.Probe{What: engine.Lines, Func: fn, Lines: lines, Capture: capture}
		if file := plan.file(fn); file != nil {
			pr.Statement, pr.Leads = file.Statement, file.Leads
		}
		probes = append(probes, pr)
	}
	var ids []engine.ProbeID
	for _, pr := range probes {
		pr.If, pr.Assigned = condition, assigned
		id, err := eng.Plant(pr)
		if err != nil {
			return errors.Join(err, unplant(eng, ids))
		}
		ids = append(ids, id)
	}
	p.probes = append(p.probes, ids...)
	p.places += len(ids)
	if halves {
		p.places-- // they are one
		p.costings = append(p.costings, &costing{fn: fn, condition: condition, returns: ids[0], entries: ids[1]})
	}
	return nil
}

// assigned returns what the source of a function says of its variables.
func (p *planted) assigned(fn *engine.Function) (list []engine.Assigned) {
	for _, v := range p.sources.File(fn.File).Variables(fn.Line) {
		a := engine.Assigned{Name: v.Name, Field: v.Field, Declared: v.Declared, Anywhere: v.Anywhere, Inside: v.Inside, Reach: v.Reach}
		for _, by := range v.By {
			a.By = append(a.By, engine.Assignment(by))
		}
		list = append(list, a)
	}
	return list
}

// hopeless reports whether no other probe will fare better.
func hopeless(err error) bool {
	return errors.Is(err, engine.ErrClosed) || errors.Is(err, engine.ErrNoProcess) || errors.Is(err, engine.ErrPermission)
}

func unplant(eng engine.Engine, probes []engine.ProbeID) error {
	var errs error
	for _, id := range slices.Backward(probes) {
		errs = errors.Join(errs, eng.Unplant(id))
	}
	return errs
}

func maxProbes(cfg Config) int {
	if cfg.MaxProbes > 0 {
		return cfg.MaxProbes
	}
	return DefaultMaxProbes
}

// neededCapture leaves out what no event that was asked for would show. Results
// are needed for error exceptions too. A filter, or the trigger of a backlog, may
// look at everything.
func neededCapture(cfg Config) engine.Capture {
	c, kinds := cfg.Capture, kindsOf(cfg)
	c.Locals, c.Parent, c.Std = cfg.Locals, cfg.Follow.any(), cfg.Follow.Std
	if len(cfg.Filters) > 0 || cfg.Backlog.Events > 0 {
		return c
	}
	c.Args = c.Args && slices.ContainsFunc(kinds, func(k events.Kind) bool { return k == events.Call || k == events.Line })
	c.Locals = c.Locals && slices.Contains(kinds, events.Return)
	c.Results = c.Results && (slices.Contains(kinds, events.Return) || slices.Contains(kinds, events.Exception))
	return c
}
