package program

import (
	"debug/dwarf"
	"iter"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
	"gtrace/session/engine/program/debuginfo"
)

// A wrapper calls one function: a method for an interface, for a method value or
// for an embedded field, or what a go or defer statement names. Where the compiler
// has inlined that function into it, the wrapper is its host: a call of the wrapper
// is one of the function. Whatever else a function was inlined into has code of its
// own, so that its calls there cannot be seen.

// linkHosts finds the hosts of the functions.
func (im *Image) linkHosts() {
	im.hosts = map[*engine.Function][]*engine.Function{}
	im.hosted = map[*engine.Function]*engine.Function{}
	im.abstracts = map[*engine.Function]dwarf.Offset{}
	guests := map[string]*engine.Function{}
	for _, f := range im.functions {
		if g := guests[f.Symbol]; !f.Wrapper && (g == nil || g.Entry == 0) {
			guests[f.Symbol] = f
		}
	}
	for _, w := range im.functions {
		if !w.Wrapper || w.Entry == 0 {
			continue
		}
		inside := im.debug.Entry(w.Entry).Inside
		name := wrappedMethod(w.Symbol)
		switch {
		case len(inside) == 0 && name == "", im.profiled() && im.callsOthers(w):
			continue
		case len(inside) == 0:
			// Nothing is left of a method that does next to nothing.
			if im.callsAny(w) {
				continue
			}
		case slices.ContainsFunc(inside, func(a *debuginfo.Abstract) bool { return a != inside[0] }):
			continue
		default:
			name = inside[0].Symbol
		}
		f := guests[name]
		if f == nil {
			continue
		}
		im.hosts[f] = append(im.hosts[f], w)
		im.hosted[w] = f
		if a := im.debug.Inlined[name]; a != nil {
			im.abstracts[f] = a.Offset
		}
		f.Hosts++
		f.Inlined -= len(inside)
	}
}

// isMethodValue reports whether a wrapper is what a method value calls. Its
// receiver is in the closure.
func isMethodValue(w *engine.Function) bool { return strings.HasSuffix(w.Symbol, methodValueEnd) }

const methodValueEnd = "-fm"

// wrappedMethod returns the symbol of the method that a wrapper is for where its own
// tells: of a method value, and of a method of T that is called with a *T.
func wrappedMethod(symbol string) string {
	if name, ok := strings.CutSuffix(symbol, methodValueEnd); ok {
		return name
	}
	pkg, name, ok := strings.Cut(symbol, ".(*")
	if !ok || strings.Count(name, ").") != 1 {
		return ""
	}
	return pkg + "." + strings.Replace(name, ").", ".", 1)
}

// profiled reports whether a profile has told the compiler which calls to inline,
// so that it may have inlined one of several that an interface leads to.
func (im *Image) profiled() bool {
	return slices.ContainsFunc(im.info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-pgo" && s.Value != "off" })
}

// callsAny reports whether a wrapper calls anything, or jumps to it, but for what
// grows the stack.
func (im *Image) callsAny(w *engine.Function) bool {
	list, err := im.Instructions(w)
	return err != nil || slices.ContainsFunc(list, func(in Insn) bool {
		t, direct := in.Target()
		switch {
		case in.Op == x86asm.CALL:
			return !direct || !strings.HasPrefix(im.callee(in), "runtime.")
		case in.Op == x86asm.JMP:
			return !direct || t < w.Entry || t >= w.End
		}
		return false
	})
}

// callsOthers reports whether a wrapper may call something else than what was
// inlined into it.
func (im *Image) callsOthers(w *engine.Function) bool {
	list, err := im.Instructions(w)
	return err != nil || slices.ContainsFunc(list, func(in Insn) bool {
		_, direct := in.Target()
		return in.Op == x86asm.CALL && !direct
	})
}

// Meant returns the function that a call of f is one of: that which was inlined
// into it if it is a host, else f itself.
func (im *Image) Meant(f *engine.Function) *engine.Function {
	if guest := im.hosted[f]; guest != nil {
		return guest
	}
	return f
}

// Bodies yields the functions whose code is that of f: itself, and its hosts.
func (im *Image) Bodies(f *engine.Function) iter.Seq[*engine.Function] {
	return func(yield func(*engine.Function) bool) {
		if f.Entry != 0 && !yield(f) {
			return
		}
		for _, host := range im.hosts[f] {
			if host.Barred == "" && !yield(host) {
				return
			}
		}
	}
}
