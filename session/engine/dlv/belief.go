package dlv

import (
	"debug/dwarf"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// The debug information of optimised code says too much of where variables are. A
// value has the names of all variables that it is ever assigned to, from the moment
// it is computed; a register or a slot keeps the name of a variable when the variable
// has got another value elsewhere; and slots are given to others without a word.
//
// So it is believed only where the code agrees: what the place holds was computed on
// a line that assigns to the variable, or was passed as the argument, it was copied
// there unchanged, and the variable has not come to another such line since, on
// whatever way control came. The lines are told by the text of the program.

// A unit is a variable, or a word of one, with what is known of its assignments.
type unit struct {
	offset, size int64
	lines        map[int]assignment
	entry        holders // where it is when the function is entered
	home         *slot   // where all of it is, for what is always in memory
}

// An assignment is what a line does to a unit.
type assignment struct {
	statement int
	keeps     bool // it may leave it as it is
}

// holders are the places that hold the value of a unit.
type holders struct {
	regs  uint64
	slots []int64 // distances from the canonical frame address
}

// A state is what is known between two instructions.
type state struct {
	holders
	statement int  // that assigned to it last
	same      bool // control has been on that statement's lines since, without forks
	line      int  // of the instruction before
	reached   bool
}

// A flow is the code of a function as values go through it.
type flow struct {
	*body
	im     *Image
	fn     *engine.Function
	starts []int // of blocks
	block  []int // by instruction
	from   [][]int
	units  map[unitKey]*solved
}

type unitKey struct {
	variable dwarf.Offset
	offset   int64
}

// solved is a unit with the states at the begins of blocks.
type solved struct {
	unit
	in []state
}

// flow returns the code of a function as values go through it.
func (im *Image) flow(f *engine.Function) (*flow, error) {
	if fl := im.flows[f]; fl != nil {
		return fl, nil
	}
	b, err := im.body(f)
	if err != nil {
		return nil, err
	}
	im.flows[f] = newFlow(im, f, b)
	return im.flows[f], nil
}

func newFlow(im *Image, f *engine.Function, b *body) *flow {
	fl := &flow{body: b, im: im, fn: f, block: make([]int, len(b.code)), units: map[unitKey]*solved{}}
	var tables []int // jumps of which the code does not tell where they lead
	for i, in := range b.code {
		if i == 0 || !b.follows(i) || isBranch(b.code[i-1].op) && b.code[i-1].op != x86asm.CALL {
			fl.starts = append(fl.starts, i)
		}
		fl.block[i] = len(fl.starts) - 1
		if _, direct := in.target(); in.op == x86asm.JMP && !direct {
			tables = append(tables, i)
		}
	}
	fl.from = make([][]int, len(fl.starts))
	for n, i := range fl.starts {
		preds := b.preds[i]
		if len(preds) == 0 && i > 0 && !fl.recovers(n) && b.code[i].op != x86asm.NOP {
			preds = tables
		}
		for _, p := range preds {
			fl.from[n] = append(fl.from[n], fl.block[p])
		}
	}
	return fl
}

// end returns the index behind the last instruction of a block.
func (fl *flow) end(n int) int {
	if n+1 < len(fl.starts) {
		return fl.starts[n+1]
	}
	return len(fl.code)
}

// recovers reports whether a block is where a function goes on whose panic was
// recovered.
func (fl *flow) recovers(n int) bool {
	for i := fl.starts[n]; i < fl.end(n); i++ {
		if fl.im.callee(fl.code[i]) == "runtime.deferreturn" {
			return true
		}
	}
	return false
}

// solve finds the states of a unit at the begins of all blocks: what is so on all
// ways that lead there.
func (fl *flow) solve(u unit) *solved {
	s := &solved{unit: u, in: make([]state, len(fl.starts))}
	out := make([]state, len(fl.starts))
	for changed := true; changed; {
		changed = false
		for n := range fl.starts {
			in := state{holders: u.entry, reached: true}
			if n > 0 {
				in = fl.meet(n, out)
			}
			if !in.reached || s.in[n].reached && s.in[n].equal(in) {
				continue
			}
			s.in[n], changed = in, true
			for i := fl.starts[n]; i < fl.end(n); i++ {
				in = fl.step(&s.unit, in, i)
			}
			out[n] = in
		}
	}
	return s
}

// meet returns what is so at the end of all blocks from which control comes.
func (fl *flow) meet(n int, out []state) (in state) {
	for _, p := range fl.from[n] {
		o := out[p]
		switch {
		case !o.reached:
		case !in.reached:
			in = o
			in.slots = slices.Clone(o.slots)
			in.same = o.same && len(fl.from[n]) == 1 || o.line == o.statement
		default:
			in.regs &= o.regs
			in.slots = slices.DeleteFunc(in.slots, func(s int64) bool { return !slices.Contains(o.slots, s) })
			if in.statement != o.statement {
				in.statement = 0
			}
			if in.line != o.line {
				in.line = 0
			}
			in.same = in.same && o.line == o.statement
		}
	}
	if len(fl.from[n]) == 0 {
		in.reached = fl.recovers(n) // from the runtime
	}
	return in
}

func (a state) equal(b state) bool {
	return a.regs == b.regs && slices.Equal(a.slots, b.slots) && a.statement == b.statement && a.same == b.same && a.line == b.line
}

// step returns the state of a unit behind an instruction.
func (fl *flow) step(u *unit, s state, i int) state {
	ef := fl.effects(i)
	line := fl.lines[i]
	by, assigns := u.lines[line]
	if assigns {
		anew := fl.begin[i] && s.line != by.statement && (ef.regs != 0 || len(ef.slots) > 0)
		if (anew || s.statement != by.statement || !s.same) && !by.keeps {
			s.holders = holders{}
		}
		s.statement, s.same = by.statement, true
	}
	s.line = line
	if assigns {
		s.line = by.statement
	}
	copied := ef.copy && ef.width >= u.size && s.holds(ef.source)
	if assigns && by.keeps && ef.call {
		s.holders = holders{} // it may have been moved
	}
	s.slots = slices.Clone(s.slots)
	s.regs &^= ef.regs
	for _, t := range ef.slots {
		s.slots = slices.DeleteFunc(s.slots, func(from int64) bool { return t.meets(slot{from, from + u.size}) })
	}
	if !assigns && !copied {
		return s
	}
	if !ef.call || assigns {
		// The compiler takes no note of what a division leaves besides.
		s.regs |= ef.regs &^ ef.aside & allocatable
	}
	for _, t := range ef.slots {
		switch {
		case u.home != nil && assigns && t.meets(*u.home):
			s.add(u.home.from)
		case t.to-t.from >= u.size:
			s.add(t.from)
		}
	}
	if u.home != nil && assigns && ef.taken.meets(*u.home) {
		s.add(u.home.from)
	}
	return s
}

func (h *holders) add(from int64) {
	if !slices.Contains(h.slots, from) {
		h.slots = append(h.slots, from)
	}
	slices.Sort(h.slots)
}

// holds reports whether a place is one of them.
func (h *holders) holds(p spotIn) bool {
	if p.reg >= 0 {
		return h.regs>>p.reg&1 != 0
	}
	return slices.Contains(h.slots, p.from)
}

// A spotIn is a register, by its number here, or a slot of the frame.
type spotIn struct {
	reg  int // -1: a slot
	from int64
}

// at returns what is known of a unit before an instruction.
func (fl *flow) at(s *solved, i int) state {
	n := fl.block[i]
	in := s.in[n]
	if !in.reached {
		return state{}
	}
	for k := fl.starts[n]; k < i; k++ {
		in = fl.step(&s.unit, in, k)
	}
	return in
}

// givenBy returns the line of the statement that assigned to a word of a variable
// last, before an instruction, or 0.
func (fl *flow) givenBy(l *local, c claim, i int) int {
	if s := fl.units[unitKey{l.entry.Offset, c.offset}]; s != nil {
		return fl.at(s, i).statement
	}
	return 0
}

// assignments returns what the lines of a function do to a word of a variable. It
// is false when nobody can say.
func (fl *flow) assignments(l *local, offset, size int64, known []engine.Assignment) (map[int]assignment, bool) {
	lines := map[int]assignment{}
	if result, _ := l.entry.Val(dwarf.AttrVarParam).(bool); l.escapes || result || l.entry.Tag != dwarf.TagFormalParameter {
		lines[l.declared] = assignment{statement: l.declared}
	}
	if isCaptured(l) {
		lines[fl.fn.Line] = assignment{statement: fl.fn.Line}
	}
	if l.escapes {
		return lines, true
	}
	for _, a := range known {
		switch {
		case a.Name != l.name || a.Part && !l.hasPart(a.Field, offset, size):
			continue
		case a.Anywhere || a.Rises && fl.falls(a.First):
			return nil, false
		}
		for line := a.First; line <= a.Last; line++ {
			before, twice := lines[line]
			keeps := a.Keeps && offset != wordSize && (!twice || before.keeps)
			lines[line] = assignment{statement: a.First, keeps: keeps}
		}
	}
	return lines, true
}

// falls reports whether something is made less by one on a line: the compiler turns
// loops round whose variable is not used.
func (fl *flow) falls(line int) bool {
	for i, in := range fl.code {
		if fl.lines[i] != line {
			continue
		}
		n, ok := in.args[1].(x86asm.Imm)
		m, isMem := in.args[1].(x86asm.Mem)
		switch {
		case in.op == x86asm.DEC, in.op == x86asm.SUB && ok && n == 1, in.op == x86asm.ADD && ok && n == -1,
			in.op == x86asm.LEA && isMem && m.Index == 0 && m.Disp == -1:
			return true
		}
	}
	return false
}

// hasPart reports whether a field, or an element if it is none, is part of a word of
// the variable: what its pointers lead to is not.
func (l *local) hasPart(field string, offset, size int64) bool {
	switch t := underlying(l.typ).(type) {
	case *godwarf.ArrayType:
		return true
	case *godwarf.StructType:
		for _, f := range t.Field {
			if f.Name == field {
				return f.ByteOffset < offset+size && offset < f.ByteOffset+max(sizeOf(f.Type), 1)
			}
		}
		return true
	}
	return false
}

// A claim is where a word of a variable is said to be.
type claim struct {
	offset, size int64
	at           spotIn
}

// believed reports whether a word of a variable is where it is said to be before an
// instruction.
func (fl *flow) believed(l *local, c claim, i int, known []engine.Assignment, sig *signature) bool {
	whole := slot{c.at.from, c.at.from + c.size}
	if c.at.reg < 0 && inMemory(l, known) && fl.taken(whole) {
		return !fl.isLate(whole, i)
	}
	key := unitKey{l.entry.Offset, c.offset}
	s, ok := fl.units[key]
	if !ok {
		lines, told := fl.assignments(l, c.offset, c.size, known)
		if told {
			u := unit{offset: c.offset, size: c.size, lines: lines}
			if l.entry.Tag == dwarf.TagFormalParameter && !l.escapes {
				u.entry = sig.holders(l.name, c.offset)
			}
			fl.alias(&u, l, known, sig)
			if c.at.reg < 0 && c.size > wordSize {
				u.home = &slot{c.at.from, c.at.from + c.size}
			}
			s = fl.solve(u)
		}
		fl.units[key] = s
	}
	if s == nil {
		return false
	}
	h := fl.at(s, i)
	return h.holds(c.at) && !fl.mayLose(s, c, i)
}

// mayLose reports whether a place holds what a variable has got only if a condition
// says so, for which instructions without jumps come next; or is still to be written
// by a statement that has begun.
func (fl *flow) mayLose(s *solved, c claim, i int) bool {
	n := fl.block[i]
	fresh := false
	for k := fl.starts[n]; k < i; k++ {
		if _, assigns := s.lines[fl.lines[k]]; c.at.reg >= 0 && fl.effects(k).regs>>c.at.reg&1 != 0 {
			fresh = assigns
		}
	}
	for k := i; k < fl.end(n); k++ {
		ef := fl.effects(k)
		if r, ok := fl.code[k].args[1].(x86asm.Reg); ok && fresh && isConditionalMove(fl.code[k].op) {
			if n, _ := numberOf(r); n == c.at.reg {
				return true
			}
		}
		if c.at.reg >= 0 {
			if ef.regs>>c.at.reg&1 != 0 {
				return false
			}
			continue
		}
		if fl.begin[k] && k > i {
			return false
		}
		_, assigns := s.lines[fl.lines[k]]
		if assigns && fl.lines[k] != fl.lines[i] && meetsAny(slot{c.at.from, c.at.from + c.size}, ef.slots) {
			return true
		}
	}
	return false
}

func isConditionalMove(op x86asm.Op) bool { return strings.HasPrefix(op.String(), "CMOV") }

// inMemory reports whether a variable may have a place in memory for good: one of
// which the text takes the address, or that is too large for registers.
func inMemory(l *local, known []engine.Assignment) bool {
	_, array := underlying(l.typ).(*godwarf.ArrayType)
	return array || sizeOf(l.typ) > 4*wordSize || slices.ContainsFunc(known, func(a engine.Assignment) bool { return a.Name == l.name && a.Anywhere })
}

// isLate reports whether something is to be stored in a slot by a statement that has
// begun before an instruction.
func (fl *flow) isLate(at slot, i int) bool {
	for k := i; k < fl.end(fl.block[i]); k++ {
		if k > i && fl.begin[k] || fl.code[k].op == x86asm.CALL {
			return false
		}
		if fl.lines[k] != fl.lines[i] && meetsAny(at, fl.effects(k).slots) {
			return true
		}
	}
	return false
}

// content returns the lines that store what a variable leads to: through the pointer
// to it, where it lives on the heap, or in the elements of its slice.
func content(l *local, known []engine.Assignment) []int {
	lines := []int{l.declared}
	for _, a := range known {
		for line := a.First; a.Name == l.name && line <= a.Last; line++ {
			lines = append(lines, line)
		}
	}
	return lines
}

// unfinished reports whether one of some lines, having begun before instruction i,
// is still to store something outside of the frame.
func (fl *flow) unfinished(lines []int, i int) bool {
	seen := map[int]bool{}
	var look func(k int, begun []int) bool
	look = func(k int, begun []int) bool {
		for ; k < len(fl.code) && !seen[k]; k++ {
			seen[k] = true
			in := fl.code[k]
			if fl.begin[k] && k != i {
				begun = append(slices.Clip(begun), fl.lines[k])
			}
			if in.op == x86asm.CALL && !strings.HasPrefix(fl.im.callee(in), "runtime.gcWriteBarrier") {
				return false
			}
			m, store := in.args[0].(x86asm.Mem)
			if store && writesFirst(in.op) {
				if _, inFrame := fl.inFrame(m); !inFrame && slices.Contains(lines, fl.lines[k]) && !slices.Contains(begun, fl.lines[k]) {
					return true
				}
			}
			if t, ok := in.target(); ok {
				if to := fl.index(t); to > k && look(to, begun) {
					return true
				}
			}
			if in.ends() {
				return false
			}
		}
		return false
	}
	if fl.isInside(i) {
		return look(i, nil) // what is stored belongs to what is known already
	}
	return look(i, []int{fl.lines[i]})
}

// isInside reports whether control may have been on the line of an instruction on the
// way forward to it.
func (fl *flow) isInside(i int) bool {
	on := func(from, to int) bool { return slices.Contains(fl.lines[from:to], fl.lines[i]) }
	seen := map[int]bool{}
	var before func(n int) bool
	before = func(n int) bool {
		return slices.ContainsFunc(fl.from[n], func(p int) bool {
			if p >= n || seen[p] {
				return false
			}
			seen[p] = true
			return on(fl.starts[p], fl.end(p)) || before(p)
		})
	}
	n := fl.block[i]
	return on(fl.starts[n], i) || before(n)
}

// taken reports whether the address of what is in a slot is taken: then it is always
// there.
func (fl *flow) taken(at slot) bool {
	for i := range fl.code {
		if fl.effects(i).taken.meets(at) {
			return true
		}
	}
	return false
}

// alias adds to the places of a variable that is declared as x := y, of which there
// may be no code, those of y, if that never changes.
func (fl *flow) alias(u *unit, l *local, known []engine.Assignment, sig *signature) {
	for _, a := range known {
		if a.Name != l.name || a.First != l.declared || a.From == "" {
			continue
		}
		var of []engine.Assignment
		for _, b := range known {
			if b.Name == a.From {
				of = append(of, b)
			}
		}
		switch {
		case len(of) == 0:
			u.entry = sig.holders(a.From, u.offset)
		case len(of) == 1 && !of[0].Anywhere && !of[0].Part && of[0].First != l.declared:
			for line := of[0].First; line <= of[0].Last; line++ {
				if _, twice := u.lines[line]; !twice {
					u.lines[line] = assignment{statement: of[0].First}
				}
			}
		}
	}
}

// holders returns where a word of an argument is when the function is entered.
func (sig *signature) holders(name string, offset int64) (h holders) {
	for i := range sig.args {
		p := &sig.args[i]
		if p.name != name {
			continue
		}
		if p.loc.pieces == nil {
			h.add(p.loc.stack + offset)
		}
		for _, pc := range p.loc.pieces {
			switch {
			case pc.offset != offset:
			case pc.float:
				h.regs |= 1 << (firstFloat + pc.register)
			default:
				h.regs |= 1 << abiOrder[pc.register]
			}
		}
	}
	return h
}

// abiOrder are the numbers here of the registers in which arguments are passed.
var abiOrder = [...]int{regAX, regBX, regCX, regDI, regSI, 8, 9, 10, 11}
