package program

import "golang.org/x/arch/x86/x86asm"

// skipShuffles takes away the begins of statements from which control leaves their
// line without doing anything there. Between blocks, optimised code moves values to
// where the next one wants them, on the lines where these values come from; the
// compiler calls that the begin of a statement, too, and so it does with jumps. A
// line that has nothing but jumps is a break, or the like. What does nothing and
// takes one byte, where a line begins, stands for a call that was inlined; elsewhere it
// fills up. Of a line that does more, what
// only makes a constant is made wherever the compiler needs it again.
func (b *body) skipShuffles() {
	does := make([]bool, len(b.code))
	more := make(map[int]bool)
	for i, in := range b.code {
		if !in.isWay() && !in.isShuffle() && !in.isConstant() && !b.isAsked(i) {
			more[b.lines[i]] = true
		}
	}
	var todo []int
	for i, in := range b.code {
		if does[i] = !b.solid[b.lines[i]] || in.Length == 1 && (in.Op != x86asm.NOP || b.begin[i]) || !in.isWay() && !in.isShuffle() && !b.isAsked(i) && !(in.isConstant() && more[b.lines[i]]); does[i] {
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range b.preds[i] {
			if !does[p] && b.lines[p] == b.lines[i] {
				does[p] = true
				todo = append(todo, p)
			}
		}
	}
	for i := range does {
		b.begin[i] = b.begin[i] && does[i]
	}
}

// isAsked reports whether an instruction tests a truth value, which has just come back
// from the stack, for a jump of another line.
func (b *body) isAsked(i int) bool {
	in := b.code[i]
	return in.Op == x86asm.TEST && in.Args[0] == in.Args[1] && i > 0 && b.code[i-1].isShuffle() && b.lines[i-1] == b.lines[i] &&
		i+1 < len(b.code) && b.code[i+1].IsConditional() && b.lines[i+1] != b.lines[i]
}

// isShuffle reports whether an instruction moves a value between registers, or
// from or to the stack.
func (i Insn) isShuffle() bool {
	switch i.Op {
	case x86asm.MOV, x86asm.MOVUPS, x86asm.MOVSD_XMM, x86asm.MOVSS:
	case x86asm.MOVZX, x86asm.MOVSX, x86asm.MOVSXD: // a small one comes back from the stack
		if _, ok := i.Args[1].(x86asm.Mem); !ok {
			return false
		}
	default:
		return false
	}
	for _, a := range i.Args[:2] {
		switch a := a.(type) {
		case x86asm.Reg:
		case x86asm.Mem:
			if a.Base != x86asm.RSP || a.Index != 0 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// isConstant reports whether an instruction makes a constant in a register: a
// number, or an address in the frame or of data.
func (i Insn) isConstant() bool {
	to, reg := i.Args[0].(x86asm.Reg)
	switch i.Op {
	case x86asm.MOV:
		_, number := i.Args[1].(x86asm.Imm)
		return reg && number
	case x86asm.XOR:
		return reg && i.Args[1] == to
	case x86asm.LEA:
		m, ok := i.Args[1].(x86asm.Mem)
		return ok && m.Index == 0 && (m.Base == x86asm.RSP || m.Base == x86asm.RIP)
	}
	return false
}
