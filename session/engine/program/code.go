package program

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// An insn is one machine instruction of a function.
type Insn struct {
	Addr   uint64
	Length int
	Op     x86asm.Op
	Args   x86asm.Args
	bytes  int // of memory that it reads or writes
	First  byte
	Code   []byte
	// moves is set when it has the same effect at any address, but for a 32 bit
	// address relative to its end that stands at relative, if not 0.
	Moves    bool
	Relative int
}

// Target returns where a direct jump or call leads.
func (i Insn) Target() (uint64, bool) {
	rel, ok := i.Args[0].(x86asm.Rel)
	return i.Addr + uint64(i.Length) + uint64(int64(rel)), ok
}

const retOpcode = 0xc3

func (i Insn) IsRet() bool { return i.Op == x86asm.RET && i.First == retOpcode }

func (i Insn) IsPushBP() bool { return i.First == 0x55 && i.Length == 1 }

// IsConditional reports whether an instruction is a conditional jump, JCC rel8 or
// rel32.
func (i Insn) IsConditional() bool {
	return i.Length == 2 && i.First&0xf0 == 0x70 || i.Length == 6 && i.First == 0x0f && i.Code[1]&0xf0 == 0x80
}

// Condition returns the low four bits of a conditional jump's opcode.
func (i Insn) Condition() byte {
	if i.Length == 2 {
		return i.First & 0xf
	}
	return i.Code[1] & 0xf
}

// disassemble splits code into instructions. An instruction it does not know is
// an error: a breakpoint in the middle of one would break the program.
func disassemble(code []byte, addr uint64) ([]Insn, error) {
	list := make([]Insn, 0, len(code)/4)
	for off := 0; off < len(code); {
		in := Insn{Addr: addr + uint64(off), First: code[off]}
		if isVex(code[off:]) {
			if in.Length, in.Relative = measureVex(code[off:]); in.Length == 0 {
				return nil, fmt.Errorf("instruction at %#x is cut short", in.Addr)
			}
			in.Moves = true // none of them is a branch
		} else {
			x, err := decode(code[off:])
			if err != nil {
				return nil, fmt.Errorf("unknown instruction at %#x: %x", in.Addr, code[off:min(off+8, len(code))])
			}
			in.Length, in.Op, in.Args, in.bytes = x.Len, x.Op, x.Args, x.MemBytes
			_, direct := in.Target()
			in.Moves = (!isBranch(x.Op) || x.Op == x86asm.JMP && !direct) && (x.PCRel == 0 || x.PCRel == 4)
			if x.PCRel != 0 {
				in.Relative = x.PCRelOff
			}
		}
		in.Code = code[off : off+in.Length]
		list = append(list, in)
		off += in.Length
	}
	return list, nil
}

// decode decodes one instruction. The decoder runs off the end of some that are
// cut short.
func decode(code []byte) (in x86asm.Inst, err error) {
	defer func() {
		if recover() != nil {
			err = x86asm.ErrTruncated
		}
	}()
	return x86asm.Decode(code, 64)
}

// isBranch reports whether an instruction goes elsewhere or asks where it is.
func isBranch(op x86asm.Op) bool {
	switch op {
	case x86asm.CALL, x86asm.JMP, x86asm.RET, x86asm.LCALL, x86asm.LJMP, x86asm.LRET,
		x86asm.LOOP, x86asm.LOOPE, x86asm.LOOPNE, x86asm.SYSCALL, x86asm.SYSENTER,
		x86asm.INT, x86asm.INTO, x86asm.IRET, x86asm.IRETD, x86asm.IRETQ, x86asm.XBEGIN, x86asm.XABORT,
		x86asm.JA, x86asm.JAE, x86asm.JB, x86asm.JBE, x86asm.JCXZ, x86asm.JE, x86asm.JECXZ,
		x86asm.JG, x86asm.JGE, x86asm.JL, x86asm.JLE, x86asm.JNE, x86asm.JNO, x86asm.JNP,
		x86asm.JNS, x86asm.JO, x86asm.JP, x86asm.JRCXZ, x86asm.JS, x86asm.HLT:
		return true
	}
	return false
}

// isVex reports whether an instruction has a VEX prefix. In 64 bit code these
// bytes begin nothing else.
func isVex(code []byte) bool { return code[0] == 0xc4 || code[0] == 0xc5 }

