//go:build linux && amd64

package dlv

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/op"

	"gtrace/caret"
	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/engine/dlv/eval"
)

// A view is the frame of a hit, in which expressions can be evaluated.
type view struct {
	*entryFrame // of any hit: what the calling convention says
	p           *probe
	pl          *place // nil: the function was just entered
	line        int
	regs        *op.DwarfRegisters // once needed
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
		c.program, c.err = compile(w, e.im.types, v.scope())
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

func compile(w engine.Watch, ts *eval.Types, scope eval.Scope) (*eval.Program, error) {
	if w.Parts {
		return eval.CompileParts(w.Expr, ts, scope)
	}
	return eval.Compile(w.Expr, ts, scope)
}

// scope is what names stand for in the frame.
func (v *view) scope() eval.Scope {
	f := v.p.probe.Func
	if v.pl == nil {
		return v.im.entryScope(f, v.p.sig)
	}
	locals := &v.pl.locals
	if v.p.host == nil {
		v.see(v.c, v.p, v.pl, v.line, v.registered())
	} else {
		locals = new([]local) // where a host has those is not known
	}
	return func(pkg, name string) (eval.Variable, bool) {
		if pkg != "" {
			return v.im.global(pkg, name)
		}
		// At the RET, results are where the caller expects them.
		for i := range v.results() {
			if r := &v.p.sig.results[i]; r.name == name {
				return eval.Variable{Type: r.typ, Index: -1 - i, Secret: r.secret}, true
			}
		}
		for i := range *locals {
			if l := &(*locals)[i]; l.name == name {
				return eval.Variable{Type: l.typ, Index: i, Secret: l.secret}, true
			}
		}
		return v.im.global(f.Package, name)
	}
}

func (v *view) results() []param {
	if v.p.sig == nil || v.pl == nil || v.p != v.pl.probes[retRole] {
		return nil
	}
	return v.p.sig.results
}

// registered returns the registers of the frame.
func (v *view) registered() *op.DwarfRegisters {
	if v.regs == nil {
		v.regs = v.registers(v.c, v.cfa)
	}
	return v.regs
}

// declared reports whether the statement that declares a variable is over. Where
// its line is observed, that was seen; otherwise its place has to do.
func (v *view) declared(l *local) bool {
	if l.argument {
		return true
	}
	lines := v.pl.probes[lineRole]
	if lines == nil {
		lines = v.linesProbe(v.p.probe.Func)
	}
	over := v.line > l.declared
	if lines == nil {
		return over && !v.im.sharesReturn(v.p.probe.Func)
	}
	over = over && lines.statement(v.line) != lines.statement(l.declared)
	if !slices.Contains(lines.probe.Lines, l.declared) {
		return over
	}
	return slices.Contains(v.call.been, l.declared) && (over || v.p == v.pl.probes[retRole])
}

// sharesReturn reports whether a function has a RET to which it comes from
// anywhere, as after a panic, while its variables are all said to be there: those
// of optimised code are not.
func (im *Image) sharesReturn(f *engine.Function) bool {
	if f.Optimized {
		return false
	}
	shares, ok := im.shared[f]
	if !ok {
		deferreturn := map[uint64]bool{}
		for _, fn := range im.bi.LookupFunc()["runtime.deferreturn"] {
			deferreturn[fn.Entry] = true
		}
		code, err := im.code(f)
		if err == nil {
			var calls []insn
			calls, err = findCalls(code, f.Entry, deferreturn)
			shares = len(calls) > 0
		}
		shares = shares || err != nil
		if im.shared == nil {
			im.shared = make(map[*engine.Function]bool)
		}
		im.shared[f] = shares
	}
	return shares
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
		return v.param(&v.p.sig.results[-1-i])
	}
	l := &v.pl.locals[i]
	if !v.declared(l) {
		return eval.Found{}, errNoValue
	}
	typ, at, why := v.locate(v.c, l, v.registered(), v.call)
	if why != "" {
		return eval.Found{}, errors.New(l.name + " is " + strings.Trim(why, "<>"))
	}
	return eval.Found{Place: at, Type: typ, Secret: min(l.named, v.call.named)}, nil
}

// Check says whether an expression has a meaning somewhere in a function. See
// [engine.Evaluator].
func (e *Engine) Check(f *engine.Function, w engine.Watch) error {
	named := map[string][]local{}
	most := 1
	for _, l := range slices.Concat(e.im.variables(f), e.im.argumentsInHosts(f)) {
		named[l.name] = append(named[l.name], l)
		most = max(most, len(named[l.name]))
	}
	var first error
	// Where a name stands for several variables, each may be the one.
	for n := range most {
		_, err := compile(w, e.im.types, func(pkg, name string) (eval.Variable, bool) {
			if list := named[name]; pkg == "" && len(list) > 0 {
				return eval.Variable{Type: list[min(n, len(list)-1)].typ}, true
			}
			if pkg == "" {
				pkg = f.Package
			}
			return e.im.global(pkg, name)
		})
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	names := make([]string, 0, len(named))
	for name := range named {
		names = append(names, name)
	}
	if x, ok := errors.AsType[*caret.Error](first); ok {
		e.im.explainName(x, f, "variable", names)
	}
	return first
}
