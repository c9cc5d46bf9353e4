package program

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gtrace/diag"
	"gtrace/session/engine"
	"gtrace/session/engine/goexpr"
	"gtrace/session/engine/program/eval"
)

// At the entry of a function the places that the debug information names do not
// hold yet. What there is are the arguments, where the calling convention says.

// Condition compiles the condition of a Calls probe.
func (im *Image) Condition(text string, f *engine.Function, sig *Signature) (*eval.Program, error) {
	p, err := eval.CompileCondition(text, im.types, im.EntryScope(f, sig))
	return p, im.explain(err, f, sig)
}

// EntryScope is what names stand for at the entry of a function.
func (im *Image) EntryScope(f *engine.Function, sig *Signature) eval.Scope {
	return func(pkg, name string) (eval.Variable, bool) {
		if pkg != "" {
			return im.Global(pkg, name)
		}
		for i := range sig.Args {
			if a := &sig.Args[i]; a.Name == name && name != "_" {
				return eval.Variable{Type: a.Type, Index: i, Secret: a.Secret}, true
			}
		}
		return im.Global(f.Package, name)
	}
}

// explain says of a name that is not known at the entry what it may be.
func (im *Image) explain(err error, f *engine.Function, sig *Signature) error {
	e, ok := errors.AsType[*diag.Error](err)
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
	for _, a := range sig.Args {
		names = append(names, a.Name)
	}
	im.explainName(e, f, "argument", names)
	return e
}

// explainName says of a name that stands for nothing which one may be meant.
func (im *Image) explainName(e *diag.Error, f *engine.Function, what string, names []string) {
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
	if near := diag.Nearest(name, names); near != "" {
		e.Reason += ": perhaps " + near
	}
}

// hasVariable reports whether a function has a variable of that name anywhere.
func (im *Image) hasVariable(f *engine.Function, name string) bool {
	for _, l := range im.variables(f) {
		if l.Name == name {
			return true
		}
	}
	return false
}

// Compile makes a program of an expression.
func (im *Image) Compile(w engine.Watch, scope eval.Scope) (*eval.Program, error) {
	if w.Parts {
		return eval.CompileParts(w.Expr, im.types, scope)
	}
	return eval.Compile(w.Expr, im.types, scope)
}

// Check says whether an expression has a meaning somewhere in a function.
func (im *Image) Check(f *engine.Function, w engine.Watch) error {
	named := map[string][]Local{}
	most := 1
	for _, l := range slices.Concat(im.variables(f), im.argumentsInHosts(f)) {
		named[l.Name] = append(named[l.Name], l)
		most = max(most, len(named[l.Name]))
	}
	var first error
	// Where a name stands for several variables, each may be the one.
	for n := range most {
		_, err := im.Compile(w, func(pkg, name string) (eval.Variable, bool) {
			if list := named[name]; pkg == "" && len(list) > 0 {
				return eval.Variable{Type: list[min(n, len(list)-1)].Type}, true
			}
			if pkg == "" {
				pkg = f.Package
			}
			return im.Global(pkg, name)
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
	if x, ok := errors.AsType[*diag.Error](first); ok {
		im.explainName(x, f, "variable", names)
	}
	return first
}
