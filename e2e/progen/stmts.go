package progen

import (
	"fmt"
	"strings"
)

// A body is a function whose statements are being written.
type body struct {
	*generator
	f     *function
	scope []variable
}

// define writes the i-th function.
func (g *generator) define(i int) {
	f := g.funcs[i]
	b := &body{generator: g, f: f}
	args := f.params
	if f.recv != nil {
		args = append([]variable{{"s", f.recv}}, f.params...)
		if f.ptr {
			args[0].typ = g.named("*" + f.recv.name)
		}
	}
	b.scope = append(b.scope, args...)
	g.printf("//go:noinline\n%s {\n", f.signature())
	g.printf("\tid := calllog.Enter(%s)\n", strings.TrimPrefix(logged(args), ", "))
	if len(args) > 0 && g.chance(8) {
		g.printf("\tcalllog.Keep(&%s)\n", pick(g, args...).name)
	}
	b.deferrals()
	for range 1 + g.rand.IntN(4) {
		b.statement()
	}
	b.leave("\t", b.values(nil))
	g.printf("}\n\n")
}

// deferrals writes the deferred calls of a function: the one that runs last
// logs its end.
func (b *body) deferrals() {
	if !b.f.deferred {
		return
	}
	b.printf("\tdefer func() {\n\t\tinner := calllog.Enter()\n\t\tcalllog.Exit(inner)\n\t\tcalllog.Close(id%s)\n\t}()\n", logged(b.f.results))
	if b.f.guarded {
		b.guard()
	}
	if f := b.callee(); f != nil && b.chance(3) {
		b.printf("\tif calllog.Fuel() {\n\t\tdefer %s\n\t}\n", b.call(f))
	}
}

// guard writes a deferred call that recovers a panic, mostly.
func (b *body) guard() {
	b.printf("\tcalllog.Guard(1)\n\tdefer func() {\n\t\tinner := calllog.Enter()\n\t\tcalllog.Guard(-1)\n")
	if b.chance(4) {
		b.printf("\t\tif calllog.Raise(3) {\n\t\t\tcalllog.Exit(inner)\n\t\t\treturn\n\t\t}\n")
	}
	b.printf("\t\tv := recover()\n\t\tcalllog.Recovered(id, v)\n")
	if b.f.fails() {
		b.printf("\t\tif v != nil {\n\t\t\tr%d = fmt.Errorf(\"recovered: %%v\", v)\n\t\t}\n", len(b.f.results)-1)
	}
	if b.chance(4) {
		b.printf("\t\tif v != nil && calllog.Raise(2) {\n\t\t\tcalllog.Panic(v)\n\t\t\tpanic(v)\n\t\t}\n")
	}
	b.printf("\t\tcalllog.Exit(inner)\n\t}()\n")
}

func (b *body) statement() {
	switch {
	case b.chance(8):
		b.closure()
	case b.chance(8):
		b.printf("\tif calllog.Fuel() {\n\t\tgrow(%d, %s, %s)\n\t}\n", b.rand.IntN(12), b.expr(b.named("string"), nil), b.expr(b.named("float64"), nil))
	case b.chance(6):
		b.printf("\tif calllog.Raise(4) {\n\t\tvar v any = %s\n\t\tcalllog.Panic(v)\n\t\tpanic(v)\n\t}\n", b.thrown())
	case b.chance(8):
		b.printf("\tif calllog.Raise(4) {\n%s\t}\n", pick(b.generator, faults...))
	case b.chance(8):
		b.printf("\tif calllog.Quit(2) {\n\t\tcalllog.Goexit()\n\t\truntime.Goexit()\n\t}\n")
	default:
		b.visit()
	}
}

// thrown returns what may be given to panic: anything but nil.
func (b *body) thrown() string {
	if b.chance(3) {
		return b.fault(2)
	}
	for {
		if x := b.anything(2); x != "nil" {
			return x
		}
	}
}

// callee returns a function which b's may call, or nil.
func (b *body) callee() *function {
	rest := b.funcs[b.f.index+1:]
	if len(rest) == 0 {
		return nil
	}
	return rest[b.rand.IntN(min(len(rest), 8))]
}

