package dlv

import (
	"debug/elf"
	"fmt"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// layout holds the places of the few fields of the runtime's own structures
// that are needed to tell goroutines and their stacks apart.
type layout struct {
	stackLo, stackHi, goid, m int64 // in runtime.g
	schedSP, schedPC, schedBP int64 // in runtime.g, from its gobuf
	sched                     int64 // the gobuf itself
	curg                      int64 // in runtime.m
	goidgen                   int64 // in runtime.schedt
	parentGoid, gopc          int64 // in runtime.g
	labels                    int64 // in runtime.g
	deferFn                   int64 // in runtime._defer
	panics                    int64 // in runtime.g: the innermost panic
	panicFP                   int64 // in runtime._panic
}

func (im *Image) layout() (layout, error) {
	var l layout
	for _, f := range []struct {
		to   *int64
		typ  string
		path []string
	}{
		{&l.stackLo, "runtime.g", []string{"stack", "lo"}},
		{&l.stackHi, "runtime.g", []string{"stack", "hi"}},
		{&l.goid, "runtime.g", []string{"goid"}},
		{&l.m, "runtime.g", []string{"m"}},
		{&l.sched, "runtime.g", []string{"sched"}},
		{&l.schedSP, "runtime.g", []string{"sched", "sp"}},
		{&l.schedPC, "runtime.g", []string{"sched", "pc"}},
		{&l.schedBP, "runtime.g", []string{"sched", "bp"}},
		{&l.curg, "runtime.m", []string{"curg"}},
		{&l.parentGoid, "runtime.g", []string{"parentGoid"}},
		{&l.gopc, "runtime.g", []string{"gopc"}},
		{&l.labels, "runtime.g", []string{"labels"}},
		{&l.deferFn, "runtime._defer", []string{"fn"}},
		{&l.panics, "runtime.g", []string{"_panic"}},
		{&l.panicFP, "runtime._panic", []string{"fp"}},
		{&l.goidgen, "runtime.schedt", []string{"goidgen", "value"}},
	} {
		off, err := im.fieldOffset(f.typ, f.path)
		if err != nil {
			return layout{}, err
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
			return 0, fmt.Errorf("type %s is no struct on the way to %v", name, path)
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

// symbol returns the address of a symbol of the executable's symbol table.
func (im *Image) symbol(name string) (uint64, bool) {
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
	tlsg, ok := im.tlsg()
	i := slices.IndexFunc(im.file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_TLS })
	if !ok || i < 0 {
		return below
	}
	tls := im.file.Progs[i]
	size := tls.Memsz
	if tls.Align > 0 { // it ends where the next one could begin
		size += (-tls.Vaddr - tls.Memsz) & (tls.Align - 1)
	}
	return tlsg - size
}

// tlsg returns the value of the symbol runtime.tlsg, an offset from the begin of
// thread-local storage.
func (im *Image) tlsg() (uint64, bool) {
	symbols, _ := im.file.Symbols()
	for _, s := range symbols {
		if s.Name == "runtime.tlsg" {
			return s.Value, true
		}
	}
	return 0, false
}
