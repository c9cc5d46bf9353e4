package progen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// FlowFuncs is how many functions a seed has in a program of [Flow].
const FlowFuncs = 6

// Flow returns the source of a random program of one file that is rich in ways
// for control to go: every statement of Go, inside each other. It is a function
// of the seeds, and so is what the program does, whatever it is built and run
// with; but for goroutines, of which one runs at a time, and their numbers. What
// n seeds from the first on make are functions f0, f1 and so on of one program.
func Flow(first, n uint64) string {
	var funcs, calls strings.Builder
	for seed := first; seed < first+n; seed++ {
		g := &generator{rand: rand.New(rand.NewPCG(seed, 1))}
		for i := range uint64(FlowFuncs) {
			f := &flow{generator: g}
			name := fmt.Sprintf("f%d", (seed-first)*FlowFuncs+i)
			f.define(name)
			for range 3 + g.rand.IntN(4) {
				fmt.Fprintf(&calls, "\t%s(%d, %d, %q, []int{%d, %d, %d})\n",
					name, g.rand.IntN(12), g.rand.IntN(12)-4, pick(g, "", "a", "ab", "bcd"), g.rand.IntN(9), g.rand.IntN(9), g.rand.IntN(9))
			}
			funcs.WriteString(strings.Join(f.lines, ""))
		}
	}
	return flowHeader + funcs.String() + "func main() {\n" + calls.String() + "}\n"
}

// flowHeader has what the functions of a program call. Each takes and returns
// few values, so that it fits into any expression.
const flowHeader = `package main

import (
	"errors"
	"fmt"
	"strconv"
)

type point struct{ x, y int }

func (p *point) move(n int) *point {
	p.x += n
	p.y -= n
	return p
}

func (p point) far() bool { return p.x > p.y }

var errOdd = errors.New("odd")

func check(n int) (int, error) {
	if n%2 != 0 {
		return 0, errOdd
	}
	return n / 2, nil
}

func is(n, m int) bool {
	return n%(m+1) == 0
}

func text(n int) string { return "t" + strconv.Itoa(n) }

func sum(list ...int) int {
	total := 0
	for _, n := range list {
		total += n
	}
	return total
}

func kind(n int) any {
	switch n % 5 {
	case 0:
		return n
	case 1:
		return text(n)
	case 2:
		return errOdd
	case 3:
		return point{n, 1}
	}
	return nil
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func filled(n int) chan int {
	c := make(chan int, 4)
	for i := range n {
		c <- i
	}
	return c
}

func closed(n int) chan int {
	c := filled(n)
	close(c)
	return c
}

func crash(n int) int {
	list := []int{1, 2, 3}
	if n%4 == 0 {
		panic(fmt.Sprint("crash ", n))
	}
	return list[n%4]
}

`

// A flow is a function that is being written. Its variables acc and out, and the
// parameters a, b, s and list, can be used everywhere.
type flow struct {
	*generator
	lines  []string
	indent int
	scope  []*flowVar
	named  bool // its results have names
	loops  []*flowLoop
	rooms  int  // statements that may still be written
	inside bool // a function literal: returns nothing
	silent bool // one with deferred calls: a return has no code
	over   bool // the body of a loop over a function, somewhere around
	single bool // a condition has one operand
	calm   bool // in a statement of several lines, all of which have to be run
}

type flowVar struct {
	name string
	kind flowKind
	slot int // line at which it is used, if nothing else does
	used bool
	keep bool // must not be assigned to: it counts
}

type flowKind int

const (
	intKind flowKind = iota
	stringKind
	boolKind
	listKind
	mapKind
	pointKind
	pointerKind
	anyKind
	errorKind
	chanKind
)

// A flowLoop is what break and continue leave: a loop, a switch or a select.
type flowLoop struct {
	label    string
	slot     int // line for the label
	used     bool
	switches bool // no loop
}

func (f *flow) line(format string, args ...any) int {
	f.lines = append(f.lines, strings.Repeat("\t", f.indent)+fmt.Sprintf(format, args...)+"\n")
	return len(f.lines) - 1
}

// slot keeps room for a line that may be needed later.
func (f *flow) slot() int {
	f.lines = append(f.lines, "")
	return len(f.lines) - 1
}

func (f *flow) fill(slot int, text string) {
	f.lines[slot] = strings.Repeat("\t", f.indent) + text + "\n"
}

