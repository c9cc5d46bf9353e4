package program

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// A mark is an instruction at which control arrives at a line.
type Mark struct {
	Insn
	Line int
	Late []slot // where statements before the line store something behind the mark
	// fresh is set where control comes from other statements only, so that the line
	// is arrived at each time.
	Fresh bool
	// rounds is set where it may be met again by a loop that does not leave the line.
	Rounds bool
}

// A body is the code of a function as lines see it.
type body struct {
	code  []Insn
	lines []int  // of the instructions of code; 0: of none of the function's own
	begin []bool // the compiler calls it the begin of a statement
	preds [][]int
	never []bool       // the instruction is a call that does not return
	solid map[int]bool // lines that have more than jumps
	idle  map[int]bool // those of them that do nothing
	first int          // the first instruction after the prologue
	frame bool         // the prologue has set up a frame pointer
	size  int64        // of the frame, from the stack pointer to its canonical address
	// Places of variables, of code that was not optimised.
	variables []slot
}

// errNoLines is the error of a function whose lines cannot be observed.
var errNoLines = errors.New("its lines are not known")

// Marks returns where control arrives at the lines of f, ordered by address. Lines
// for which statement is the same are of one statement. leads tells from which lines
// control may come to one that is only a jump.
//
// Optimising, the compiler marks begins of statements, more than one for many a statement:
// the head of a loop has one where the loop is entered and one where it goes
// round, and optimised code is cut in pieces. Of those of a line only the ones
// to which control can come from another line count, so that an arrival costs
// one stop. That leaves few that are met one after the other, for which the
// engine looks when they are hit.
//
// The line of the function's head belongs to its prologue. A function that has no
// other is on it once, from the first instruction after the prologue: the compiler
// marks none that is on the same line.
func (im *Image) Marks(f *engine.Function, statement func(line int) int, leads func(from, to int) bool) ([]Mark, bool, error) {
	b, err := im.body(f)
	if err != nil {
		return nil, false, err
	}
	if !f.Optimized {
		b.variables = im.slots(f, isAny)
	}
	wanted := func(line int) bool { return line != f.Line }
	var marks []Mark
	if isPlain(f) {
		marks = b.arrivals(wanted, statement, leads)
	} else {
		marks = b.dropJoins(b.dropRepeats(b.marks(wanted), statement), statement)
		b.findRounds(marks)
	}
	if len(marks) == 0 && b.first < len(b.code) && b.lines[b.first] != 0 {
		i := b.first
		if !f.Optimized {
			i = b.behindStores(i, im.slots(f, isCaptured))
		}
		marks = []Mark{{Insn: b.code[i], Line: b.lines[b.first], Fresh: true}}
	}
	if len(marks) == 0 {
		return nil, false, errNoLines
	}
	if !f.Optimized {
		b.settle(marks)
	}
	return marks, b.frame, nil
}

// Lines returns the lines of a function that can be observed.
func (im *Image) Lines(f *engine.Function) ([]int, error) {
	if f.Entry == 0 {
		return nil, errNoLines
	}
	// Which lines are of one statement, its source tells: here all may be, and none.
	every := func(int, int) bool { return true }
	marks, _, err := im.Marks(f, func(int) int { return 0 }, every)
	if err != nil {
		return nil, err
	}
	apart, _, err := im.Marks(f, func(line int) int { return line }, every)
	if err != nil {
		return nil, err
	}
	marks = append(marks, apart...)
	lines := make([]int, len(marks))
	for i, m := range marks {
		lines[i] = m.Line
	}
	slices.Sort(lines)
	return slices.Compact(lines), nil
}

func (im *Image) body(f *engine.Function) (*body, error) {
	list, err := im.Instructions(f)
	if err != nil {
		return nil, err
	}
	b := &body{code: list}
	b.first, b.frame = AfterPrologue(list)
	b.size = frameSize(list, b.first)
	if err := b.attribute(im, f); err != nil {
		return nil, err
	}
	b.never = make([]bool, len(list))
	for i, in := range list {
		b.never[i] = neverReturns(im.callee(in))
	}
	b.connect()
	b.skipMoves(im)
	b.findSolid()
	if isPlain(f) {
		b.endReturns(im)
	} else {
		b.skipEpilogues(im)
	}
	if f.Optimized {
		b.skipShuffles()
		b.skipGuesses()
	}
	return b, nil
}

