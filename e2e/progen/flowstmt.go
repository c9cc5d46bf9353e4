package progen

import (
	"fmt"
	"strings"
)

// maxNested is how deep statements stand inside each other.
const maxNested = 5

// statement writes one, with what belongs to it.
func (f *flow) statement(depth int) {
	f.rooms--
	if depth >= maxNested || f.rooms <= 0 || f.chance(3) {
		f.simple()
		return
	}
	switch f.rand.IntN(14) {
	case 0, 1, 2, 3:
		f.ifElse(depth)
	case 4, 5:
		f.loop(depth)
	case 6, 7, 8:
		f.switches(depth)
	case 9:
		f.selects(depth)
	case 10:
		f.literal(depth)
	case 11:
		f.jump(depth)
	case 12:
		f.deferred()
	default:
		if f.chance(2) {
			f.line("{")
			f.block(depth)
			f.line("}")
			return
		}
		f.simple()
	}
}

// block writes statements between braces.
func (f *flow) block(depth int) {
	n := len(f.scope)
	f.indent++
	for range 1 + f.rand.IntN(3) {
		f.statement(depth + 1)
	}
	if f.chance(5) {
		f.escape()
	}
	f.leave(n)
	f.indent--
}

func (f *flow) ifElse(depth int) {
	if f.chance(12) {
		f.line("if %s { %s++ }", f.truth(), f.sets(intKind))
		return
	}
	n := len(f.scope)
	slot := f.slot()
	f.fill(slot, f.ifHead(slot))
	f.block(depth)
	for range f.rand.IntN(4) {
		f.lines = append(f.lines, "")
		f.fill(len(f.lines)-1, "} else "+f.ifHead(slot))
		f.block(depth)
	}
	if f.chance(2) {
		f.line("} else {")
		f.block(depth)
	}
	f.line("}")
	f.leave(n)
}

// ifHead returns the head of an if statement. What it declares is used there.
func (f *flow) ifHead(slot int) string {
	used := func(name string, kind flowKind) {
		f.scope = append(f.scope, &flowVar{name: name, kind: kind, slot: slot, used: true})
	}
	switch f.rand.IntN(9) {
	case 0:
		v := f.fresh("v")
		x := f.number()
		used(v, intKind)
		return fmt.Sprintf("if %s := %s; %s > %d {", v, x, v, f.rand.IntN(6))
	case 1:
		v, err := f.fresh("v"), f.fresh("err")
		x := f.number()
		used(v, intKind)
		used(err, errorKind)
		return fmt.Sprintf("if %s, %s := check(%s); %s != nil || %s > 3 {", v, err, x, err, v)
	case 2:
		indent := strings.Repeat("\t", f.indent+1)
		return fmt.Sprintf("if %s &&\n%s%s {", f.operand(), indent, f.operand())
	case 3:
		indent := strings.Repeat("\t", f.indent+1)
		return fmt.Sprintf("if %s ||\n%s%s &&\n%s%s {", f.operand(), indent, f.operand(), indent, f.operand())
	}
	return "if " + f.truth() + " {"
}

// enter begins what break and continue leave: leaveLoop ends it.
func (f *flow) enter(switches bool) *flowLoop {
	l := &flowLoop{label: f.fresh("L"), slot: f.slot(), switches: switches}
	f.loops = append(f.loops, l)
	return l
}

func (f *flow) leaveLoop(l *flowLoop) {
	f.loops = f.loops[:len(f.loops)-1]
	if l.used {
		f.lines[l.slot] = l.label + ":\n"
	}
}

func (f *flow) loop(depth int) {
	if f.chance(12) {
		i := f.fresh("i")
		f.line("for %s := 0; %s < 3; %s++ { acc += %s }", i, i, i, i)
		return
	}
	n := len(f.scope)
	count := 1 + f.rand.IntN(3)
	i := f.fresh("i")
	counts := func() { f.scope = append(f.scope, &flowVar{name: i, kind: intKind, used: true, keep: true}) }
	switch f.rand.IntN(4) {
	case 0: // three parts
		l := f.enter(false)
		f.line("for %s := 0; %s < %d; %s++ {", i, i, count, i)
		counts()
		f.block(depth)
		f.line("}")
		f.leaveLoop(l)
	case 1: // a condition
		f.line("%s := 0", i)
		counts()
		l := f.enter(false)
		more := pick(f.generator, "", " && acc < 50", " && ")
		if more == " && " { // what is not written uses no variable
			more += f.operand()
		}
		f.line("for %s < %d%s {", i, count, more)
		f.line("\t%s++", i)
		f.block(depth)
		f.line("}")
		f.leaveLoop(l)
	case 2: // nothing
		f.line("%s := 0", i)
		counts()
		if f.chance(2) { // something else is right in front of the loop
			f.statement(depth + 1)
		}
		l := f.enter(false)
		f.line("for {")
		f.line("\tif %s++; %s > %d {", i, i, count)
		f.line("\t\tbreak")
		f.line("\t}")
		f.block(depth)
		f.line("}")
		f.leaveLoop(l)
	default:
		f.ranges(depth, i)
	}
	f.leave(n)
}

