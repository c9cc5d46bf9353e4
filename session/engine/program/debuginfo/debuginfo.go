// Package debuginfo finds things in the debug information of an executable: functions,
// types, what was inlined, where variables are. It looks at everything once, in
// parallel, and reads only what is asked for; of what it has found it keeps where that
// is, rather than what it says.
package debuginfo

import (
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"errors"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/loclist"
)

// Info is the debug information of an executable. It belongs to one goroutine.
type Info struct {
	Data      *dwarf.Data // without tables of lines, see LineReader
	Units     []*Unit
	Functions []Function           // ordered by address
	Inlined   map[string]*Abstract // functions of Go that were inlined, by symbol
	Packages  map[string]string    // names of packages, by import path

	base        uint64
	moduledata  uint64
	pointerSize int
	types       types
	lines       func() (*lines, error)
	addresses   func() *godwarf.DebugAddrSection
	lists       func() *loclist.Dwarf2Reader
	lists5      func() *loclist.Dwarf5Reader
}

// errNowhere is the error of a variable that is nowhere at an instruction.
var errNowhere = errors.New("it is nowhere there")

// Open reads the debug information of an executable whose addresses are base above
// those in its file.
func Open(file *elf.File, base uint64) (*Info, error) {
	s, err := readSections(file)
	if err != nil {
		return nil, err
	}
	units, err := s.units()
	if err != nil {
		return nil, err
	}
	in := &Info{base: base, pointerSize: 8, types: types{seed: maphash.MakeSeed()}, Packages: make(map[string]string, len(units))}
	if in.Data, err = s.data(nil); err != nil {
		return nil, err
	}
	for _, u := range units {
		if err := u.describe(in.Data); err != nil {
			return nil, err
		}
		in.Units = append(in.Units, u.public)
		in.Packages[strings.ReplaceAll(u.public.Path, "%2e", ".")] = u.public.Name
	}
	scans, err := scanAll(units, in.types.seed)
	if err != nil {
		return nil, err
	}
	in.merge(scans)
	in.types.sort()
	in.lines = sync.OnceValues(s.lines)
	in.addresses = sync.OnceValue(func() *godwarf.DebugAddrSection { return godwarf.ParseAddr(s.addr) })
	in.lists = sync.OnceValue(func() *loclist.Dwarf2Reader { return loclist.NewDwarf2Reader(s.loc(), in.pointerSize) })
	in.lists5 = sync.OnceValue(func() *loclist.Dwarf5Reader { return loclist.NewDwarf5Reader(s.loclists()) })
	return in, nil
}

// Moduledata returns the address of runtime.firstmoduledata, 0 if that is not known.
func (in *Info) Moduledata() uint64 { return in.moduledata }

// Entry returns the function that is entered at an address, or nil.
func (in *Info) Entry(addr uint64) *Function {
	if f := in.At(addr); f != nil && f.Entry+in.base == addr {
		return f
	}
	return nil
}

// Lookup returns the functions with a symbol.
func (in *Info) Lookup(symbol string) (list []*Function) {
	for i := range in.Functions {
		if f := &in.Functions[i]; f.Symbol == symbol {
			list = append(list, f)
		}
	}
	return list
}

// At returns the function that holds an address, or nil.
func (in *Info) At(pc uint64) *Function {
	pc -= in.base
	i, found := slices.BinarySearchFunc(in.Functions, pc, func(f Function, pc uint64) int { return cmp.Compare(f.Entry, pc) })
	if !found {
		i--
	}
	if i < 0 || pc >= in.Functions[i].End {
		return nil
	}
	return &in.Functions[i]
}
