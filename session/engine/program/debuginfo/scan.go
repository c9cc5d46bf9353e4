package debuginfo

import (
	"bytes"
	"cmp"
	"debug/dwarf"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// A Function is one with code.
type Function struct {
	Symbol     string       // of code that is not Go's, behind C and a dot
	Entry, End uint64       // addresses in the file
	Offset     dwarf.Offset // of its entry
	Unit       *Unit
	Line       int         // where it is declared; 0: unknown
	Trampoline bool        // the compiler made it to call another
	Inside     []*Abstract // of a trampoline: what was inlined into it, outermost only

	origin dwarf.Offset
}

// An Abstract is a function that the compiler has inlined somewhere, as the debug
// information describes it apart from its code.
type Abstract struct {
	Symbol string
	Offset dwarf.Offset
	Line   int
	Calls  int  // places where it was inlined
	Go     bool // it is one of Go

	// Its description does not say in which file it is. Where another is inlined in
	// it, the call does, by a number of the unit; else any of its code.
	Unit *Unit
	File int
	Code dwarf.Offset // of the entry of an inlined call
}

// A scan is what the entries of one unit say.
type scan struct {
	u         *unit
	c         cursor
	functions []Function
	insides   map[int][]dwarf.Offset // of the functions that are trampolines
	abstracts map[dwarf.Offset]*Abstract
	types     []typeEntry
	seed      maphash.Seed

	moduledata uint64 // in the unit of package runtime

	trampoline int  // index of the function around, -1: none
	inOuter    bool // of a level around
	around     []level
}

// A level is an entry with children around the one that is read.
type level struct {
	inlined  dwarf.Offset // the abstract function of an inlined call, 0: it is none
	function bool         // a trampoline
	outer    bool         // an inlined call outermost in a trampoline
}

// scanAll reads the entries of all units.
func scanAll(units []*unit, seed maphash.Seed) ([]*scan, error) {
	scans := make([]*scan, len(units))
	errs := make([]error, len(units))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 8) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(units) {
					return
				}
				scans[i] = &scan{u: units[i], seed: seed}
				errs[i] = scans[i].run()
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("section .debug_info: the unit at %#x: %w", units[i].begin, err)
		}
	}
	return scans, nil
}

// attributes are those of an entry that are of interest.
type attributes struct {
	name, low, high, inline, origin, line, callFile, trampoline, location, runtimeType value

	highIsSize bool
}

// run reads all entries.
func (s *scan) run() error {
	s.c = cursor{data: s.u.s.info[:s.u.end], off: s.u.entries, order: s.u.s.order}
	s.abstracts = map[dwarf.Offset]*Abstract{}
	s.insides = map[int][]dwarf.Offset{}
	s.trampoline = -1
	for s.c.off < len(s.c.data) && s.c.err == nil {
		offset := dwarf.Offset(s.c.off)
		if a := s.abbreviation(); a != nil {
			s.entry(offset, a)
		} else {
			s.leave()
		}
	}
	return s.c.err
}

// abbreviation reads what an entry begins with: its form, nil at the end of children.
func (s *scan) abbreviation() *abbreviation {
	at := s.c.off
	code := s.c.uleb()
	switch {
	case code == 0:
		return nil
	case code >= uint64(len(s.u.table)) || s.u.table[code].tag == 0:
		s.c.err = fmt.Errorf("the entry at %#x has the unknown abbreviation %d", at, code)
		return nil
	}
	return &s.u.table[code]
}

// skip steps over the attributes of an entry.
func (s *scan) skip(a *abbreviation) {
	for i := range a.fields {
		s.u.skip(&s.c, &a.fields[i])
	}
}

// leave takes note of the end of the children of an entry.
func (s *scan) leave() {
	n := len(s.around)
	if n == 0 {
		return // there is padding at the end of units
	}
	if s.around[n-1].function {
		s.trampoline = -1
	}
	if s.around[n-1].outer {
		s.inOuter = false
	}
	s.around = s.around[:n-1]
}

// entry reads an entry.
func (s *scan) entry(offset dwarf.Offset, a *abbreviation) {
	var l level
	switch a.tag {
	case dwarf.TagSubprogram:
		at := s.attributes(a)
		l.function = s.subprogram(offset, &at)
	case dwarf.TagInlinedSubroutine:
		at := s.attributes(a)
		l.inlined, l.outer = s.inlined(offset, &at)
	case dwarf.TagArrayType, dwarf.TagBaseType, dwarf.TagClassType, dwarf.TagStructType, dwarf.TagUnionType,
		dwarf.TagConstType, dwarf.TagVolatileType, dwarf.TagRestrictType, dwarf.TagEnumerationType,
		dwarf.TagPointerType, dwarf.TagSubroutineType, dwarf.TagTypedef, dwarf.TagUnspecifiedType:
		at := s.attributes(a)
		s.typ(offset, &at)
		if a.children {
			s.children()
			return
		}
	case dwarf.TagVariable:
		if at := s.attributes(a); string(at.name.text) == "runtime.firstmoduledata" {
			s.moduledata = s.u.variable(at.location.text)
		}
	default:
		s.skip(a)
	}
	if a.children {
		s.around = append(s.around, l)
		s.inOuter = s.inOuter || l.outer
	}
}

