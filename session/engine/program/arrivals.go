package program

import (
	"cmp"
	"maps"
	"slices"

	"golang.org/x/arch/x86/x86asm"
)

// What the compiler makes without optimising keeps the statements apart, but its
// table of lines does not say where they begin. Control comes to many of them
// behind the only begin of a statement that they have, and what leaves the body of
// an if, a switch or a loop is a jump on the line of its head, which is not run
// again. So arrivals are decided from where control comes from:
//
//   - What a line does are its stores, calls and decisions. They are in order, while
//     the compiler mixes what is computed before them with what other lines do. The
//     next line begins behind the last thing that the one before it does.
//   - A jump is no part of a statement but a way to one. Only of a line that has
//     nothing else, a break or a goto, it is all there is.
//   - An arrival at a line is control that comes to it from another one.

// A run is what a line does in a row, in one block of code.
type run struct {
	line  int
	at    int  // the instruction before which nothing of it is done, and all before it
	spill bool // all it does is to put registers on the stack
	temp  bool // and no variable is there
}

// A block is code that is entered at its begin and left at its end only.
type block struct {
	first, end int // instructions
	preds      []*block
	succs      []*block
	entered    bool // from elsewhere, too
	runs       []run
	rest       int  // behind the last thing that a line does
	way        bool // ends with a jump that leads to one place, and is of no run
}

// arrivals returns where control arrives at the lines of code that was not
// optimised. Lines for which statement is the same are of one statement; leads tells
// from which lines control may come to one that is only a jump.
func (b *body) arrivals(wanted func(line int) bool, statement func(line int) int, leads func(from, to int) bool) []Mark {
	a := arrivalFinder{body: b, statement: statement, leads: leads}
	var marks []Mark
	blocks := b.blocks(statement)
	for _, bl := range blocks {
		a.dropAhead(bl)
	}
	for _, bl := range blocks {
		for i, r := range bl.runs {
			if r.line != 0 && wanted(r.line) {
				marks = append(marks, a.find(bl, i)...)
			}
		}
	}
	slices.SortFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Addr, b.Addr) })
	return slices.CompactFunc(marks, func(a, b Mark) bool { return a.Addr == b.Addr })
}

// blocks cuts the code into blocks, and finds what lines do there.
func (b *body) blocks(statement func(line int) int) []*block {
	of := make([]*block, len(b.code))
	var list []*block
	for i := b.first; i < len(b.code); i++ {
		if i == b.first || !b.follows(i) || b.code[i-1].isJump() {
			list = append(list, &block{first: i})
		}
		last := list[len(list)-1]
		last.end, of[i] = i+1, last
	}
	for _, bl := range list {
		bl.entered = len(b.preds[bl.first]) == 0
		for _, p := range b.preds[bl.first] {
			if p < b.first {
				bl.entered = true
			} else {
				bl.preds = append(bl.preds, of[p])
				of[p].succs = append(of[p].succs, bl)
			}
		}
		b.findRuns(bl, statement)
	}
	b.findIdle(list)
	for _, bl := range list {
		bl.runs = bl.runs[:0]
		b.findRuns(bl, statement)
	}
	return list
}

// findSolid finds the lines that have more than jumps.
func (b *body) findSolid() {
	b.solid = make(map[int]bool)
	for i, in := range b.code {
		if !in.isWay() {
			b.solid[b.lines[i]] = true
		}
	}
}

// findIdle finds the lines that have more than jumps, but do nothing, as an operand
// that the compiler knows.
func (b *body) findIdle(list []*block) {
	b.idle = maps.Clone(b.solid)
	for _, bl := range list {
		for _, r := range bl.runs {
			delete(b.idle, r.line)
		}
	}
}

