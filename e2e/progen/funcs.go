package progen

import (
	"fmt"
	"strings"
)

// A function is one of the program. It calls only functions declared after it,
// and itself through a parameter that counts down, so that programs end.
type function struct {
	name     string
	index    int
	recv     *typ // a structure; nil for a plain function
	ptr      bool // the receiver is a pointer
	generic  bool
	params   []variable
	variadic bool
	results  []variable
	named    bool // results have names of their own
	guarded  bool // recovers panics
	deferred bool // has deferred calls; implied by guarded
}

func (g *generator) declareFunctions() {
	for i := range 16 + g.rand.IntN(10) {
		f := &function{name: fmt.Sprintf("f%d", i), index: i, generic: g.chance(7)}
		if g.chance(3) && !f.generic {
			f.recv, f.ptr, f.name = pick(g, g.structs()...), g.chance(2), fmt.Sprintf("M%d", i)
		}
		f.guarded = g.chance(4)
		f.deferred = f.guarded || g.chance(4)
		f.named = f.deferred || g.chance(3)
		g.declareParams(f)
		g.declareResults(f)
		g.funcs = append(g.funcs, f)
	}
	for _, s := range g.structs() {
		f := &function{name: "Shape", index: len(g.funcs), recv: s, ptr: s.ptr, guarded: g.chance(5)}
		f.deferred, f.named = f.guarded, f.guarded
		f.params = []variable{{"n", g.named("int")}}
		f.results = f.result(g.named("string"))
		g.funcs = append(g.funcs, f)
	}
}

func (g *generator) declareParams(f *function) {
	if f.generic {
		t := &typ{name: "T", kind: parameter}
		f.params = []variable{{"x", t}, {"xs", &typ{name: "[]T", kind: parameter}}, {"n", g.named("int")}}
		return
	}
	count := g.rand.IntN(5)
	choose := g.anyType
	switch {
	case g.chance(8): // more than fit in the integer registers
		count, choose = 10+g.rand.IntN(4), func() *typ { return pick(g, g.types[:12]...) }
	case g.chance(8): // more than fit in the floating-point registers
		count, choose = 17+g.rand.IntN(3), func() *typ { return pick(g, g.named("float64"), g.named("float32")) }
	}
	for i := range count {
		f.params = append(f.params, variable{fmt.Sprintf("a%d", i), choose()})
	}
	if g.chance(6) {
		elem := g.anyType()
		f.params = append(f.params, variable{"rest", &typ{name: "[]" + elem.name, kind: slice, elem: elem}})
		f.variadic = true
	}
}

func (g *generator) declareResults(f *function) {
	var types []*typ
	count := g.rand.IntN(4)
	if g.chance(8) {
		count = 10
	}
	for range count {
		types = append(types, g.anyType())
	}
	if g.chance(2) {
		types = append(types, g.named("error"))
	}
	f.results = f.result(types...)
}

// result returns the results of f with the names that the compiler gives to
// those without one.
func (f *function) result(types ...*typ) []variable {
	var out []variable
	for i, t := range types {
		name := fmt.Sprintf("~r%d", i)
		if f.named {
			name = fmt.Sprintf("r%d", i)
		}
		out = append(out, variable{name, t})
	}
	return out
}

// signature returns the declaration of f without its body.
func (f *function) signature() string {
	var b strings.Builder
	b.WriteString("func ")
	if f.recv != nil {
		star := ""
		if f.ptr {
			star = "*"
		}
		fmt.Fprintf(&b, "(s %s%s) ", star, f.recv.name)
	}
	b.WriteString(f.name)
	if f.generic {
		b.WriteString("[T any]")
	}
	var parts []string
	for i, p := range f.params {
		t := p.typ.name
		if f.variadic && i == len(f.params)-1 {
			t = "..." + p.typ.elem.name
		}
		parts = append(parts, p.name+" "+t)
	}
	fmt.Fprintf(&b, "(%s) (", strings.Join(parts, ", "))
	for i, r := range f.results {
		if i > 0 {
			b.WriteString(", ")
		}
		if f.named {
			b.WriteString(r.name + " ")
		}
		b.WriteString(r.typ.name)
	}
	b.WriteString(")")
	return b.String()
}

// logged lists variables as Enter and Exit take them.
func logged(vs []variable) string {
	var b strings.Builder
	for _, v := range vs {
		fmt.Fprintf(&b, ", %q, %s", v.name, strings.TrimPrefix(v.name, "~"))
	}
	return b.String()
}

// fails tells whether the last result of f is an error.
func (f *function) fails() bool {
	return len(f.results) > 0 && f.results[len(f.results)-1].typ.kind == failure
}

// builtins are functions that every program has.
const builtins = `
//go:noinline
func double(n int) int {
	id := calllog.Enter("n", n)
	r0 := 2 * n
	calllog.Exit(id, "~r0", r0)
	return r0
}

// grow needs much stack, so that the stack moves while calls are open.
//
//go:noinline
func grow(n int, s string, x float64) (int, float64) {
	id := calllog.Enter("n", n, "s", s, "x", x)
	var room [1500]byte
	room[n] = byte(n)
	r0, r1 := int(room[n]), x/2
	if n > 0 {
		m, y := grow(n-1, s+"x", r1)
		r0, r1 = r0+m, y+1
	}
	calllog.Exit(id, "~r0", r0, "~r1", r1)
	return r0, r1
}

// doom panics n calls further down.
//
//go:noinline
func doom(n int) (err error) {
	id := calllog.Enter("n", n)
	defer func() {
		inner := calllog.Enter()
		calllog.Exit(inner)
		calllog.Close(id, "err", err)
	}()
	if n == 0 {
		v := fmt.Errorf("doomed: %d", n)
		calllog.Panic(v)
		panic(v)
	}
	return doom(n - 1)
}
`
