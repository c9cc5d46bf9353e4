package program

import (
	"slices"

	"golang.org/x/arch/x86/x86asm"
)

// What the compiler makes with optimising is one machine code for several lines,
// in an order of its own: pieces of a line stand between those of others, and what
// is assigned under a condition is computed without it, to be chosen later.

// dropRepeats leaves out the marks that control meets only when it has met another
// mark of the same line since it was there, or since it was on another line: they
// belong to the same run of the line.
func (b *body) dropRepeats(marks []Mark, statement func(line int) int) []Mark {
	count := make(map[int]int)     // of the marks of a line
	at := make([]int, len(b.code)) // the line that has a mark there
	for _, m := range marks {
		count[m.Line]++
		at[b.index(m.Addr)] = m.Line
	}
	seen := make([]int, 2*len(b.code))
	for n, m := range slices.Backward(marks) {
		i := b.index(m.Addr)
		if count[m.Line] > 1 && b.isRepeat(i, at, statement, seen, n+1) {
			count[m.Line]--
			at[i] = 0
			marks = slices.Delete(marks, n, n+1)
		}
	}
	return marks
}

// isRepeat reports whether each way to the mark at instruction i leads over another
// one of its line behind which control has not left the line and come to i. The
// round tells what was seen in it: first of the way on the line, then of that behind
// marks of other lines. Where others lead over other lines of the statement, what
// operands have come to is put together.
func (b *body) isRepeat(i int, at []int, statement func(line int) int, seen []int, round int) bool {
	own := false
	todo := []int{2 * i}
	for len(todo) > 0 {
		k, away := todo[len(todo)-1]/2, todo[len(todo)-1]%2
		todo = todo[:len(todo)-1]
		if k == b.first || len(b.preds[k]) == 0 && b.code[k].Op != x86asm.NOP { // what fills up is not reached
			return false
		}
		for _, p := range b.preds[k] {
			if p < b.first || p == i && away == 1 {
				return false
			}
			next := 2*p + away
			if at[p] != 0 {
				next |= 1
			}
			own = own || p != i && at[p] == at[i]
			if p != i && (at[p] == 0 || statement(at[p]) != statement(at[i])) && seen[next] != round {
				seen[next] = round
				todo = append(todo, next)
			}
		}
	}
	return own
}

// findRounds tells of marks whether control may come to them again and again
// without leaving their line, as in the loop of a call that was inlined.
func (b *body) findRounds(marks []Mark) {
	for n := range marks {
		i := b.index(marks[n].Addr)
		seen := map[int]bool{}
		for todo := []int{i}; len(todo) > 0 && !marks[n].Rounds; {
			k := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, p := range b.preds[k] {
				marks[n].Rounds = marks[n].Rounds || p == i
				if b.lines[p] == b.lines[i] && !seen[p] {
					seen[p] = true
					todo = append(todo, p)
				}
			}
		}
	}
}

// skipGuesses takes away the begins of lines that only compute what a conditional
// move may choose: they are run under that condition, and computed in any case.
func (b *body) skipGuesses() {
	for i, in := range b.code {
		if !in.isChoice() {
			continue
		}
		for _, arg := range in.Args[:2] {
			reg, ok := arg.(x86asm.Reg)
			if !ok {
				continue
			}
			if n, _ := numberOf(reg); n >= 0 {
				b.skipGuess(i, n)
			}
		}
	}
}

// skipGuess does so for the line that has computed what is in a register.
func (b *body) skipGuess(i, reg int) {
	line := 0
	for k := i; k > b.first && b.follows(k) && !b.code[k-1].isJump(); k-- {
		in := b.code[k-1]
		if line == 0 && in.writes(reg) {
			if in.isShuffle() {
				return // it was computed elsewhere
			}
			line = b.lines[k-1]
		}
		if b.lines[k-1] != line {
			continue
		}
		if line == 0 || in.acts() && !in.isSpill() {
			return
		}
		b.begin[k-1] = false
	}
}

// writes reports whether an instruction names a register as the one that it writes.
func (i Insn) writes(reg int) bool {
	to, ok := i.Args[0].(x86asm.Reg)
	if !ok || !writesFirst(i.Op) {
		return false
	}
	n, _ := numberOf(to)
	return n == reg
}