// findRuns finds what lines do in a block. A line that only computes there does so
// for another block, or for another line of its statement.
func (b *body) findRuns(bl *block, statement func(line int) int) {
	begin := bl.first
	for i := bl.first; i < bl.end; i++ {
		line, in := b.lines[i], b.code[i]
		switch {
		case in.usesFlags():
			line = b.decides(i, bl.first, statement)
		case in.isWay() && (line == 0 || !b.isAll(i, statement)):
			continue
		}
		if !in.isWay() && !in.acts() {
			continue
		}
		at := begin
		for k := begin; k < i; k++ {
			if other := b.lines[k]; other != line && !b.code[k].isWay() && statement(other) == statement(line) {
				bl.add(run{line: other, at: at})
				at = k + 1
			}
		}
		bl.add(run{line, at, in.isSpill(), in.isSpill() && !b.isVariable(i)})
		begin = i + 1
	}
	bl.rest = begin
	last := bl.end - 1
	bl.way = b.code[last].isWay() && begin <= last
}

// isVariable reports whether an instruction stores to a variable of the function.
func (b *body) isVariable(i int) bool {
	s, ok := b.stores(i)
	return ok && meetsAny(s, b.variables)
}

// isAll reports whether a jump, or what fills up, is all that a line has there.
func (b *body) isAll(i int, statement func(line int) int) bool {
	line := b.lines[i]
	own := b.goesOn(i, func(p int) bool { return p == line })
	switch {
	case !b.solid[line] && b.isDecided(i, statement):
		return false
	case !b.solid[line]:
		return b.begin[i] || !own
	case b.idle[line]:
		return b.begin[i] && !own || b.code[i].Op == x86asm.JMP && b.goesOn(i, func(p int) bool { return p != line && statement(p) == statement(line) })
	}
	return false
}

// goesOn reports whether control comes to an instruction, and from certain lines
// only.
func (b *body) goesOn(i int, from func(line int) bool) bool {
	return len(b.preds[i]) > 0 && !slices.ContainsFunc(b.preds[i], func(p int) bool { return !from(b.lines[p]) })
}

// add adds what a line does to what others do before. What is spilled in the midst
// of a line is for one that comes later.
func (bl *block) add(r run) {
	n := len(bl.runs)
	if n > 1 && r.line != 0 && bl.runs[n-1].spill && bl.runs[n-2].line == r.line {
		n--
		bl.runs = bl.runs[:n]
	}
	if n > 0 && bl.runs[n-1].line == r.line {
		bl.runs[n-1].spill = bl.runs[n-1].spill && r.spill
		bl.runs[n-1].temp = bl.runs[n-1].temp && r.temp
		return
	}
	bl.runs = append(bl.runs, r)
}

// decides returns the line of the comparison that an instruction depends on, if it
// is of the same statement: the line of the instruction may be that of the last
// operand of a condition, which may not be evaluated. The comparison of another
// statement stands there because the compiler has moved it.
func (b *body) decides(i, first int, statement func(line int) int) int {
	for k := i - 1; k >= first; k-- {
		if !b.code[k].setsFlags() {
			continue
		}
		if statement(b.lines[k]) == statement(b.lines[i]) {
			return b.lines[k]
		}
		break
	}
	return b.lines[i]
}

// isDecided reports whether a jump is on the line of an operand that is not
// evaluated, as the compiler knows what those before it come to: control is there when
// that was stored.
func (b *body) isDecided(i int, statement func(line int) int) bool {
	line := b.lines[i]
	for n := 0; n < 10 && len(b.preds[i]) == 1 && (n == 0 || b.code[i].isWay()); n++ {
		i = b.preds[i][0]
	}
	_, known := b.code[i].Args[1].(x86asm.Imm)
	return known && b.code[i].bytes == 1 && b.code[i].Op == x86asm.MOV && b.lines[i] != line && statement(b.lines[i]) == statement(line)
}

// An arrivalFinder finds where control arrives at lines.
type arrivalFinder struct {
	*body
	statement func(line int) int
	leads     func(from, to int) bool
}

// An origin is where control comes from.
type origin uint8