func (f *flow) ranges(depth int, i string) {
	v := f.fresh("v")
	l := f.enter(false)
	keep := func(name string) {
		f.scope = append(f.scope, &flowVar{name: name, kind: intKind, used: true, keep: true})
	}
	over := f.over
	uses := func(names ...string) { // before anything else can leave the body
		f.line("\tacc += %s", strings.Join(names, " + "))
		for _, name := range names {
			keep(name)
		}
	}
	switch f.rand.IntN(10) {
	case 0:
		f.line("for %s := range %d {", i, 1+f.rand.IntN(3))
		uses(i)
	case 1:
		f.line("for range %s & 3 {", f.use(intKind))
	case 2:
		f.line("for %s, %s := range []int{%s, %s} {", i, v, f.number(), f.number())
		uses(i, v)
	case 3:
		f.line("for _, %s := range list[:2] {", v)
		uses(v)
	case 4:
		f.line("for %s, %s := range %s {", i, v, f.use(stringKind))
		f.line("\tacc += %s + int(%s)", i, v)
		keep(i)
	case 5:
		f.line("for _, %s := range map[string]int{%q: %s} {", v, "k", f.number())
		uses(v)
	case 6:
		f.line("for %s := range closed(%d) {", v, f.rand.IntN(4))
		uses(v)
	case 7:
		f.line("for %s, %s := range [...]int{%s, 2} {", i, v, f.number())
		uses(i, v)
	case 8:
		f.line("for %s, %s := range []int{", i, v)
		f.line("\t%s,", f.number())
		f.line("\t%s,", f.number())
		f.line("} {")
		uses(i, v)
	default:
		f.line("for %s := range upTo(%d) {", v, f.rand.IntN(4))
		uses(v)
		f.over = true
	}
	f.block(depth)
	f.line("}")
	f.over = over
	f.leaveLoop(l)
}

func (f *flow) switches(depth int) {
	n := len(f.scope)
	l := f.enter(true)
	form := f.rand.IntN(4)
	if form == 3 {
		f.typeSwitch(depth)
		f.leaveLoop(l)
		f.leave(n)
		return
	}
	init := ""
	if f.chance(4) {
		v := f.fresh("v")
		init = fmt.Sprintf("%s := %s; ", v, f.number())
		f.scope = append(f.scope, &flowVar{name: v, kind: intKind})
	}
	used := func() { // by the head, or by the first case
		for _, v := range f.scope[n:] {
			v.used = true
		}
	}
	tagless := form == 0
	switch {
	case tagless && init != "":
		f.line("switch %s{", init)
	case tagless:
		f.line("switch {")
	case form == 1 && init == "":
		f.line("switch %s {", f.use(stringKind))
	case init != "":
		f.line("switch %s%s %% 3 {", init, f.scope[n].name)
		used()
	default:
		f.line("switch %s & 3 {", f.use(intKind))
	}
	count := f.rand.IntN(5)
	if init != "" && tagless {
		count++
	}
	def := f.rand.IntN(6)
	for i := range count {
		if i == def {
			f.line("default:")
			f.caseBody(depth, i < count-1)
		}
		switch {
		case tagless && i == 0 && init != "":
			f.line("case %s > %d:", f.scope[n].name, f.rand.IntN(6))
			used()
		case tagless && f.chance(4):
			f.line("case %s, %s:", f.truth(), f.truth())
		case tagless:
			f.line("case %s:", f.truth())
		case form == 1 && init == "":
			f.line("case %q:", []string{"", "a", "ab", "x", "t1"}[i])
		case f.chance(4):
			f.line("case %d, %d:", i, i+10)
		default:
			f.line("case %d:", i)
		}
		f.caseBody(depth, i < count-1)
	}
	if def >= count && f.chance(2) {
		f.line("default:")
		f.caseBody(depth, false)
	}
	f.line("}")
	f.leaveLoop(l)
	f.leave(n)
}

