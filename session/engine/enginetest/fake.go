package enginetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"gtrace/events"
	"gtrace/events/secret"
	"gtrace/session/engine"
)

// A Fake is an engine in memory. It plays a script of hits, each to those
// probes that are planted for it, as a target would run: what no probe observes
// passes unseen. At the end of a script without an [engine.Ended] hit the
// target idles, and Hits waits until its context is cancelled.
type Fake struct {
	About  engine.Target
	Funcs  []*engine.Function
	Script []engine.Hit
	Refuse map[string]error    // by function: what Plant says
	Code   map[string][]string // by function: those that it calls, for Callees
	Fail   error               // what Hits ends with, once the script is played
	Kept   time.Duration       // what Held returns
	Next   *Fake               // the program that replaces this one, if Follow can follow it

	probes   map[engine.ProbeID]engine.Probe
	lastID   engine.ProbeID
	position int // in Script
	over     bool
	closed   bool
	judged   map[judgedCall]bool
	last     *engine.Hit // that was yielded
}

// NewFake returns a fake that plays a script in the form that [Parse] reads.
func NewFake(script string) (*Fake, error) {
	hits, fns, err := Parse(script)
	if err != nil {
		return nil, err
	}
	return &Fake{
		About:  engine.Target{Engine: "fake", PID: 7, Program: "/bin/program", GoVersion: "go1.26", Module: "program", Launched: true},
		Funcs:  fns,
		Script: hits,
	}, nil
}

// Target describes the process that is played.
func (f *Fake) Target() engine.Target { return f.About }

// Functions returns the functions, ordered by name.
func (f *Fake) Functions() []*engine.Function {
	byName := func(a, b *engine.Function) int { return strings.Compare(a.Name, b.Name) }
	return slices.SortedStableFunc(slices.Values(f.Funcs), byName)
}

// Callees returns the functions that Code says.
func (f *Fake) Callees(fn *engine.Function) []*engine.Function {
	var callees []*engine.Function
	for _, name := range f.Code[fn.Name] {
		for _, callee := range f.Funcs {
			if callee.Name == name {
				callees = append(callees, callee)
			}
		}
	}
	return callees
}

// Standard tells the functions of a package std. See [engine.Follower].
func (f *Fake) Standard(fn *engine.Function) bool { return fn.Package == "std" }

// Through tells whose calls count as their caller's.
func (f *Fake) Through(fn *engine.Function) bool { return fn.Wrapper }

// Held returns what Kept says.
func (f *Fake) Held() time.Duration { return f.Kept }

// Probes returns what is planted.
func (f *Fake) Probes() []engine.Probe {
	var probes []engine.Probe
	for id := engine.ProbeID(1); id <= f.lastID; id++ {
		if p, ok := f.probes[id]; ok {
			probes = append(probes, p)
		}
	}
	return probes
}

// Plant installs a probe, unless Refuse says otherwise.
func (f *Fake) Plant(p engine.Probe) (engine.ProbeID, error) {
	if f.closed {
		return 0, fmt.Errorf("plant: %w", engine.ErrClosed)
	}
	switch p.What {
	case engine.Branches:
	case engine.Panics:
		if err := f.Refuse["panics"]; err != nil {
			return 0, fmt.Errorf("probe panics: %w", err)
		}
	case engine.Writes:
		if err := f.Refuse[p.Expr]; err != nil {
			return 0, &engine.MemoryError{Expr: p.Expr, Err: err}
		}
	case engine.Calls, engine.Entries, engine.Returns, engine.Lines:
		if p.Func == nil || p.Func.Entry == 0 {
			return 0, errors.New("probe without a function that has code")
		}
		if p.Func.Barred != "" {
			return 0, fmt.Errorf("probe %s: %w", p.Func.Name, engine.ErrBarred)
		}
		if err := f.Refuse[p.Func.Name]; err != nil {
			return 0, fmt.Errorf("probe %s: %w", p.Func.Name, err)
		}
		if err := f.accepts(p); err != nil {
			return 0, fmt.Errorf("probe %s: %w", p.Func.Name, err)
		}
	default:
		return 0, fmt.Errorf("probe %d: %w", p.What, engine.ErrNotSupported)
	}
	f.lastID++
	if f.probes == nil {
		f.probes = make(map[engine.ProbeID]engine.Probe)
	}
	f.probes[f.lastID] = p
	return f.lastID, nil
}