const (
	sameLine   origin = 1 << iota
	otherLine         // of the same statement
	otherPlace        // another statement, or none
	elsewhere         // another statement, from which a jump leads on that is not the line's
)

// find returns where to see control arrive at a run: at its begin, or, where
// control may come there from its own line too, at the jumps from others. Where
// control only passes on another way, what cannot be told from that is not seen.
func (a *arrivalFinder) find(bl *block, i int) []Mark {
	r := bl.runs[i]
	here := func(o origin) []Mark { return []Mark{{Insn: a.code[r.at], Line: r.line, Fresh: o == otherPlace}} }
	if i > 0 {
		return here(a.origin(bl.runs[i-1].line, r.line))
	}
	from := a.before(bl, r.line)
	if from&(sameLine|elsewhere) == 0 {
		return here(from)
	}
	if from&otherPlace == 0 { // what operands on several lines have come to is put together
		return nil
	}
	if a.neverLeaves(bl, r.line, map[*block]bool{}) {
		return here(otherPlace)
	}
	var jumps []Mark
	for _, p := range bl.preds {
		switch o := a.at(p, r.line); {
		case o&(otherLine|otherPlace) == 0:
		case o&(sameLine|elsewhere) == 0 && p.way:
			jumps = append(jumps, Mark{Insn: a.code[p.end-1], Line: r.line, Fresh: o == otherPlace})
		case o&(sameLine|elsewhere) == 0 && p.rest < p.end && len(p.succs) == 1:
			jumps = append(jumps, Mark{Insn: a.code[p.rest], Line: r.line, Fresh: o == otherPlace})
		case from&elsewhere == 0:
			return here(from)
		}
	}
	return jumps
}

// dropAhead drops what a line begins with if that is in the midst of another one, and
// only keeps a value for later: the compiler computes some values, as the address
// of a variable that is allocated with another, where it has what they are made of.
func (a *arrivalFinder) dropAhead(bl *block) {
	if len(bl.runs) > 1 && bl.runs[0].temp && a.before(bl, bl.runs[1].line) == sameLine {
		bl.runs = bl.runs[1:]
	}
}

// neverLeaves reports whether control that is in a block never comes to another line,
// nor to a return: the line is all there is in a loop without an end, and is arrived
// at in each round.
func (a *arrivalFinder) neverLeaves(bl *block, line int, seen map[*block]bool) bool {
	seen[bl] = true
	if a.code[bl.end-1].IsRet() || slices.ContainsFunc(bl.runs, func(r run) bool { return r.line != line }) {
		return false
	}
	for _, next := range bl.succs {
		if !seen[next] && !a.neverLeaves(next, line, seen) {
			return false
		}
	}
	return true
}

// origin says what it means that control comes from one line to another.
func (a *arrivalFinder) origin(from, line int) origin {
	switch {
	case from == line:
		return sameLine
	case !a.solid[line] && (from > line || from != 0 && !a.leads(from, line)): // what began there is left
		return elsewhere
	case a.statement(from) == a.statement(line):
		return otherLine
	}
	return otherPlace
}

// before says where control comes from at the begin of a block.
func (a *arrivalFinder) before(bl *block, line int) origin {
	return a.collect(bl, line, map[*block]bool{})
}

// at says where it comes from that is at the end of a block.
func (a *arrivalFinder) at(bl *block, line int) origin {
	if n := len(bl.runs); n > 0 {
		return a.origin(bl.runs[n-1].line, line)
	}
	return a.before(bl, line)
}

func (a *arrivalFinder) collect(bl *block, line int, seen map[*block]bool) (from origin) {
	seen[bl] = true
	if bl.entered {
		from |= otherPlace
	}
	for _, p := range bl.preds {
		if n := len(p.runs); n > 0 {
			from |= a.origin(p.runs[n-1].line, line)
		} else if !seen[p] {
			from |= a.collect(p, line, seen)
		}
	}
	return from
}