func (f *flow) caseBody(depth int, more bool) {
	if f.chance(10) {
		return // empty
	}
	f.block(depth)
	if more && f.chance(7) && !leavesText(f.lines[len(f.lines)-1]) {
		f.line("\tfallthrough")
	}
}

// leavesText reports whether a line goes elsewhere.
func leavesText(line string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return word == "return" || word == "break" || word == "continue" || word == "goto" || strings.HasPrefix(word, "panic")
}

func (f *flow) typeSwitch(depth int) {
	x := f.use(anyKind)
	if x == "" {
		x = "kind(" + f.use(intKind) + " & 7)"
	}
	v := f.fresh("v")
	bound := f.chance(2)
	if bound {
		f.line("switch %s := %s.(type) {", v, x)
	} else {
		f.line("switch %s.(type) {", x)
	}
	for _, c := range []struct {
		types, use string
	}{
		{"int", "acc += " + v},
		{"string", "out += " + v},
		{"error", "out += " + v + ".Error()"},
		{"point, *point", "out += fmt.Sprint(" + v + ")"},
		{"nil", "out += fmt.Sprint(" + v + ")"},
	} {
		if c.types != "int" && f.chance(3) {
			continue
		}
		f.line("case %s:", c.types)
		if bound {
			f.line("\t%s", c.use)
		}
		f.caseBody(depth, false)
	}
	if f.chance(2) {
		f.line("default:")
		f.caseBody(depth, false)
	}
	f.line("}")
}

func (f *flow) selects(depth int) {
	l := f.enter(true)
	n := len(f.scope)
	channel := func() string {
		if c := f.use(chanKind); c != "" {
			return c
		}
		return fmt.Sprintf("filled(%s & 1)", f.use(intKind))
	}
	defer f.leaveLoop(l)
	v := f.fresh("v")
	value := func() string { // of what is sent: a crash there would be one of select, of which nothing has run
		defer func(calm bool) { f.calm = calm }(f.calm)
		f.calm = true
		return f.number()
	}
	switch f.rand.IntN(6) {
	case 0: // one
		f.line("select {")
		f.line("case %s := <-filled(2):", v)
		f.line("\tacc += %s", v)
		f.block(depth)
	case 1: // or nothing
		f.line("select {")
		f.line("case %s, ok := <-%s:", v, channel())
		f.line("\tout += fmt.Sprint(%s, ok)", v)
		f.block(depth)
		f.line("default:")
		f.block(depth)
	case 2: // send
		f.line("select {")
		f.line("case %s <- %s:", channel(), value())
		f.block(depth)
		f.line("default:")
		f.block(depth)
	case 3: // both ways, of which one may be ready, or nothing
		to, from := channel(), "make(chan int)"
		if f.chance(2) {
			to, from = from, to
		}
		f.line("select {")
		f.line("case %s <- %s:", to, value())
		f.caseBody(depth, false)
		f.line("case %s := <-%s:", v, from)
		f.line("\tacc += %s", v)
		f.block(depth)
		f.line("default:")
		f.block(depth)
	case 4: // both, of which one is ready
		f.line("select {")
		f.line("case <-make(chan int):")
		f.block(depth)
		f.line("case list[1] = <-filled(%d):", 1+f.rand.IntN(3))
		f.caseBody(depth, false)
	default:
		f.line("select {")
		f.line("case %s := <-%s:", v, channel())
		f.line("\tacc += %s", v)
		f.block(depth)
		f.line("case <-make(chan string):")
		f.block(depth)
		f.line("default:")
		f.caseBody(depth, false)
	}
	f.line("}")
	f.leave(n)
}

// jump writes a goto and its label, back or forth.
func (f *flow) jump(depth int) {
	label := f.fresh("J")
	if f.chance(2) {
		i := f.fresh("i")
		f.line("%s := 0", i)
		f.lines = append(f.lines, label+":\n")
		f.scope = append(f.scope, &flowVar{name: i, kind: intKind, used: true, keep: true})
		f.line("acc += %s", i)
		f.statement(depth + 1)
		f.line("if %s < 2 {", i)
		f.line("\t%s++", i)
		f.line("\tgoto %s", label)
		f.line("}")
		return
	}
	f.line("if %s {", f.truth())
	f.line("\tgoto %s", label)
	f.line("}")
	f.line("{")
	f.block(depth)
	f.line("}")
	f.lines = append(f.lines, label+":\n")
	f.line("acc++")
}