// visit writes a call of another function and binds its results.
func (b *body) visit() {
	f := b.callee()
	if f == nil {
		return
	}
	var names []string
	results := f.results
	if f.generic {
		results = nil
	}
	for _, r := range results {
		v := variable{b.fresh("v"), r.typ}
		b.printf("\tvar %s %s\n", v.name, v.typ.name)
		names = append(names, v.name)
		b.scope = append(b.scope, v)
	}
	b.printf("\tif calllog.Fuel() {\n\t\t")
	if len(names) > 0 {
		b.printf("%s = ", strings.Join(names, ", "))
	}
	b.printf("%s\n\t}\n", b.call(f))
	if len(names) > 0 {
		b.printf("\t%s = %s\n", strings.TrimSuffix(strings.Repeat("_, ", len(names)), ", "), strings.Join(names, ", "))
	}
	if len(names) > 0 && f.fails() && b.f.fails() && !b.chance(3) {
		err := names[len(names)-1]
		b.printf("\tif %s != nil {\n", err)
		b.leave("\t\t", b.values(pick(b.generator, []string{err}, []string{`fmt.Errorf("` + b.f.name + `: %w", ` + err + `)`}, []string{`errors.Join(` + err + `, errors.New("more"))`})))
		b.printf("\t}\n")
	}
}

// values returns expressions for the results of b's function. The last one is
// as given; an error is a new one or nil, so that where it began is plain.
func (b *body) values(last []string) []string {
	var out []string
	for i, r := range b.f.results {
		switch {
		case i == len(b.f.results)-1 && last != nil:
			out = append(out, last...)
		case r.typ.kind == failure:
			out = append(out, b.literal(r.typ, 2))
		default:
			out = append(out, b.expr(r.typ, b.scope))
		}
	}
	return out
}

// leave writes the end of the function with these results.
func (b *body) leave(indent string, values []string) {
	var names []string
	for _, r := range b.f.results {
		names = append(names, strings.TrimPrefix(r.name, "~"))
	}
	list, assign := strings.Join(names, ", "), "="
	if !b.f.named {
		assign = ":="
		for i, r := range b.f.results { // an untyped nil needs a type
			b.printf("%svar %s %s = %s\n", indent, names[i], r.typ.name, values[i])
		}
	} else if len(names) > 0 {
		b.printf("%s%s %s %s\n", indent, list, assign, strings.Join(values, ", "))
	}
	if !b.f.deferred {
		b.printf("%scalllog.Exit(id%s)\n", indent, logged(b.f.results))
	}
	b.printf("%sreturn %s\n", indent, list)
}

// closure writes a closure over a variable in scope and calls it.
func (b *body) closure() {
	name := b.fresh("fn")
	t := b.anyType()
	captured := "0"
	if len(b.scope) > 0 {
		captured = pick(b.generator, b.scope...).name
	}
	b.printf("\t%s := func(a %s, n int) (%s, int) {\n\t\tid := calllog.Enter(\"a\", a, \"n\", n)\n\t\t_ = %s\n\t\tr0, r1 := a, n+1\n\t\tcalllog.Exit(id, \"~r0\", r0, \"~r1\", r1)\n\t\treturn r0, r1\n\t}\n", name, t.name, t.name, captured)
	b.printf("\tif calllog.Fuel() {\n\t\tcalllog.Same(%s)(%s, %d)\n\t}\n", name, b.expr(t, b.scope), b.rand.IntN(100))
}

// call returns a call of f with random arguments, in one of the forms Go has.
func (b *body) call(f *function) string {
	var args []string
	if f.generic {
		t := b.anyType()
		return fmt.Sprintf("%s[%s](%s, []%s{%s}, %d)", f.name, t.name, b.expr(t, b.scope), t.name, b.repeat(t, b.rand.IntN(3), 2), b.rand.IntN(100))
	}
	params := f.params
	if f.variadic {
		params = params[:len(params)-1]
	}
	for _, p := range params {
		args = append(args, b.expr(p.typ, b.scope))
	}
	if f.variadic {
		elem := f.params[len(params)].typ.elem
		for range b.rand.IntN(4) {
			args = append(args, b.literal(elem, 2))
		}
	}
	list := strings.Join(args, ", ")
	if f.recv == nil {
		return f.name + "(" + list + ")"
	}
	return b.method(f, list)
}

func (b *body) method(f *function, args string) string {
	recv, typ := b.literal(f.recv, 2), f.recv.name
	if f.ptr {
		recv, typ = "(&"+recv+")", "(*"+typ+")"
	}
	switch {
	case f.name == "Shape" && !b.chance(3):
		return "shaper(" + recv + ").Shape(" + args + ")"
	case b.chance(3): // method expression
		return typ + "." + f.name + "(" + strings.TrimSuffix(recv+", "+args, ", ") + ")"
	case b.chance(3): // method value
		return "calllog.Same(" + recv + "." + f.name + ")(" + args + ")"
	}
	return recv + "." + f.name + "(" + args + ")"
}
