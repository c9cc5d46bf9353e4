package progen

import "fmt"

// simple writes a statement without a body.
func (f *flow) simple() {
	switch f.rand.IntN(9) {
	case 0, 1:
		f.assign()
	case 2, 3:
		f.declaration()
	case 4:
		f.long()
	case 5:
		f.line("%s%s", f.sets(intKind), pick(f.generator, "++", "--"))
	default:
		f.set(f.sets(intKind), pick(f.generator, "=", "+=", "-="), f.number())
	}
}

// set writes an assignment that does something.
func (f *flow) set(x, op, value string) {
	if x == value && op == "=" {
		op = "+="
	}
	f.line("%s %s %s", x, op, value)
}

func (f *flow) assign() {
	switch f.rand.IntN(8) {
	case 0:
		f.line("%s, %s = %s, %s", "acc", f.sets(intKind), f.number(), f.number())
	case 1:
		f.line("list[%d] = %s", f.rand.IntN(2), f.number())
	case 2:
		f.line("list = append(list, %s)", f.number())
	case 3:
		if m := f.use(mapKind); m != "" {
			f.line(`%s["a"] %s %s`, m, pick(f.generator, "=", "+="), f.number())
			return
		}
		f.line("out += %s", f.str())
	case 4:
		if p := f.use(pointerKind); p != "" {
			f.line("%s.move(%s)", p, f.number())
			return
		}
		f.line("out += %s", f.str())
	case 5:
		if p := f.use(pointKind); p != "" {
			f.line("%s.y %s %s", p, pick(f.generator, "=", "+="), f.number())
			return
		}
		f.set("out", "=", f.str())
	case 6:
		if v := f.sets(boolKind); v != "" {
			f.line("%s = !%s || %s", v, v, f.truth())
			return
		}
		f.set("out", "=", f.str())
	default:
		f.set(f.sets(stringKind), pick(f.generator, "=", "+="), f.str())
	}
}

func (f *flow) declaration() {
	declare := func(prefix string, kind flowKind, format string, args ...any) {
		name := f.fresh(prefix)
		f.line(format, append([]any{name}, args...)...)
		f.declare(name, kind)
	}
	switch f.rand.IntN(15) {
	case 0:
		v := f.fresh("v")
		f.line("var %s int", v)
		f.line("%s = %s", v, f.number())
		f.declare(v, intKind)
	case 1:
		declare("v", intKind, "var %s = %s", f.number())
	case 2:
		declare("t", stringKind, "%s := %s", f.str())
	case 3, 4:
		declare("ok", boolKind, "%s := %s", f.truth())
	case 5:
		declare("l", listKind, "%s := []int{%s, %s}", f.number(), f.number())
	case 6:
		declare("m", mapKind, "%s := map[string]int{\"a\": %s}", f.number())
	case 7:
		declare("p", pointKind, "%s := point{%s, %s}", f.number(), f.number())
	case 8:
		declare("q", pointerKind, "%s := &point{x: %s}", f.number())
	case 9:
		declare("k", anyKind, "%s := kind(%s & 7)", f.number())
	case 10, 11:
		n, err := f.fresh("n"), f.fresh("err")
		f.line("%s, %s := check(%s)", n, err, f.number())
		f.declare(n, intKind)
		f.declare(err, errorKind)
	case 12:
		declare("c", chanKind, "%s := filled(%d)", 1+f.rand.IntN(3))
	default:
		declare("v", intKind, "%s := %s", f.number())
	}
}

