package progen

import (
	"fmt"
	"strings"
)

// Signatures returns a program that calls each of so many functions once. Their
// arguments and results are of the oddest types, which travel in registers and on
// the stack in every mixture: functions, methods, generic ones, function literals
// that are called on the spot or through a closure. Its log is that of [Generate].
func Signatures(seed uint64, count int) Program {
	g := newGenerator(seed)
	g.declareTypes()
	g.declareOddTypes()
	b := &body{generator: g, f: &function{name: "main", index: -1}}
	var calls strings.Builder
	for i := range count {
		f := g.oddFunction(i)
		g.funcs = append(g.funcs, f)
		if g.chance(4) {
			calls.WriteString(b.spot(f))
			continue
		}
		b.oddDefinition(f)
		fmt.Fprintf(&calls, "\t%s\n", b.oddCall(f))
	}
	for _, s := range g.structs() {
		star := ""
		if s.ptr {
			star = "*"
		}
		g.printf("func (s %s%s) Shape(n int) string { return \"\" }\n\n", star, s.name)
	}
	g.printf("%s", builtins)
	g.printf("func main() {\n\tid := calllog.Enter()\n%s\tcalllog.Exit(id)\n}\n\nvar _ sync.Mutex\n", calls.String())
	return g.program()
}

// declareOddTypes adds types without size, and some that hold such. What is small
// and travels on the stack comes first: there alignment shows.
func (g *generator) declareOddTypes() {
	g.odd = append(g.odd, &typ{name: "struct {}", kind: structure, ptr: true})
	for _, elem := range []string{"int8", "bool", "uint16", "float32"} {
		g.odd = append(g.odd, arrayOf(2, g.named(elem)), arrayOf(3, g.named(elem)), arrayOf(0, g.named(elem)))
	}
	for _, elem := range []string{"int64", "string", "func(int) int"} {
		g.odd = append(g.odd, arrayOf(0, g.named(elem)), arrayOf(0, g.named(elem)))
	}
	for range 16 {
		elem := g.anyType()
		if g.chance(3) {
			elem = pick(g, g.odd...)
		}
		g.odd = append(g.odd, arrayOf(pick(g, 0, 0, 1, 1, 2), elem))
	}
	for i := range 10 {
		t := &typ{name: fmt.Sprintf("O%d", i), kind: structure, ptr: true}
		var list strings.Builder
		for n := range 1 + g.rand.IntN(4) {
			f := g.oddType()
			fmt.Fprintf(&list, "\t%s %s\n", field(n), f.name)
			t.fields = append(t.fields, f)
		}
		g.printf("type %s struct {\n%s}\n\n", t.name, list.String())
		g.odd = append(g.odd, t)
	}
}

func arrayOf(n int, elem *typ) *typ {
	return &typ{name: fmt.Sprintf("[%d]%s", n, elem.name), kind: array, elem: elem, len: n}
}

// onStack is how many of the odd types have no size or travel on the stack.
const onStack = 1 + 4*3 + 3*2

func (g *generator) oddType() *typ {
	if g.chance(2) {
		return pick(g, g.odd...)
	}
	return g.anyType()
}

func (g *generator) oddFunction(i int) *function {
	f := &function{name: fmt.Sprintf("f%d", i), index: i}
	choose := g.oddType
	if g.chance(3) {
		choose = func() *typ { return pick(g, g.odd[:onStack]...) }
	}
	for n := range g.rand.IntN(9) {
		f.params = append(f.params, variable{fmt.Sprintf("a%d", n), choose()})
	}
	var results []*typ
	for range g.rand.IntN(5) {
		results = append(results, choose())
	}
	f.results = f.result(results...)
	switch {
	case g.chance(4):
		for f.recv == nil || f.recv.name[0] != 'O' { // one without methods
			f.recv = pick(g, g.odd...)
		}
		f.ptr, f.name = g.chance(2), fmt.Sprintf("M%d", i)
	case g.chance(4):
		f.generic = true
	}
	return f
}

