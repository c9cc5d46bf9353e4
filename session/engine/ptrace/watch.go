//go:build linux && amd64

package ptrace

import (
	"errors"
	"fmt"
	"slices"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/program/eval"
)

// A view is the frame of a hit, in which expressions can be evaluated.
type view struct {
	entryFrame // of any hit: what the calling convention says
	e          *Engine
	p          *probe
	pl         *place // nil: the function was just entered
	line       int
	been       []int // the lines that the call has been on
}

// A compiled is what became of an expression at a place.
type compiled struct {
	program *eval.Program
	err     error
}

// errNoFrame is the error of a hit that is not in a function.
var errNoFrame = fmt.Errorf("evaluate: %w where no function was hit", engine.ErrNotSupported)

// Eval evaluates an expression in the frame of the hit that was yielded last. See
// [engine.Evaluator].
func (e *Engine) Eval(w engine.Watch, lim engine.Limits) ([]events.Value, error) {
	v := e.view
	if v == nil {
		return nil, errNoFrame
	}
	programs := &v.p.programs
	if v.pl != nil {
		programs = &v.pl.programs
	}
	c, ok := (*programs)[w]
	if !ok {
		if *programs == nil {
			*programs = make(map[engine.Watch]compiled)
		}
		c.program, c.err = e.im.Compile(w, v.scope())
		(*programs)[w] = c
	}
	if c.err != nil {
		return nil, c.err
	}
	if w.Parts {
		return c.program.Parts(v, lim)
	}
	out, err := c.program.Value(v, lim)
	if err != nil {
		return nil, err
	}
	return []events.Value{out}, nil
}

// scope is what names stand for in the frame.
func (v *view) scope() eval.Scope {
	f := v.p.probe.Func
	if v.pl == nil {
		return v.e.im.EntryScope(f, v.p.sig)
	}
	var locals []program.Local // where a host has those is not known
	if v.p.host == nil {
		locals = v.pl.visible(v.Frame, v.p, v.line)
	}
	return func(pkg, name string) (eval.Variable, bool) {
		if pkg != "" {
			return v.e.im.Global(pkg, name)
		}
		// At the RET, results are where the caller expects them.
		for i := range v.results() {
			if r := &v.p.sig.Results[i]; r.Name == name {
				return eval.Variable{Type: r.Type, Index: -1 - i, Secret: r.Secret}, true
			}
		}
		for i := range locals {
			if l := &locals[i]; l.Name == name {
				return eval.Variable{Type: l.Type, Index: i, Secret: l.Secret}, true
			}
		}
		return v.e.im.Global(f.Package, name)
	}
}

func (v *view) results() []program.Param {
	if v.p.sig == nil || v.pl == nil || v.p != v.pl.probes[retRole] {
		return nil
	}
	return v.p.sig.Results
}

// declared reports whether the statement that declares a variable is over. Where
// its line is observed, that was seen; otherwise its place has to do.
func (v *view) declared(l *program.Local) bool {
	if l.Argument {
		return true
	}
	lines := v.pl.probes[lineRole]
	if lines == nil {
		lines = v.e.linesProbe(v.p.probe.Func)
	}
	over := v.line > l.Declared
	if lines == nil {
		return over && !v.e.im.SharesReturn(v.p.probe.Func)
	}
	over = over && lines.statement(v.line) != lines.statement(l.Declared)
	if !slices.Contains(lines.probe.Lines, l.Declared) {
		return over
	}
	return slices.Contains(v.been, l.Declared) && (over || v.p == v.pl.probes[retRole])
}

// linesProbe returns the probe that observes the lines of a function, or nil.
func (e *Engine) linesProbe(f *engine.Function) *probe {
	for _, p := range e.probes {
		if p.probe.What == engine.Lines && p.probe.Func == f {
			return p
		}
	}
	return nil
}

var errNoValue = errors.New("it has no value yet")

// Variable finds a variable of the frame.
func (v *view) Variable(i int) (eval.Found, error) {
	if v.pl == nil {
		return v.entryFrame.Variable(i)
	}
	if i < 0 {
		return v.Param(&v.p.sig.Results[-1-i])
	}
	l := &v.pl.locals[i]
	if !v.declared(l) {
		return eval.Found{}, errNoValue
	}
	return v.Find(l)
}

// Check says whether an expression has a meaning somewhere in a function. See
// [engine.Evaluator].
func (e *Engine) Check(f *engine.Function, w engine.Watch) error { return e.im.Check(f, w) }