// measureVex returns the length of an instruction with a VEX prefix, which the
// disassembler does not know, or 0 for one that is cut short; and the offset in
// it of an address relative to its end, or 0.
func measureVex(code []byte) (length, relative int) {
	opmap, n := byte(1), 2
	if code[0] == 0xc4 {
		n = 3
		if len(code) > 1 {
			opmap = code[1] & 0x1f
		}
	}
	if n >= len(code) {
		return 0, 0
	}
	op := code[n]
	n++
	if opmap == 1 && op == 0x77 { // VZEROUPPER has no operands
		return n, 0
	}
	if n >= len(code) {
		return 0, 0
	}
	modrm := code[n]
	n++
	mod, rm := modrm>>6, modrm&7
	if mod != 3 && rm == 4 {
		if n >= len(code) {
			return 0, 0
		}
		if mod == 0 && code[n]&7 == 5 {
			n += 4
		}
		n++
	}
	switch {
	case mod == 0 && rm == 5:
		relative = n
		n += 4
	case mod == 2:
		n += 4
	case mod == 1:
		n++
	}
	if opmap == 3 || opmap == 1 && (op >= 0x70 && op <= 0x73 || op == 0xc2 || op >= 0xc4 && op <= 0xc6) {
		n++ // immediate byte
	}
	if n > len(code) {
		return 0, 0
	}
	return n, relative
}

// Places are the instructions of a function at which its calls can be seen.
type Places struct {
	Entry Insn   // runs once a call, with the arguments where the caller put them
	Rets  []Insn // every RET
	Loops bool   // entry may run again: it is the head of a loop
}

// findPlaces looks for the places of a function.
//
// Its entry proper is no good: when the check there finds the stack too small,
// the runtime grows it and starts the function again. The instruction after the
// check runs once. It is PUSHQ BP in every function that has a frame, and the
// arguments are still in the registers in which the caller passed them.
func findPlaces(code []byte, addr uint64) (Places, error) {
	list, err := disassemble(code, addr)
	if err != nil {
		return Places{}, err
	}
	if len(list) == 0 {
		return Places{}, fmt.Errorf("it has no code")
	}
	pl := Places{Entry: list[afterStackCheck(list)]}
	for _, in := range list {
		if in.IsRet() {
			pl.Rets = append(pl.Rets, in)
		}
		if t, ok := in.Target(); ok && t == pl.Entry.Addr && in.Op != x86asm.CALL {
			pl.Loops = true
		}
	}
	return pl, nil
}

// afterStackCheck returns the index of the first instruction behind the check
// for a stack that is too small, or 0 where there is none.
func afterStackCheck(list []Insn) int {
	after := 0
	for i, in := range list[:min(len(list), 12)] {
		switch in.Op {
		case x86asm.CMP, x86asm.LEA, x86asm.MOV, x86asm.SUB:
			if !mentionsStack(in) {
				return after
			}
		case x86asm.JBE, x86asm.JB:
			// Both lead forward to the call of morestack.
			if t, ok := in.Target(); !ok || t <= in.Addr || i+1 == len(list) {
				return after
			}
			after = i + 1
		default:
			return after
		}
	}
	return after
}

// mentionsStack reports whether an instruction of the stack check is one: all
// of them use SP, the g register R14 or the scratch register R12.
func mentionsStack(in Insn) bool {
	for _, a := range in.Args {
		switch a := a.(type) {
		case x86asm.Reg:
			if a == x86asm.RSP || a == x86asm.R12 {
				return true
			}
		case x86asm.Mem:
			if a.Base == x86asm.RSP || a.Base == x86asm.R14 {
				return true
			}
		}
	}
	return false
}

// FindCalls returns the direct calls of one of the targets in a function.
func FindCalls(code []byte, addr uint64, targets map[uint64]bool) ([]Insn, error) {
	list, err := disassemble(code, addr)
	if err != nil {
		return nil, err
	}
	var calls []Insn
	for _, in := range list {
		if t, ok := in.Target(); ok && in.Op == x86asm.CALL && targets[t] {
			calls = append(calls, in)
		}
	}
	return calls, nil
}

// IsRuntime reports whether a function belongs to the runtime's machinery.
func IsRuntime(name string) bool {
	return strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/")
}

// Places returns the places of a function.
func (im *Image) Places(f *engine.Function) (Places, error) {
	code, err := im.Code(f)
	if err != nil {
		return Places{}, err
	}
	return findPlaces(code, f.Entry)
}

func uint64At(b []byte, off int64) uint64 { return binary.LittleEndian.Uint64(b[off:]) }