// attributes reads those of an entry.
func (s *scan) attributes(a *abbreviation) (at attributes) {
	for i := range a.fields {
		f := &a.fields[i]
		var to *value
		switch f.attr {
		case dwarf.AttrName:
			to = &at.name
		case dwarf.AttrLowpc:
			to = &at.low
		case dwarf.AttrHighpc:
			to = &at.high
			at.highIsSize = !f.isAddress()
		case dwarf.AttrInline:
			to = &at.inline
		case dwarf.AttrAbstractOrigin:
			to = &at.origin
		case dwarf.AttrDeclLine:
			to = &at.line
		case dwarf.AttrCallFile:
			to = &at.callFile
		case dwarf.AttrTrampoline:
			to = &at.trampoline
		case dwarf.AttrLocation:
			to = &at.location
		case godwarf.AttrGoRuntimeType:
			to = &at.runtimeType
		default:
			s.u.skip(&s.c, f)
			continue
		}
		*to = s.u.value(&s.c, f)
	}
	return at
}

// subprogram takes note of a function, and reports whether it is a trampoline.
func (s *scan) subprogram(offset dwarf.Offset, at *attributes) bool {
	if at.inline.there {
		a := s.abstract(offset)
		a.Symbol, a.Line, a.Go = string(at.name.text), int(at.line.num), s.u.public.Go
		return false
	}
	if !at.low.there {
		return false
	}
	f := Function{
		Symbol: string(at.name.text), Entry: at.low.num, End: at.high.num, Offset: offset, Unit: s.u.public,
		Line: int(at.line.num), Trampoline: at.trampoline.there, origin: dwarf.Offset(at.origin.num),
	}
	if at.highIsSize {
		f.End += f.Entry
	}
	s.functions = append(s.functions, f)
	if f.Trampoline || bytes.HasSuffix(at.name.text, []byte("-fm")) {
		s.trampoline = len(s.functions) - 1
		return true
	}
	return false
}

// inlined takes note of an inlined call. It returns what is called, and whether the
// call stands in a trampoline, and in no other such call.
func (s *scan) inlined(offset dwarf.Offset, at *attributes) (of dwarf.Offset, outer bool) {
	if !at.origin.there {
		return 0, false
	}
	of = dwarf.Offset(at.origin.num)
	a := s.abstract(of)
	a.Calls++
	a.Code = offset
	if s.trampoline >= 0 && !s.inOuter {
		outer = true
		s.insides[s.trampoline] = append(s.insides[s.trampoline], of)
	}
	if n := len(s.around); n > 0 && s.around[n-1].inlined != 0 {
		in := s.abstract(s.around[n-1].inlined)
		in.Unit, in.File = s.u.public, int(at.callFile.num)
	}
	return of, outer
}

func (s *scan) abstract(offset dwarf.Offset) *Abstract {
	a := s.abstracts[offset]
	if a == nil {
		a = &Abstract{Offset: offset}
		s.abstracts[offset] = a
	}
	return a
}

// children steps over the children of an entry.
func (s *scan) children() {
	for depth := 1; depth > 0 && s.c.err == nil && s.c.off < len(s.c.data); {
		a := s.abbreviation()
		if a == nil {
			depth--
			continue
		}
		if s.skip(a); a.children {
			depth++
		}
	}
}

// merge puts together what the units say.
func (in *Info) merge(scans []*scan) {
	functions, types := 0, 0
	for _, s := range scans {
		functions += len(s.functions)
		types += len(s.types)
	}
	in.Functions = make([]Function, 0, functions)
	in.types.entries = make([]typeEntry, 0, types)
	all := map[dwarf.Offset]*Abstract{}
	for _, s := range scans {
		for offset, a := range s.abstracts {
			if b := all[offset]; b != nil {
				b.add(a)
			} else {
				all[offset] = a
			}
		}
		in.types.entries = append(in.types.entries, s.types...)
		if s.moduledata != 0 {
			in.moduledata = s.moduledata + in.base
		}
	}
	for _, s := range scans {
		for i := range s.functions {
			f := &s.functions[i]
			if a := all[f.origin]; f.origin != 0 && a != nil {
				f.Symbol, f.Line = cmp.Or(f.Symbol, a.Symbol), a.Line
			}
			if !f.Unit.Go {
				f.Symbol = "C." + f.Symbol
			}
			for _, offset := range s.insides[i] {
				f.Inside = append(f.Inside, all[offset])
			}
		}
		in.Functions = append(in.Functions, s.functions...)
	}
	slices.SortStableFunc(in.Functions, func(a, b Function) int { return cmp.Compare(a.Entry, b.Entry) })
	in.Inlined = map[string]*Abstract{}
	for _, a := range all {
		if a.Calls > 0 && a.Symbol != "" && a.Go {
			in.Inlined[a.Symbol] = a
		}
	}
}

// add adds what another unit says of the same function.
func (a *Abstract) add(b *Abstract) {
	if b.Symbol != "" {
		a.Symbol, a.Line, a.Go = b.Symbol, b.Line, b.Go
	}
	a.Calls += b.Calls
	if b.Code != 0 {
		a.Code = b.Code
	}
	if b.Unit != nil {
		a.Unit, a.File = b.Unit, b.File
	}
}
