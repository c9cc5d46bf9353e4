package program

import (
	"debug/dwarf"
	"slices"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// A flow is the code of a function as values go through it.
type flow struct {
	*body
	im       *Image
	fn       *engine.Function
	starts   []int // of blocks
	block    []int // by instruction
	from     [][]int
	effects  []effects
	units    map[unitKey]*solved
	contents map[contentKey]*contents
	to       [][]int  // the blocks to which control goes
	order    []int    // of blocks: see sort
	ahead    [][]bool // see forward
}

type unitKey struct {
	variable dwarf.Offset
	offset   int64
	large    bool // all of it, in memory
}

// Origins are assignments, each with a bit, as in [engine.Assigned]: those from which
// what a place holds may be. A place without any holds something else.
type origins uint64

const (
	// old is set for what the variable was before an assignment.
	old origins = 1 << 63
	// ahead is set for what it is in the next round of a loop, from the step on until
	// control goes on with that: what is left of this round may come behind the step.
	ahead origins = 1 << 62
	// partly is set where that is so only if control came on some of the ways.
	partly origins = 1 << 61
)

// unsure is set in the origins of what is not believed.
const unsure = old | ahead | partly

// holders are the places that hold values of a variable.
type holders struct {
	regs  [32]origins
	slots []held
}

// held is what a slot holds. from is its distance from the canonical frame address.
type held struct {
	from int64
	by   origins
}

// A state is what is known between two instructions.
type state struct {
	holders
	statement int  // that assigned to it last, by its first line
	same      bool // control has been on that statement's lines since, without forks
	line      int  // of the instruction before, or of its statement
	reached   bool
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
	fl := &flow{body: b, im: im, fn: f, block: make([]int, len(b.code)), units: map[unitKey]*solved{}, contents: map[contentKey]*contents{}}
	for i := range b.code {
		fl.effects = append(fl.effects, fl.effectsOf(i))
	}
	var tables []int // jumps of which the code does not tell where they lead
	for i, in := range b.code {
		if i == 0 || !b.follows(i) || isBranch(b.code[i-1].Op) && b.code[i-1].Op != x86asm.CALL {
			fl.starts = append(fl.starts, i)
		}
		fl.block[i] = len(fl.starts) - 1
		if _, direct := in.Target(); in.Op == x86asm.JMP && !direct {
			tables = append(tables, i)
		}
	}
	fl.from = make([][]int, len(fl.starts))
	for n, i := range fl.starts {
		preds := b.preds[i]
		if len(preds) == 0 && i > 0 && !fl.recovers(n) && b.code[i].Op != x86asm.NOP {
			preds = tables
		}
		for _, p := range preds {
			fl.from[n] = append(fl.from[n], fl.block[p])
		}
	}
	fl.sort()
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

// maxRounds is how often the code of a function is gone through.
const maxRounds = 100

// solve finds the states of a unit at the begins of all blocks: what is so on all
// ways that lead there. It is nil where that does not come to an end.
func (fl *flow) solve(u unit) *solved {
	s := &solved{unit: u, in: make([]state, len(fl.starts))}
	out := make([]state, len(fl.starts))
	for changed, round := true, 0; changed; round++ {
		if changed = false; round == maxRounds {
			return nil
		}
		for n := range fl.starts {
			in := state{holders: u.entry, reached: true}
			if n > 0 {
				in = fl.meet(n, out)
			}
			if !in.reached || s.in[n].reached && s.in[n].equal(&in) {
				continue
			}
			s.in[n], changed = in, true
			for i := fl.starts[n]; i < fl.end(n); i++ {
				in = fl.step(&s.unit, in, i)
			}
			in.slots = slices.Clone(in.slots)
			in.change(func(m origins) origins { return m &^ ahead })
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
			in.holders.meet(&o.holders)
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

func (h *holders) meet(o *holders) {
	for r := range h.regs {
		if m := h.regs[r] | o.regs[r]; m != 0 && either(h.regs[r], o.regs[r]) == 0 {
			h.regs[r] = m | partly
			continue
		}
		h.regs[r] = either(h.regs[r], o.regs[r])
	}
	for n := range h.slots {
		h.slots[n].by = either(h.slots[n].by, o.of(spotIn{-1, h.slots[n].from}))
	}
	h.slots = slices.DeleteFunc(h.slots, func(s held) bool { return s.by == 0 })
}

// either returns the origins of what is one of two values.
func either(a, b origins) origins {
	if a == 0 || b == 0 {
		return 0
	}
	return a | b
}

func (s *state) equal(o *state) bool {
	return s.regs == o.regs && slices.Equal(s.slots, o.slots) && s.statement == o.statement && s.same == o.same && s.line == o.line
}

// step returns the state of a unit behind an instruction.
func (fl *flow) step(u *unit, s state, i int) state {
	ef := &fl.effects[i]
	s.slots = slices.Clone(s.slots)
	by, assigns := u.lines[fl.lines[i]]
	var value origins
	switch {
	case assigns && by.step != 0:
		value, s.line = fl.counted(u, &s, i, by), fl.lines[i]
	case assigns && by.marked && ef.copy && !fl.begin[i] && s.line != by.statement:
		// Loaded ahead, on a way that may not lead there.
		value, s.line = fl.copied(&s, i, by), 0
		if ef.width < u.size {
			value = 0
		}
	case assigns && by.computes && ef.copy:
		// A copy of what is needed for it, or for another statement.
		value, s.line, s.same = fl.value(u, &s, i), by.statement, s.same && !fl.begin[i]
	case assigns:
		anew := fl.begin[i] && s.line != by.statement && (ef.regs != 0 || len(ef.slots) > 0)
		if anew || s.statement != by.statement || !s.same {
			s.assign(by)
		}
		if by.keeps && ef.call {
			s.change(func(origins) origins { return old }) // it may have been moved
		}
		s.statement, s.same, s.line = by.statement, true, by.statement
		value = fl.value(u, &s, i)
	default:
		value, s.line = fl.value(u, &s, i), fl.lines[i]
	}
	if slices.Contains(u.known, value) {
		s.change(func(m origins) origins {
			if m&value != 0 && m != value {
				return old // it was assigned that in another round
			}
			return m
		})
	}
	s.write(u, ef, value)
	if u.home != nil && assigns && ef.taken.meets(*u.home) {
		s.put(u.home.from, by.by)
	}
	return s
}

// counted returns the origins of what an instruction writes on a line that adds one to
// a variable.
func (fl *flow) counted(u *unit, s *state, i int, by assignment) origins {
	from, step := fl.adds(i)
	k, constant := fl.code[i].constant()
	switch {
	case step == 0 && !(constant && by.constant && k == by.value):
		if fl.effects[i].width >= u.size {
			return fl.copied(s, i, by)
		}
		return 0
	case step != 0 && step != by.step, step != 0 && (s.of(from) == 0 || s.of(from)&(old|partly) != 0):
		s.change(func(origins) origins { return old })
		return 0
	case step != 0:
		s.change(func(origins) origins { return old })
		return by.by | ahead
	}
	return by.by
}

// assign notes that a statement assigns anew.
func (s *state) assign(by assignment) {
	s.change(func(m origins) origins {
		if by.keeps && m&old == 0 {
			return by.by
		}
		return old
	})
}

// of origins all that is held anew.
func (s *state) change(f func(origins) origins) {
	for r, m := range s.regs {
		if m != 0 {
			s.regs[r] = f(m)
		}
	}
	for n := range s.slots {
		s.slots[n].by = f(s.slots[n].by)
	}
}

// value returns the origins of what an instruction writes.
func (fl *flow) value(u *unit, s *state, i int) origins {
	ef := &fl.effects[i]
	by, assigns := u.lines[fl.lines[i]]
	if ef.copy && ef.width >= u.size {
		if m := fl.copied(s, i, by); m != 0 || assigns && (by.computes || !fl.brings(by, i)) {
			return m
		}
	}
	if k, ok := fl.constant(u, i); ok && !assigns {
		return k
	}
	switch {
	case assigns && !by.whole && fl.isUnfinished(by, i):
		return old // a part of what it computes
	case assigns:
		return by.by
	case fl.code[i].isChoice() && ef.width >= u.size:
		if dst, ok := fl.code[i].Args[0].(x86asm.Reg); ok {
			n, _ := numberOf(dst)
			return either(s.regs[n], s.of(ef.source))
		}
	}
	return 0
}

// isUnfinished reports whether what an instruction computes for a statement may not be
// its value: because control comes to more that computes for it, elsewhere.
func (fl *flow) isUnfinished(by assignment, i int) bool {
	on := func(k int) bool { return by.first <= fl.lines[k] && fl.lines[k] <= by.last }
	computes := func(k int) bool {
		ef := &fl.effects[k]
		return on(k) && !ef.copy && ef.regs&^ef.aside != 0 && !fl.never[k]
	}
	n := fl.block[i]
	left := false // for another line
	for k := i + 1; k < fl.end(n); k++ {
		if left = left || fl.begin[k] && !on(k); left && computes(k) {
			return true
		}
	}
	for m, reached := range fl.forward(n) {
		for k := fl.starts[m]; reached && k < fl.end(m); k++ {
			if computes(k) {
				return true
			}
		}
	}
	return false
}

// forward returns the blocks to which control may come from a block without going
// round in a loop.
func (fl *flow) forward(n int) []bool {
	if fl.ahead[n] == nil {
		fl.ahead[n] = make([]bool, len(fl.starts))
		var visit func(k int)
		visit = func(k int) {
			for _, m := range fl.to[k] {
				if !fl.ahead[n][m] && fl.order[m] > fl.order[k] {
					fl.ahead[n][m] = true
					visit(m)
				}
			}
		}
		visit(n)
	}
	return fl.ahead[n]
}

// sort numbers the blocks so that only the ways back to the heads of loops lead to
// lower numbers.
func (fl *flow) sort() {
	fl.to, fl.order, fl.ahead = make([][]int, len(fl.starts)), make([]int, len(fl.starts)), make([][]bool, len(fl.starts))
	for n, from := range fl.from {
		for _, p := range from {
			fl.to[p] = append(fl.to[p], n)
		}
	}
	next := len(fl.starts)
	seen := make([]bool, len(fl.starts))
	var visit func(n int)
	visit = func(n int) {
		seen[n] = true
		for _, m := range fl.to[n] {
			if !seen[m] {
				visit(m)
			}
		}
		next--
		fl.order[n] = next
	}
	for n := range fl.starts {
		if !seen[n] {
			visit(n)
		}
	}
}

// write notes what an instruction writes.
func (s *state) write(u *unit, ef *effects, value origins) {
	for r := range s.regs {
		switch bit := uint64(1) << r; {
		case ef.regs&bit == 0:
		case ef.aside&bit != 0 || allocatable&bit == 0: // of what a division leaves besides the compiler takes no note
			s.regs[r] = 0
		default:
			s.regs[r] = value
		}
	}
	for _, t := range ef.slots {
		s.slots = slices.DeleteFunc(s.slots, func(h held) bool { return t.meets(slot{h.from, h.from + u.size}) })
		switch {
		case value == 0:
		case u.home != nil && value&(old|partly) == 0 && t.meets(*u.home):
			s.put(u.home.from, value)
		case t.to-t.from >= u.size:
			s.put(t.from, value)
		}
	}
}

func (h *holders) put(from int64, by origins) {
	n, ok := slices.BinarySearchFunc(h.slots, from, func(s held, from int64) int { return int(s.from - from) })
	if !ok {
		h.slots = slices.Insert(h.slots, n, held{from: from})
	}
	h.slots[n].by = by
}

// of returns the origins of what a place holds.
func (h *holders) of(p spotIn) origins {
	if p.reg >= 0 {
		return h.regs[p.reg]
	}
	for _, s := range h.slots {
		if s.from == p.from {
			return s.by
		}
	}
	return 0
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
