package program

import (
	"debug/elf"
	"fmt"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// Layout holds the places of the few fields of the runtime's own structures
// that are needed to tell goroutines and their stacks apart.
type Layout struct {
	StackLo, StackHi, Goid, M int64 // in runtime.g
	SchedSP, SchedPC, SchedBP int64 // in runtime.g, from its gobuf
	Sched                     int64 // the gobuf itself
	Curg                      int64 // in runtime.m
	Goidgen                   int64 // in runtime.schedt
	ParentGoid, Gopc          int64 // in runtime.g
	Labels                    int64 // in runtime.g
	DeferFn                   int64 // in runtime._defer
	Panics                    int64 // in runtime.g: the innermost panic
	PanicFP                   int64 // in runtime._panic
}

func (im *Image) Layout() (Layout, error) {
	var l Layout
	for _, f := range []struct {
		to   *int64
		typ  string
		path []string
	}{
		{&l.StackLo, "runtime.g", []string{"stack", "lo"}},
		{&l.StackHi, "runtime.g", []string{"stack", "hi"}},
		{&l.Goid, "runtime.g", []string{"goid"}},
		{&l.M, "runtime.g", []string{"m"}},
		{&l.Sched, "runtime.g", []string{"sched"}},
		{&l.SchedSP, "runtime.g", []string{"sched", "sp"}},
		{&l.SchedPC, "runtime.g", []string{"sched", "pc"}},
		{&l.SchedBP, "runtime.g", []string{"sched", "bp"}},
		{&l.Curg, "runtime.m", []string{"curg"}},
		{&l.ParentGoid, "runtime.g", []string{"parentGoid"}},
		{&l.Gopc, "runtime.g", []string{"gopc"}},
		{&l.Labels, "runtime.g", []string{"labels"}},
		{&l.DeferFn, "runtime._defer", []string{"fn"}},
		{&l.Panics, "runtime.g", []string{"_panic"}},
		{&l.PanicFP, "runtime._panic", []string{"fp"}},
		{&l.Goidgen, "runtime.schedt", []string{"goidgen", "value"}},
	} {
		off, err := im.fieldOffset(f.typ, f.path)
		if err != nil {
			return Layout{}, err
		}
		*f.to = off
	}
	return l, nil
}

// fieldOffset returns the offset of a field, given its path from a struct type.
func (im *Image) fieldOffset(name string, path []string) (int64, error) {
	t, err := im.debug.FindType(name)
	if err != nil {
		return 0, fmt.Errorf("type %s: %w", name, err)
	}
	var off int64
	for _, field := range path {
		st, ok := underlying(t).(*godwarf.StructType)
		if !ok {
			return 0, fmt.Errorf("type %s is not a struct on the way to %v", name, path)
		}
		found := false
		for _, f := range st.Field {
			if f.Name == field {
				off, t, found = off+f.ByteOffset, f.Type, true
				break
			}
		}
		if !found {
			return 0, fmt.Errorf("type %s has no field %s", name, field)
		}
	}
	return off, nil
}

// Symbol returns the address of a symbol of the executable's symbol table.
func (im *Image) Symbol(name string) (uint64, bool) {
	syms, _ := im.file.Symbols()
	for _, s := range syms {
		if s.Name == name {
			return s.Value + im.base, true
		}
	}
	return 0, false
}

// GOffset returns where the goroutine stands in thread-local storage, from the address
// that the thread has of it. A linker of C reserves the place; Go's own takes the word
// below.
func (im *Image) GOffset() uint64 {
	const below = ^uint64(wordSize) + 1
	i := slices.IndexFunc(im.file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_TLS })
	if i < 0 {
		return below
	}
	tlsg, ok := im.Symbol("runtime.tlsg") // an offset in there, and no address
	if !ok {
		return below
	}
	tls := im.file.Progs[i]
	size := tls.Memsz
	if tls.Align > 0 { // it ends where the next one could begin
		size += (-tls.Vaddr - tls.Memsz) & (tls.Align - 1)
	}
	return tlsg - im.base - size
}