// Lines returns the lines of a function that the script reaches.
func (f *Fake) Lines(fn *engine.Function) ([]int, error) {
	var lines []int
	for _, h := range f.Script {
		if h.Kind == engine.Reached && h.Func == fn {
			lines = append(lines, h.Line)
		}
	}
	if lines == nil {
		return nil, fmt.Errorf("the script reaches no line of %s", fn.Name)
	}
	slices.Sort(lines)
	return slices.Compact(lines), nil
}

// Unplant removes a probe.
func (f *Fake) Unplant(id engine.ProbeID) error {
	if f.closed {
		return fmt.Errorf("unplant: %w", engine.ErrClosed)
	}
	if _, ok := f.probes[id]; !ok {
		return fmt.Errorf("unplant %d: no such probe", id)
	}
	delete(f.probes, id)
	return nil
}

// Hits plays the script from where it stands.
func (f *Fake) Hits(ctx context.Context) iter.Seq2[engine.Hit, error] {
	return func(yield func(engine.Hit, error) bool) {
		if f.closed {
			yield(engine.Hit{}, fmt.Errorf("hits: %w", engine.ErrClosed))
			return
		}
		for ; f.position < len(f.Script) && ctx.Err() == nil; f.position++ {
			h := f.Script[f.position]
			if !f.observe(&h) {
				continue
			}
			f.last = &f.Script[f.position]
			if h.Kind == engine.Ended {
				f.position, f.over, f.last = len(f.Script), true, nil
				yield(h, nil)
				return
			}
			if !yield(h, nil) {
				f.position++
				return
			}
		}
		switch {
		case f.over:
			return
		case ctx.Err() == nil && f.Fail != nil:
			yield(engine.Hit{}, f.Fail)
			return
		}
		<-ctx.Done()
		yield(engine.Hit{}, context.Cause(ctx))
	}
}

// observe says in h which probe it hit, if any observes it, and what that probe
// does not capture it leaves out.
func (f *Fake) observe(h *engine.Hit) bool {
	for id, p := range f.probes {
		switch h.Kind {
		case engine.Entered, engine.Returned:
			half := engine.Entries
			if h.Kind == engine.Returned {
				half = engine.Returns
			}
			if p.What != engine.Calls && p.What != half || p.Func != h.Func || !f.admits(p, h) {
				continue
			}
			if h.Kind == engine.Entered && !p.Capture.Args || h.Kind == engine.Returned && !p.Capture.Results {
				h.Values = nil
			}
			h.Values = shown(h.Values, p.Capture.Limits.Hide)
			h.Stack = h.Stack[:min(len(h.Stack), p.Capture.Stack)]
			if !p.Capture.Locals {
				h.Locals = nil
			}
		case engine.Reached:
			if p.What != engine.Lines || p.Func != h.Func || !slices.Contains(p.Lines, h.Line) {
				continue
			}
			if !p.Capture.Locals {
				h.Locals = nil
			}
		case engine.Branching:
			if p.What != engine.Branches || p.Func != h.Func {
				continue
			}
		case engine.Raised, engine.Unwound:
			if p.What != engine.Panics {
				continue
			}
		case engine.Written:
			if p.What != engine.Writes || p.Expr != h.Write.Expr {
				continue
			}
		default:
			return true
		}
		h.Probe = id
		return true
	}
	return h.Kind == engine.Lost || h.Kind == engine.Ended
}

// shown hides the values whose names are secret.
func shown(values []events.Value, names *secret.Names) []events.Value {
	sorts := map[string]secret.Sort{"string": secret.Text, "int": secret.Number, "bool": secret.Bool}
	values = slices.Clone(values)
	for i, v := range values {
		if names.Match(v.Name).Hides(sorts[v.Type]) {
			values[i].Value = secret.Hidden
		}
	}
	return values
}

// FollowExec does nothing: an exec is always held.
func (f *Fake) FollowExec() {}

// Follow goes on with Next.
func (f *Fake) Follow() error {
	if f.Next == nil {
		return fmt.Errorf("follow: %w", engine.ErrNotGo)
	}
	*f = *f.Next
	return nil
}

// Close removes every probe.
func (f *Fake) Close() error {
	f.closed = true
	clear(f.probes)
	return nil
}