func (f *flow) define(name string) {
	f.named = !f.chance(3)
	f.rooms = 14 + f.rand.IntN(16)
	f.scope = []*flowVar{
		{name: "a", kind: intKind},
		{name: "b", kind: intKind},
		{name: "s", kind: stringKind},
		{name: "list", kind: listKind},
	}
	f.line("//go:noinline")
	if f.named {
		f.line("func %s(a, b int, s string, list []int) (acc int, out string) {", name)
	} else {
		f.line("func %s(a, b int, s string, list []int) (int, string) {", name)
	}
	f.indent++
	if !f.named {
		f.line("acc, out := a, s")
	}
	for _, v := range f.scope {
		v.used = true
	}
	f.scope = append(f.scope, &flowVar{name: "acc", kind: intKind, used: true}, &flowVar{name: "out", kind: stringKind, used: true})
	if f.named && f.chance(2) {
		f.recovers()
	}
	for f.rooms > 0 {
		f.statement(0)
	}
	f.returns()
	f.leave(0)
	f.indent--
	f.line("}\n")
}

// recovers writes a deferred call that recovers, and so lets the function crash.
func (f *flow) recovers() {
	f.line("defer func() {")
	f.indent++
	if f.chance(2) {
		f.line("if r := recover(); r != nil {")
		f.line("\tacc = -1")
		f.line("\tout += fmt.Sprint(r)")
		f.line("}")
	} else {
		f.line("recover()")
		f.line("acc++")
	}
	f.indent--
	f.line("}()")
	f.scope = append(f.scope, &flowVar{name: "crash", kind: -1, used: true})
}

// returns writes the end of the function, or of the literal at hand.
func (f *flow) returns() {
	switch {
	case f.inside:
		f.line("return")
	case f.named && f.chance(2):
		f.line("return")
	case f.chance(4):
		f.calm = true
		f.line("return sum(")
		f.line("\tacc,")
		f.line("\t%s,", f.number())
		f.line("), out")
		f.calm = false
	default:
		f.line("return acc + %s, out", f.number())
	}
}

// declare makes a variable known, and keeps room for its use.
func (f *flow) declare(name string, kind flowKind) *flowVar {
	v := &flowVar{name: name, kind: kind, slot: f.slot()}
	f.scope = append(f.scope, v)
	return v
}

// leave forgets the variables declared since the scope had n, and uses those that
// nothing does.
func (f *flow) leave(n int) {
	for _, v := range f.scope[n:] {
		if v.used {
			continue
		}
		f.fill(v.slot, map[flowKind]string{
			intKind: "acc += " + v.name, stringKind: "out += " + v.name,
			boolKind: "out += strconv.FormatBool(" + v.name + ")", listKind: "acc += len(" + v.name + ")",
			mapKind: "acc += len(" + v.name + ")", pointKind: "acc += " + v.name + ".x", pointerKind: "acc += " + v.name + ".y",
			anyKind: "out += fmt.Sprint(" + v.name + ")", errorKind: "out += fmt.Sprint(" + v.name + ")", chanKind: "acc += len(" + v.name + ")",
		}[v.kind])
	}
	f.scope = f.scope[:n]
}

// use returns a variable of a kind that can be seen, or nothing.
func (f *flow) use(kind flowKind) string {
	var names []*flowVar
	for i, v := range f.scope {
		if v.kind == kind && !f.hidden(i) {
			names = append(names, v)
		}
	}
	if len(names) == 0 {
		return ""
	}
	v := names[f.rand.IntN(len(names))]
	v.used = true
	return v.name
}

// hidden reports whether a variable of the scope is hidden by a later one.
func (f *flow) hidden(i int) bool {
	for _, v := range f.scope[i+1:] {
		if v.name == f.scope[i].name {
			return true
		}
	}
	return false
}

// sets returns a variable of a kind that may be assigned to.
func (f *flow) sets(kind flowKind) string {
	for range 8 {
		i := f.rand.IntN(len(f.scope))
		if v := f.scope[i]; v.kind == kind && !v.keep && !f.hidden(i) {
			return v.name
		}
	}
	return map[flowKind]string{intKind: "acc", stringKind: "out"}[kind]
}

// canCrash reports whether a panic is recovered.
func (f *flow) canCrash() bool {
	for _, v := range f.scope {
		if v.name == "crash" {
			return true
		}
	}
	return false
}
