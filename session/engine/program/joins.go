package program

import (
	"slices"

	"golang.org/x/arch/x86/x86asm"
)

// dropJoins leaves out the marks of operands, on lines of their own, that may not be
// evaluated where control meets them: where what others have come to is tested, or
// where two comparisons are one, which has the line of the second.
func (b *body) dropJoins(marks []Mark, statement func(line int) int) []Mark {
	return slices.DeleteFunc(marks, func(m Mark) bool {
		i, head := b.index(m.Addr), statement(m.Line)
		return head != m.Line && (b.testsResult(i) || !slices.Contains(b.lines, head) && b.isRange(i))
	})
}

// testsResult reports whether an instruction, to which control comes on several
// ways, tests a truth value that they have made.
func (b *body) testsResult(i int) bool {
	in := b.code[i]
	_, reg := in.Args[0].(x86asm.Reg)
	return in.Op == x86asm.TEST && reg && in.Args[0] == in.Args[1] && len(b.preds[i]) > 1
}

// isRange reports whether a line decides, from instruction i on, by the sign of
// nothing: a number is between two others if, less the first, it is below some
// number without a sign.
func (b *body) isRange(i int) bool {
	for line := b.lines[i]; i < len(b.code) && b.lines[i] == line; i++ {
		switch b.code[i].Op {
		case x86asm.JA, x86asm.JAE, x86asm.JB, x86asm.JBE:
			return true
		}
		if b.code[i].isJump() {
			break
		}
	}
	return false
}