// long writes a statement of several lines.
func (f *flow) long() {
	f.calm = true
	defer func() { f.calm = false }()
	switch f.rand.IntN(9) {
	case 0:
		name := f.fresh("v")
		f.line("%s := sum(", name)
		f.line("\t%s,", f.number())
		f.line("\t%s,", f.number())
		f.line(")")
		f.declare(name, intKind)
	case 1:
		name := f.fresh("p")
		f.line("%s := point{", name)
		f.line("\tx: %s,", f.number())
		f.line("\ty: %s,", f.number())
		f.line("}")
		f.declare(name, pointKind)
	case 2:
		name := f.fresh("l")
		f.line("%s := []int{", name)
		f.line("\t%s,", f.number())
		f.line("\tsum(%s, 1),", f.number())
		f.line("}")
		f.declare(name, listKind)
	case 3:
		f.line("out += fmt.Sprint(")
		f.line("\t%s,", f.number())
		f.line("\t%s,", f.str())
		f.line(")")
	case 4:
		name := f.fresh("ok")
		f.line("%s := %s &&", name, f.operand())
		f.line("\t%s", f.operand())
		f.declare(name, boolKind)
	case 5: // the comparison that the next line needs may stand on this one
		name := f.fresh("ok")
		f.line("%s := %s", name, f.operand())
		f.line("if !%s {", name)
		f.line("\tacc += %s", f.number())
		f.line("}")
		f.declare(name, boolKind)
	case 6: // two statements that begin on one line
		name := f.fresh("l")
		f.line("%s++; %s := []int{", f.sets(intKind), name)
		f.line("\t%s,", f.number())
		f.line("\t%d,", f.rand.IntN(9))
		f.line("}")
		f.declare(name, listKind)
	case 7:
		f.line("%s = append(%s,", "list", "list")
		f.line("\t%s,", f.number())
		f.line("\tpoint{")
		f.line("\t\tx: %s,", f.number())
		f.line("\t}.x,")
		f.line(")")
	default:
		f.line("acc += %s +", f.number())
		f.line("\t%s", f.number())
	}
}

// literal writes a function literal in one of the ways to call one.
func (f *flow) literal(depth int) {
	body := func() {
		n, inside, loops := len(f.scope), f.inside, f.loops
		f.inside, f.loops = true, nil
		f.indent++
		for range 1 + f.rand.IntN(3) {
			f.statement(depth + 1)
		}
		f.leave(n)
		f.indent--
		f.inside, f.loops = inside, loops
	}
	switch f.rand.IntN(6) {
	case 0:
		f.line("func() {")
		body()
		f.line("}()")
	case 1:
		if f.canCrash() || f.over {
			f.line("acc++")
			return
		}
		f.line("defer func() {")
		body()
		f.line("}()")
	case 2:
		done := f.fresh("done")
		f.line("%s := make(chan bool)", done)
		f.line("go func() {")
		f.line("\tdefer close(%s)", done)
		guard := f.scope
		f.scope = without(f.scope, "crash") // nobody recovers there
		silent := f.silent
		f.silent = true
		body()
		f.scope, f.silent = guard, silent
		f.line("}()")
		f.line("<-%s", done)
	case 3:
		name := f.fresh("fn")
		f.line("%s := func(k int) int { return k + %s }", name, f.use(intKind))
		f.line("acc += %s(%s)", name, f.number())
	default:
		name, k := f.fresh("fn"), f.fresh("k")
		f.line("%s := func(%s int) int {", name, k)
		n := len(f.scope)
		f.scope = append(f.scope, &flowVar{name: k, kind: intKind, used: true})
		f.indent++
		f.line("if %s {", f.truth())
		f.line("\treturn %s", f.number())
		f.line("}")
		f.indent--
		f.indent++
		for range f.rand.IntN(3) {
			f.simple()
		}
		f.line("return %s + %s", k, f.number())
		f.leave(n)
		f.indent--
		f.line("}")
		for range 1 + f.rand.IntN(2) {
			f.line("acc += %s(%s)", name, f.number())
		}
	}
}

func without(scope []*flowVar, name string) []*flowVar {
	var rest []*flowVar
	for _, v := range scope {
		if v.name != name {
			rest = append(rest, v)
		}
	}
	return rest
}

func (f *flow) deferred() {
	switch {
	case f.over || !f.chance(2):
		f.line("%s += %s", f.sets(intKind), f.number())
	case f.chance(2):
		f.line("defer sum(%s, %s)", f.number(), f.number())
	default:
		f.line("defer fmt.Sprint(%s)", f.str())
	}
}

// escape writes a way out of the list of statements, behind which nothing more
// may come. It reports false where there is none.
func (f *flow) escape() bool {
	var around []*flowLoop
	around = append(around, f.loops...)
	switch n := f.rand.IntN(6); {
	case n == 0 && f.silent:
		return false
	case n == 0:
		f.returns()
		return true
	case len(around) == 0:
		return false
	case n == 1 && f.canCrash() && f.chance(2):
		f.line("panic(%s)", fmt.Sprintf("%q", f.fresh("why")))
		return true
	}
	l := around[len(around)-1]
	if f.chance(2) {
		l = pick(f.generator, around...)
	}
	word := "break"
	if !l.switches && !f.chance(3) {
		word = "continue"
	}
	if l != around[len(around)-1] || f.chance(3) {
		l.used = true
		word += " " + l.label
	}
	f.line("%s", word)
	return true
}
