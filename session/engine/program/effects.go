package program

import (
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// effects are what an instruction does to registers and to the frame.
type effects struct {
	regs  uint64 // that it writes, by their numbers here
	aside uint64 // those of them that it does not name
	slots []slot // that it writes
	taken slot   // whose address it takes
	call  bool
	// copy is set when it does nothing but bring what is at source to where it
	// writes, of which width bytes stay the same.
	copy   bool
	width  int64
	source spotIn
}

// Numbers of registers here: the general ones as the machine counts them, and the
// floating point ones after them.
const (
	regAX = iota
	regCX
	regDX
	regBX
	regSP
	regBP
	regSI
	regDI
	firstFloat = 16
)

// allocatable are the registers that hold variables.
const allocatable = uint64(1)<<32 - 1&^(1<<regSP)

// numberOf returns the number of a register here and its width, or -1.
func numberOf(r x86asm.Reg) (n int, width int64) {
	switch {
	case r >= x86asm.RAX && r <= x86asm.R15:
		return int(r - x86asm.RAX), 8
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return int(r - x86asm.EAX), 4
	case r >= x86asm.AX && r <= x86asm.R15W:
		return int(r - x86asm.AX), 2
	case r >= x86asm.AL && r <= x86asm.BL:
		return int(r - x86asm.AL), 1
	case r >= x86asm.AH && r <= x86asm.BH:
		return int(r - x86asm.AH), 0
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return int(r-x86asm.SPB) + regSP, 1
	case r >= x86asm.X0 && r <= x86asm.X15:
		return int(r-x86asm.X0) + firstFloat, 16
	}
	return -1, 0
}

// dwarfOrder are the numbers here of the general registers in the order of DWARF.
var dwarfOrder = [...]int{regAX, regDX, regCX, regBX, regSI, regDI, regBP, regSP}

// numberOfDwarf returns the number here of a register in DWARF.
func numberOfDwarf(n uint64) int {
	switch {
	case n < uint64(len(dwarfOrder)):
		return dwarfOrder[n]
	case n < pcRegister:
		return int(n)
	case n >= firstVector && n < firstVector+vectors:
		return int(n-firstVector) + firstFloat
	}
	return -1
}

// effectsOf finds out what the instruction with an index does.
func (fl *flow) effectsOf(i int) (ef effects) {
	in := fl.code[i]
	ef.source.reg = -1
	if in.Op == 0 { // nothing is known of it
		ef.regs = ^uint64(0)
		return ef
	}
	if in.Op == x86asm.CALL {
		ef.regs, ef.call = fl.clobbers(in)
		return ef
	}
	ef.aside = implicit(in)
	ef.regs = ef.aside
	if m, ok := in.Args[1].(x86asm.Mem); ok && in.Op == x86asm.LEA && m.Index == 0 {
		if from, ok := fl.inFrame(m); ok {
			ef.taken = slot{from, from + 1}
		}
	}
	if !writesFirst(in.Op) {
		return ef
	}
	switch dst := in.Args[0].(type) {
	case x86asm.Reg:
		if n, _ := numberOf(dst); n >= 0 {
			ef.regs |= 1 << n
		}
	case x86asm.Mem:
		if s, ok := fl.stores(i); ok {
			ef.slots = append(ef.slots, s)
		}
	}
	fl.copies(&ef, i)
	return ef
}

// copies finds out whether an instruction copies.
func (fl *flow) copies(ef *effects, i int) {
	in := fl.code[i]
	switch in.Op {
	case x86asm.MOV, x86asm.MOVZX, x86asm.MOVSX, x86asm.MOVSXD, x86asm.MOVSD_XMM, x86asm.MOVSS, x86asm.MOVUPS, x86asm.MOVQ, x86asm.MOVD:
	default:
		if !in.isChoice() {
			return
		}
	}
	width := int64(16)
	if dst, ok := in.Args[0].(x86asm.Reg); ok {
		_, width = numberOf(dst)
	}
	switch src := in.Args[1].(type) {
	case x86asm.Reg:
		n, w := numberOf(src)
		if n < 0 || w == 0 {
			return
		}
		ef.source, width = spotIn{reg: n}, min(width, w)
	case x86asm.Mem:
		from, ok := fl.inFrame(src)
		if !ok || src.Index != 0 {
			return
		}
		ef.source = spotIn{reg: -1, from: from}
	default:
		return
	}
	if in.bytes > 0 {
		width = min(width, int64(in.bytes))
	}
	ef.copy, ef.width = width > 0 && !in.isChoice(), width
}

// inFrame returns where in the frame an operand is.
func (b *body) inFrame(m x86asm.Mem) (from int64, ok bool) {
	switch {
	case m.Base == x86asm.RSP:
		return m.Disp - b.size, true
	case m.Base == x86asm.RBP && b.frame:
		return m.Disp - 2*wordSize, true
	}
	return 0, false
}

// clobbers returns the registers that do not survive a call. Some functions of the
// runtime keep nearly all.
func (fl *flow) clobbers(in Insn) (regs uint64, call bool) {
	switch name := fl.im.callee(in); {
	case strings.HasPrefix(name, "runtime.gcWriteBarrier"):
		return 1 << 11, false
	case name == "runtime.duffzero":
		return 1 << regDI, false
	case name == "runtime.duffcopy":
		return 1<<regDI | 1<<regSI | 1<<firstFloat, false
	}
	return allocatable &^ (1 << regBP), true
}

// implicit returns the registers that an instruction writes without naming them.
func implicit(in Insn) uint64 {
	switch in.Op {
	case x86asm.MUL, x86asm.DIV, x86asm.IDIV, x86asm.RDTSC:
		return 1<<regAX | 1<<regDX
	case x86asm.IMUL:
		if in.Args[1] == nil {
			return 1<<regAX | 1<<regDX
		}
	case x86asm.CQO, x86asm.CDQ, x86asm.CWD:
		return 1 << regDX
	case x86asm.CDQE, x86asm.CWDE, x86asm.CBW, x86asm.CMPXCHG, x86asm.CMPXCHG16B:
		return 1<<regAX | 1<<regDX
	case x86asm.CPUID:
		return 1<<regAX | 1<<regBX | 1<<regCX | 1<<regDX
	case x86asm.XCHG, x86asm.XADD:
		if r, ok := in.Args[1].(x86asm.Reg); ok {
			if n, _ := numberOf(r); n >= 0 {
				return 1 << n
			}
		}
	case x86asm.MOVSB, x86asm.MOVSD, x86asm.MOVSQ, x86asm.MOVSW, x86asm.STOSB, x86asm.STOSD, x86asm.STOSQ, x86asm.STOSW:
		return 1<<regDI | 1<<regSI | 1<<regCX
	}
	return 0
}

// writesFirst reports whether an instruction writes its first operand.
func writesFirst(op x86asm.Op) bool {
	switch op {
	case x86asm.CMP, x86asm.TEST, x86asm.BT, x86asm.NOP, x86asm.PUSH, x86asm.MUL, x86asm.DIV, x86asm.IDIV,
		x86asm.UCOMISS, x86asm.UCOMISD, x86asm.COMISS, x86asm.COMISD,
		x86asm.PREFETCHNTA, x86asm.PREFETCHT0, x86asm.PREFETCHT1, x86asm.PREFETCHT2:
		return false
	}
	return !isBranch(op)
}