// isPlain reports whether a function was compiled from Go without optimising. Of
// assembly, each instruction is a line.
func isPlain(f *engine.Function) bool { return !f.Optimized && strings.HasSuffix(f.File, ".go") }

// skipMoves gives what moves a slice from the stack to the heap, before it is
// returned, to the line that does it. Some of it the compiler has on the line of
// the append that may have put it there.
func (b *body) skipMoves(im *Image) {
	for i, in := range b.code {
		if !strings.HasPrefix(im.callee(in), "runtime.moveSlice") {
			continue
		}
		for k := i - 1; k >= b.first && b.follows(k+1); k-- {
			b.lines[k], b.begin[k] = b.lines[i], false
		}
	}
}

// follows reports whether control comes to an instruction from the one before it
// and from nowhere else.
func (b *body) follows(i int) bool { return len(b.preds[i]) == 1 && b.preds[i][0] == i-1 }

// callee returns the name of the function that an instruction calls, or nothing.
func (im *Image) callee(in Insn) string {
	if t, ok := in.Target(); ok && in.Op == x86asm.CALL {
		if f := im.FunctionAt(t); f != nil {
			return f.Symbol
		}
	}
	return ""
}

// skipEpilogues takes away the begins of statements between the call that runs
// deferred calls and the RET: results are loaded there, on lines that have
// nothing to do with it.
func (b *body) skipEpilogues(im *Image) {
	after := false
	for i, in := range b.code {
		if after {
			b.begin[i] = false
		}
		if in.Op == x86asm.CALL {
			after = im.callee(in) == "runtime.deferreturn"
		} else if in.ends() {
			after = false
		}
	}
}

// endReturns gives the call that runs deferred calls, in code that was not
// optimised, to the return statement of which it is part: only the results that are
// loaded behind it are on the line of that. Where a panic was recovered, control
// comes to such a call from nowhere, and what is behind it is on any line.
func (b *body) endReturns(im *Image) {
	for i, in := range b.code {
		if im.callee(in) != "runtime.deferreturn" || i+1 == len(b.code) {
			continue
		}
		k := i // where the call begins
		for k > b.first && b.lines[k-1] == b.lines[i] && b.follows(k) {
			k--
		}
		line := b.lines[i+1]
		if !b.isReached(k) {
			line = 0
		}
		for ; k < len(b.code); k++ {
			b.lines[k] = line
			if k > i && b.code[k].ends() {
				break
			}
		}
	}
}

// isReached reports whether control comes to an instruction from others than jumps
// that nothing leads to.
func (b *body) isReached(i int) bool {
	for n := 0; n < 10 && len(b.preds[i]) == 1 && b.code[b.preds[i][0]].isWay(); n++ {
		i = b.preds[i][0]
	}
	return len(b.preds[i]) > 0
}

// attribute says which line each instruction belongs to. Those of a call that
// was inlined belong to the line on which the function itself makes it.
func (b *body) attribute(im *Image, f *engine.Function) error {
	rows, err := im.symbols.functionRows(f)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errNoLines
	}
	b.lines, b.begin = make([]int, len(b.code)), make([]bool, len(b.code))
	i, line := 0, 0
	for k := range b.code {
		addr := b.code[k].Addr
		moved := k == 0
		for i+1 < len(rows) && rows[i+1].addr <= addr {
			i, moved = i+1, true
		}
		if moved {
			if own := im.ownLine(f, rows[i], addr); own != 0 || rows[i].line != 0 {
				line = own // what has no line goes on with the one before it
			}
			b.begin[k] = rows[i].stmt && rows[i].addr == addr
		}
		b.lines[k] = line
	}
	return nil
}

// ownLine returns the line of f's own source that the instructions of a row
// belong to, or 0.
func (im *Image) ownLine(f *engine.Function, r row, addr uint64) int {
	file, line := r.file, r.line
	if calls := im.symbols.inlined(f, addr); len(calls) > 0 {
		file, line = im.symbols.callSite(f, calls[len(calls)-1])
	}
	if file != f.File {
		return 0
	}
	return line
}

