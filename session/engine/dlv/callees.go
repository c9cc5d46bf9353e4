package dlv

import (
	"debug/elf"
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// Callees returns the functions that f calls, defers or starts by name, and those
// that closures made in it run. Wrappers that the compiler has put between are
// seen through, and the runtime's machinery and assembly are left out.
func (im *Image) Callees(f *engine.Function) []*engine.Function {
	w := calleeWalk{im: im, seen: map[*engine.Function]bool{}}
	w.inside(f)
	return w.found
}

// throughWrappers returns the functions that a call of one runs: itself, or those
// that a wrapper calls.
func (im *Image) throughWrappers(f *engine.Function) []*engine.Function {
	w := calleeWalk{im: im, seen: map[*engine.Function]bool{}}
	w.add(f)
	return w.found
}

type calleeWalk struct {
	im    *Image
	seen  map[*engine.Function]bool
	found []*engine.Function
}

// inside adds what the code of f leads to.
func (w *calleeWalk) inside(f *engine.Function) {
	list, err := w.im.instructions(f)
	if err != nil {
		return
	}
	for _, in := range list {
		if t, ok := in.target(); ok && (in.op == x86asm.CALL || in.op == x86asm.JMP) && (t < f.Entry || t >= f.End) {
			w.at(t)
		}
		if in.op == x86asm.LEA && in.relative != 0 {
			w.at(w.im.functionValue(in))
		}
	}
}

// at adds the function that begins at an address, if one does.
func (w *calleeWalk) at(addr uint64) {
	if f := w.im.byEntry[addr]; f != nil {
		w.add(f)
	}
}

func (w *calleeWalk) add(f *engine.Function) {
	if w.seen[f] {
		return
	}
	w.seen[f] = true
	switch {
	case f.Wrapper:
		w.inside(f)
	case isMachinery(f):
	default:
		w.found = append(w.found, f)
	}
}

// isMachinery reports whether calls of a function are the compiler's business
// rather than the source's.
func isMachinery(f *engine.Function) bool {
	return isRuntime(f.Name) || strings.HasSuffix(f.File, ".s") || slices.Contains(machinery, f.Package)
}

// machinery are packages that the runtime is made of, besides its own.
var machinery = []string{"internal/abi", "internal/bytealg", "internal/chacha8rand", "internal/cpu", "internal/goarch", "internal/race", "internal/reflectlite", "internal/stringslite", "internal/sync", "sync", "sync/atomic"}

// instructions returns those of a function.
func (im *Image) instructions(f *engine.Function) ([]insn, error) {
	code, err := im.code(f)
	if err != nil {
		return nil, err
	}
	return disassemble(code, f.Entry)
}

// functionValue returns the entry of the function whose value an instruction
// takes the address of, or 0: a function value points at its entry.
func (im *Image) functionValue(in insn) uint64 {
	mem, ok := in.args[1].(x86asm.Mem)
	if !ok {
		return 0
	}
	var word [wordSize]byte
	at := in.addr + uint64(in.length) + uint64(mem.Disp) - im.base
	for _, p := range im.file.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X == 0 && p.Vaddr <= at && at+wordSize <= p.Vaddr+p.Filesz {
			if _, err := p.ReadAt(word[:], int64(at-p.Vaddr)); err == nil {
				return uint64At(word[:], 0) + im.base
			}
		}
	}
	return 0
}

// asJump returns the code of the jump that leads to where an indirect call does,
// or nil where it cannot be made elsewhere: what it reads must not depend on
// where it stands nor on the stack pointer.
func (i insn) asJump() []byte {
	code := slices.Clone(i.code)
	op := 0
	if code[0]&0xf0 == 0x40 { // REX
		op = 1
	}
	if len(code) < op+2 || code[op] != 0xff || code[op+1]>>3&7 != 2 {
		return nil
	}
	if m, ok := i.args[0].(x86asm.Mem); ok && (m.Base == x86asm.RSP || m.Base == x86asm.RIP) {
		return nil
	}
	if i.args[0] == x86asm.RSP {
		return nil
	}
	code[op+1] = code[op+1]&^(7<<3) | 4<<3
	return code
}
