package dlv

import (
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// callees returns the functions that f calls, defers or starts by name, and those
// of the closures that it makes. The runtime's machinery and assembly are left
// out. What is not in the code, as where a function value points, is read from
// the program's memory.
func (im *Image) callees(f *engine.Function, read func(addr uint64) (uint64, error)) []*engine.Function {
	var found []*engine.Function
	add := func(addr uint64) (known bool) {
		callee := im.byEntry[addr]
		if callee != nil {
			callee = im.meant(callee)
		}
		if callee != nil && isFollowed(callee) && !slices.Contains(found, callee) {
			found = append(found, callee)
		}
		return callee != nil
	}
	for body := range im.bodies(f) {
		list, _ := im.instructions(body) // of what cannot be read nothing is followed
		for _, in := range list {
			if t, ok := in.target(); ok && (in.op == x86asm.CALL || in.op == x86asm.JMP) && (t < body.Entry || t >= body.End) {
				add(t)
			}
			// A closure holds the address of its function. Where it captures nothing
			// it is made by the linker.
			if at, ok := in.address(); ok && !add(at) {
				if entry, err := read(at); err == nil {
					add(entry)
				}
			}
		}
	}
	return found
}

// address returns what a LEA of an address relative to the instruction loads.
func (i insn) address() (uint64, bool) {
	mem, ok := i.args[1].(x86asm.Mem)
	if !ok || i.op != x86asm.LEA || i.relative == 0 {
		return 0, false
	}
	return i.addr + uint64(i.length) + uint64(mem.Disp), true
}

// isFollowed reports whether calls of a function are of interest, or those that
// it makes.
func isFollowed(f *engine.Function) bool {
	return f.Barred == "" && (isThrough(f) || !isMachinery(f))
}

// isThrough reports whether the calls that a function makes count as its caller's.
func isThrough(f *engine.Function) bool { return f.Wrapper || f.Package == "sync" }

// isStandard reports whether a function belongs to the standard library: the first
// part of its import path is no name of a host, nor is it of the main module.
func (im *Image) isStandard(f *engine.Function) bool {
	first, _, _ := strings.Cut(f.Package, "/")
	if f.Package == "main" || f.Package == "" || strings.Contains(first, ".") || im.info == nil {
		return false
	}
	below := func(path string) bool { return f.Package == path || strings.HasPrefix(f.Package, path+"/") }
	return !below(im.info.Main.Path) && !below("command-line-arguments") &&
		!slices.ContainsFunc(im.info.Deps, func(m *debug.Module) bool { return below(m.Path) })
}

// isMachinery reports whether calls of a function are the compiler's business, or
// a detail of the runtime, rather than the source's.
func isMachinery(f *engine.Function) bool {
	return isRuntime(f.Name) || strings.HasSuffix(f.File, ".s") || slices.Contains(machinery, f.Package)
}

// machinery are packages that the runtime is made of, besides its own, or that
// are as low as it is.
var machinery = []string{
	"internal/abi", "internal/bytealg", "internal/chacha8rand", "internal/cpu", "internal/goarch", "internal/race",
	"internal/reflectlite", "internal/stringslite", "internal/sync", "internal/synctest", "sync", "sync/atomic",
}

// instructions returns those of a function.
func (im *Image) instructions(f *engine.Function) ([]insn, error) {
	code, err := im.code(f)
	if err != nil {
		return nil, err
	}
	return disassemble(code, f.Entry)
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