// connect finds the instructions from which control comes to each.
func (b *body) connect() {
	index := make(map[uint64]int, len(b.code))
	for i := range b.code {
		index[b.code[i].Addr] = i
	}
	b.preds = make([][]int, len(b.code))
	for i, in := range b.code {
		if i+1 < len(b.code) && !in.ends() && !b.never[i] {
			b.preds[i+1] = append(b.preds[i+1], i)
		}
		if t, ok := in.Target(); ok && in.Op != x86asm.CALL {
			if j, ok := index[t]; ok {
				b.preds[j] = append(b.preds[j], i)
			}
		}
	}
}

// neverReturns reports whether a function is one of those of the runtime behind
// whose calls the compiler goes on with something else.
func neverReturns(name string) bool {
	name, ok := strings.CutPrefix(name, "runtime.")
	return ok && (strings.HasPrefix(name, "panic") || strings.HasPrefix(name, "goPanic") ||
		slices.Contains([]string{"gopanic", "block", "throw", "fatal"}, name))
}

// ends reports whether control never goes on behind an instruction.
func (i Insn) ends() bool {
	switch i.Op {
	case x86asm.JMP, x86asm.RET, x86asm.UD2, x86asm.INT:
		return true
	}
	return false
}

// marks returns where control arrives at a line that is wanted. Where the compiler
// has mixed the instructions of lines, on a way without forks, the first of a line
// counts.
func (b *body) marks(wanted func(line int) bool) []Mark {
	isMark := func(i int) bool { return b.begin[i] && i >= b.first && b.lines[i] != 0 && wanted(b.lines[i]) }
	var marks []Mark
	var met []int // lines, on the way to the instruction
	for i := range b.code {
		if !b.follows(i) {
			met = met[:0]
		}
		if isMark(i) && !slices.Contains(met, b.lines[i]) && b.arrives(i, isMark) {
			met = append(met, b.lines[i])
			for _, at := range b.sources(i, isMark) {
				marks = append(marks, Mark{Insn: b.code[at], Line: b.lines[i]})
			}
		}
	}
	slices.SortFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Addr, b.Addr) })
	return marks
}

// sources returns where to see control arrive at a line through instruction i:
// there, as a rule. An optimised loop is entered by a jump to the test behind its
// step, which both belong to the head: then the jump is the place, so that a
// round, which has met a mark at the step, costs no second stop at the test.
func (b *body) sources(i int, isMark func(int) bool) []int {
	var jumps []int
	for _, p := range b.preds[i] {
		switch {
		case p == i-1 && b.lines[p] == b.lines[i] && (isMark(p) || !b.arrives(p, isMark)):
		case b.code[p].Op == x86asm.JMP && b.lines[p] != b.lines[i] && p >= b.first && !isMark(p):
			jumps = append(jumps, p)
		default:
			return []int{i}
		}
	}
	if len(jumps) == len(b.preds[i]) || len(jumps) == 0 {
		return []int{i}
	}
	return jumps
}

// arrives reports whether control can come to instruction i from another line
// without meeting a mark of the same line before.
func (b *body) arrives(i int, isMark func(int) bool) bool {
	seen := map[int]bool{i: true}
	todo := []int{i}
	for len(todo) > 0 {
		k := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if len(b.preds[k]) == 0 { // entered from elsewhere: a jump through a table, or recovery
			return true
		}
		for _, p := range b.preds[k] {
			if b.lines[p] != b.lines[i] || p < b.first {
				return true
			}
			if !seen[p] && !isMark(p) {
				seen[p] = true
				todo = append(todo, p)
			}
		}
	}
	return false
}

// AfterPrologue returns the index of the first instruction that is not part of
// setting up the frame, and whether there is a frame pointer then.
func AfterPrologue(list []Insn) (first int, frame bool) {
	i := afterStackCheck(list)
	if i >= len(list) || !list[i].IsPushBP() {
		return i, false
	}
	i++
	if i < len(list) && list[i].Op == x86asm.MOV && list[i].Args[0] == x86asm.RBP && list[i].Args[1] == x86asm.RSP {
		i++
	}
	if i < len(list) && (list[i].Op == x86asm.SUB || list[i].Op == x86asm.ADD || list[i].Op == x86asm.LEA) && list[i].Args[0] == x86asm.RSP {
		i++
	}
	return i, true
}
