package program

import (
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// Callees returns the functions that f calls, defers or starts by name, and those
// of the closures that it makes. The runtime's machinery and assembly are left
// out. What is not in the code, as where a function value points, is read from
// the program's memory.
func (im *Image) Callees(f *engine.Function, read func(addr uint64) (uint64, error)) []*engine.Function {
	var found []*engine.Function
	add := func(addr uint64) (known bool) {
		callee := im.byEntry[addr]
		if callee != nil {
			callee = im.Meant(callee)
		}
		if callee != nil && IsFollowed(callee) && !slices.Contains(found, callee) {
			found = append(found, callee)
		}
		return callee != nil
	}
	for body := range im.Bodies(f) {
		list, _ := im.Instructions(body) // of what cannot be read nothing is followed
		for _, in := range list {
			if t, ok := in.Target(); ok && (in.Op == x86asm.CALL || in.Op == x86asm.JMP) && (t < body.Entry || t >= body.End) {
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
func (i Insn) address() (uint64, bool) {
	mem, ok := i.Args[1].(x86asm.Mem)
	if !ok || i.Op != x86asm.LEA || i.Relative == 0 {
		return 0, false
	}
	return i.Addr + uint64(i.Length) + uint64(mem.Disp), true
}

// IsFollowed reports whether calls of a function are of interest, or those that
// it makes.
func IsFollowed(f *engine.Function) bool {
	return f.Barred == "" && (IsThrough(f) || !IsMachinery(f))
}

// IsThrough reports whether the calls that a function makes count as its caller's.
func IsThrough(f *engine.Function) bool { return f.Wrapper || f.Package == "sync" }

// IsStandard reports whether a function belongs to the standard library: the first
// part of its import path is no name of a host, nor is it of the main module.
func (im *Image) IsStandard(f *engine.Function) bool {
	first, _, _ := strings.Cut(f.Package, "/")
	if f.Package == "main" || f.Package == "" || strings.Contains(first, ".") || im.info == nil {
		return false
	}
	below := func(path string) bool { return f.Package == path || strings.HasPrefix(f.Package, path+"/") }
	return !below(im.info.Main.Path) && !below("command-line-arguments") &&
		!slices.ContainsFunc(im.info.Deps, func(m *debug.Module) bool { return below(m.Path) })
}

// IsMachinery reports whether calls of a function are the compiler's business, or
// a detail of the runtime, rather than the source's.
func IsMachinery(f *engine.Function) bool {
	return IsRuntime(f.Name) || strings.HasSuffix(f.File, ".s") || slices.Contains(machinery, f.Package)
}

// machinery are packages that the runtime is made of, besides its own, or that
// are as low as it is.
var machinery = []string{
	"internal/abi", "internal/bytealg", "internal/chacha8rand", "internal/cpu", "internal/goarch", "internal/race",
	"internal/reflectlite", "internal/stringslite", "internal/sync", "internal/synctest", "sync", "sync/atomic",
}

// Instructions returns those of a function.
func (im *Image) Instructions(f *engine.Function) ([]Insn, error) {
	code, err := im.Code(f)
	if err != nil {
		return nil, err
	}
	return disassemble(code, f.Entry)
}

// AsJump returns the code of the jump that leads to where an indirect call does,
// or nil where it cannot be made elsewhere: what it reads must not depend on
// where it stands nor on the stack pointer.
func (i Insn) AsJump() []byte {
	code := slices.Clone(i.Code)
	op := 0
	if code[0]&0xf0 == 0x40 { // REX
		op = 1
	}
	if len(code) < op+2 || code[op] != 0xff || code[op+1]>>3&7 != 2 {
		return nil
	}
	if m, ok := i.Args[0].(x86asm.Mem); ok && (m.Base == x86asm.RSP || m.Base == x86asm.RIP) {
		return nil
	}
	if i.Args[0] == x86asm.RSP {
		return nil
	}
	code[op+1] = code[op+1]&^(7<<3) | 4<<3
	return code
}
