//go:build linux && amd64

package dlv

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gtrace/caret"
	"gtrace/session/engine"
	"gtrace/session/engine/dlv/eval"
	"gtrace/session/engine/dlv/value"
	"gtrace/session/engine/goexpr"
	"gtrace/spelling"
)

// At the entry of a function the places that the debug information names do not
// hold yet. What there is are the arguments, where the calling convention says.

// condition compiles the condition of a Calls probe.
func (im *Image) condition(text string, f *engine.Function, sig *signature) (*eval.Program, error) {
	p, err := eval.CompileCondition(text, im.types, im.entryScope(f, sig))
	return p, im.explain(err, f, sig)
}

// entryScope is what names stand for at the entry of a function.
func (im *Image) entryScope(f *engine.Function, sig *signature) eval.Scope {
	return func(pkg, name string) (eval.Variable, bool) {
		if pkg != "" {
			return im.global(pkg, name)
		}
		for i := range sig.args {
			if a := &sig.args[i]; a.name == name && name != "_" {
				return eval.Variable{Type: a.typ, Index: i, Secret: a.secret}, true
			}
		}
		return im.global(f.Package, name)
	}
}

// explain says of a name that is not known at the entry what it may be.
func (im *Image) explain(err error, f *engine.Function, sig *signature) error {
	e, ok := errors.AsType[*caret.Error](err)
	if !ok {
		return err
	}
	name, ok := strings.CutPrefix(e.Reason, "undefined: ")
	if !ok {
		return err
	}
	if im.hasVariable(f, name) {
		e.Reason = fmt.Sprintf("%s has no value yet where %s is entered, and the condition is evaluated", name, f.Name)
		return e
	}
	var names []string
	for _, a := range sig.args {
		names = append(names, a.name)
	}
	im.explainName(e, f, "argument", names)
	return e
}

// explainName says of a name that stands for nothing which one may be meant.
func (im *Image) explainName(e *caret.Error, f *engine.Function, what string, names []string) {
	name, ok := strings.CutPrefix(e.Reason, "undefined: ")
	if !ok {
		return
	}
	if im.isPackage(name) {
		_, sel, _ := strings.Cut(string([]rune(e.Expr)[e.Offset:]), ".")
		e.Reason = fmt.Sprintf("package %s has no %s, or the linker has left it out", name, goexpr.Word(sel))
		return
	}
	e.Reason = fmt.Sprintf("%s has no %s %s, nor its package a variable or constant", f.Name, what, name)
	slices.Sort(names)
	if near := spelling.Nearest(name, names); near != "" {
		e.Reason += ": perhaps " + near
	}
}

// hasVariable reports whether a function has a variable of that name anywhere.
func (im *Image) hasVariable(f *engine.Function, name string) bool {
	for _, l := range im.variables(f) {
		if l.name == name {
			return true
		}
	}
	return false
}

// An entryFrame is the frame of a function that was just entered.
type entryFrame struct {
	*Engine
	c    *hitContext
	sig  *signature
	cfa  uint64
	call *openCall
}

// ReadMemory reads the memory of the target.
func (f *entryFrame) ReadMemory(buf []byte, addr uint64) (int, error) {
	return f.p.ReadMemory(buf, addr)
}

// Variable collects the bytes of an argument.
func (f *entryFrame) Variable(i int) (eval.Found, error) { return f.param(&f.sig.args[i]) }

// param finds an argument at the entry, or a result at the RET.
func (f *entryFrame) param(a *param) (eval.Found, error) {
	if f.sig.floats {
		f.c.floats = f.c.thread.FPRegs(&f.fp)
	}
	data, err := f.bytes(f.c, a, f.cfa)
	found := eval.Found{Place: value.Place{Data: data}, Secret: min(a.named, f.call.named)}
	if a.dictIndex >= 0 && f.call.dict != 0 {
		found.Type = f.trueType(f.call.dict, a.dictIndex)
	}
	return found, err
}

// holds evaluates the condition of a probe at the entry of its function. Where it
// cannot be evaluated, the call counts, and why is told.
func (e *Engine) holds(c *hitContext, p *probe, cfa uint64) (ok bool, doubt string) {
	ok, err := p.condition.Bool(&entryFrame{e, c, p.sig, cfa, &openCall{}})
	if err != nil {
		return true, err.Error()
	}
	return ok, ""
}

// admit decides whether a call that is entered is seen. Of one that is not, as
// little as possible is done: it is as if there were no probe.
func (e *Engine) admit(c *hitContext, p *probe, cfa uint64, frame engine.FrameID) (seen bool, doubt string) {
	g := e.goroutines[c.g.key(c.thread)]
	if call := g.at(frame); p.loops && call != nil {
		return !call.hidden, "" // once more in a call that was judged
	}
	if seen, doubt = e.holds(c, p, cfa); seen {
		return true, doubt
	}
	e.forget(c, frame)
	if p.loops {
		g = e.goroutine(c)
		g.calls = append(g.calls, openCall{fn: p.probe.Func, frame: frame, hidden: true})
	}
	return false, ""
}

// admitted reports whether the innermost call, that at a frame, was found worth
// to be seen when it was entered.
func (e *Engine) admitted(c *hitContext, frame engine.FrameID) bool {
	call := e.goroutines[c.g.key(c.thread)].at(frame)
	return call != nil && !call.hidden
}

// at returns the call at a frame, than which none is deeper any more, or nil.
func (g *goroutine) at(frame engine.FrameID) *openCall {
	if g == nil {
		return nil
	}
	g.drop(frame)
	if n := len(g.calls); n > 0 && g.calls[n-1].frame == frame {
		return &g.calls[n-1]
	}
	return nil
}

// forget drops what is remembered of the calls from a frame on.
func (e *Engine) forget(c *hitContext, frame engine.FrameID) {
	key := c.g.key(c.thread)
	g := e.goroutines[key]
	if g == nil {
		return
	}
	if g.drop(frame - 1); len(g.calls) == 0 {
		delete(e.goroutines, key)
	}
}
