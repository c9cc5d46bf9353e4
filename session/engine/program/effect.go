package program

import "golang.org/x/arch/x86/x86asm"

// isWay reports whether an instruction does nothing but lead to another one: a
// jump, or a NOP that fills up.
func (i Insn) isWay() bool {
	_, direct := i.Target()
	return i.Op == x86asm.NOP || i.Op == x86asm.JMP && direct
}

// isJump reports whether an instruction ends a block of code.
func (i Insn) isJump() bool { return i.ends() || i.IsConditional() }

// acts reports whether an instruction does more than to compute: it stores, calls,
// decides or returns.
func (i Insn) acts() bool {
	switch i.Op {
	case x86asm.CALL:
		return true
	case x86asm.CMP, x86asm.TEST, x86asm.BT, x86asm.NOP, x86asm.PUSH,
		x86asm.MUL, x86asm.IMUL, x86asm.DIV, x86asm.IDIV:
		return false
	case 0: // VEX
		return true
	}
	_, stores := i.Args[0].(x86asm.Mem)
	return stores || i.isJump()
}

// isSpill reports whether an instruction puts a register on the stack.
func (i Insn) isSpill() bool {
	to, ok := i.Args[0].(x86asm.Mem)
	_, reg := i.Args[1].(x86asm.Reg)
	return ok && reg && i.Op == x86asm.MOV && to.Base == x86asm.RSP && to.Index == 0
}

// usesFlags reports whether what an instruction does depends on a comparison.
func (i Insn) usesFlags() bool { return i.IsConditional() || i.isSet() }

// isSet reports whether an instruction is SETcc.
func (i Insn) isSet() bool {
	switch i.Op {
	case x86asm.SETA, x86asm.SETAE, x86asm.SETB, x86asm.SETBE, x86asm.SETE, x86asm.SETG, x86asm.SETGE, x86asm.SETL,
		x86asm.SETLE, x86asm.SETNE, x86asm.SETNO, x86asm.SETNP, x86asm.SETNS, x86asm.SETO, x86asm.SETP, x86asm.SETS:
		return true
	}
	return false
}

// isChoice reports whether an instruction moves something if a condition is true.
func (i Insn) isChoice() bool {
	switch i.Op {
	case x86asm.CMOVA, x86asm.CMOVAE, x86asm.CMOVB, x86asm.CMOVBE, x86asm.CMOVE, x86asm.CMOVG, x86asm.CMOVGE, x86asm.CMOVL,
		x86asm.CMOVLE, x86asm.CMOVNE, x86asm.CMOVNO, x86asm.CMOVNP, x86asm.CMOVNS, x86asm.CMOVO, x86asm.CMOVP, x86asm.CMOVS:
		return true
	}
	return false
}

// setsFlags reports whether a comparison, or what computes, leaves flags behind.
func (i Insn) setsFlags() bool {
	switch i.Op {
	case x86asm.CMP, x86asm.TEST, x86asm.BT, x86asm.UCOMISD, x86asm.UCOMISS,
		x86asm.ADD, x86asm.SUB, x86asm.INC, x86asm.DEC, x86asm.AND, x86asm.OR, x86asm.XOR, x86asm.NEG,
		x86asm.SHL, x86asm.SHR, x86asm.SAR, x86asm.IMUL, x86asm.MUL, x86asm.CMPXCHG, x86asm.XADD,
		x86asm.BSF, x86asm.BSR:
		return true
	}
	return false
}