// oddDefinition writes a function that logs what it gets and gives.
func (b *body) oddDefinition(f *function) {
	head, args := f.signature(), f.params
	if f.generic {
		// Its last parameter and its first result have the type of a parameter.
		f.params = append(f.params, variable{"x", b.oddType()})
		f.results = f.result(append([]*typ{f.params[len(f.params)-1].typ}, typesOf(f.results)...)...)
		args = f.params
		like := *f
		like.params = append(append([]variable{}, f.params[:len(f.params)-1]...), variable{"x", &typ{name: "T"}})
		like.results = append([]variable{{f.results[0].name, &typ{name: "T"}}}, f.results[1:]...)
		like.recv = nil
		head = like.signature()
	}
	if f.recv != nil {
		t := f.recv
		if f.ptr {
			t = &typ{name: "*" + t.name, kind: pointer, elem: t}
		}
		args = append([]variable{{"s", t}}, f.params...)
	}
	b.printf("//go:noinline\n%s {\n%s}\n\n", head, b.oddBody(f, args, "\t"))
}

func typesOf(vs []variable) []*typ {
	var out []*typ
	for _, v := range vs {
		out = append(out, v.typ)
	}
	return out
}

func (b *body) oddBody(f *function, args []variable, indent string) string {
	var s, names strings.Builder
	fmt.Fprintf(&s, "%sid := calllog.Enter(%s)\n", indent, strings.TrimPrefix(logged(args), ", "))
	for i, r := range f.results {
		name := strings.TrimPrefix(r.name, "~")
		if f.generic && i == 0 {
			fmt.Fprintf(&s, "%s%s := x\n", indent, name)
		} else {
			fmt.Fprintf(&s, "%svar %s %s = %s\n", indent, name, r.typ.name, b.literal(r.typ, 3))
		}
		names.WriteString(", " + name)
	}
	fmt.Fprintf(&s, "%scalllog.Exit(id%s)\n%sreturn %s\n", indent, logged(f.results), indent, strings.TrimPrefix(names.String(), ", "))
	return s.String()
}

func (b *body) oddCall(f *function) string {
	var args []string
	for i, p := range f.params {
		x := b.literal(p.typ, 3)
		if f.generic && i == len(f.params)-1 {
			x = fmt.Sprintf("calllog.Same[%s](%s)", p.typ.name, x)
		}
		args = append(args, x)
	}
	call := f.name + "(" + strings.Join(args, ", ") + ")"
	switch {
	case f.recv != nil && f.ptr:
		return "(&" + b.literal(f.recv, 3) + ")." + call
	case f.recv != nil:
		return "calllog.Same(" + b.literal(f.recv, 3) + ")." + call
	}
	return call
}

// spot returns a call of a function literal, with or without a closure, that
// captures some variables. One with a deferred call is not inlined.
func (b *body) spot(f *function) string {
	f.recv, f.generic = nil, false
	var outer, inside strings.Builder
	for range b.rand.IntN(4) {
		name, t := b.fresh("c"), b.oddType()
		fmt.Fprintf(&outer, "\tvar %s %s = calllog.Same[%s](%s)\n", name, t.name, t.name, b.literal(t, 3))
		if b.chance(2) {
			fmt.Fprintf(&inside, "\t\t%s = calllog.Same(%s)\n", name, name)
		} else {
			fmt.Fprintf(&inside, "\t\t_ = calllog.Same(%s)\n", name)
		}
	}
	f.name = ""
	head := strings.Replace(f.signature(), "func ", "func", 1)
	text := fmt.Sprintf("%s {\n\t\tdefer calllog.Keep(nil)\n%s%s\t}", head, inside.String(), b.oddBody(f, f.params, "\t\t"))
	if b.chance(2) {
		text = "calllog.Same(" + text + ")"
	}
	var args []string
	for _, p := range f.params {
		args = append(args, b.literal(p.typ, 3))
	}
	// An identifier in main would keep the others of the program from being used.
	return fmt.Sprintf("\t{\n%s\t%s(%s)\n\t}\n", outer.String(), text, strings.Join(args, ", "))
}
