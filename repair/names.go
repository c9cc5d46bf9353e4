package repair

import (
	"cmp"
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"gtrace/session/engine/program/weight"
)

// A Place is what an address is called.
type Place struct {
	Func   string // "" if no table has it
	Offset uint64 // from the begin of the function
	File   string // of the source, "" if unknown
	Line   int
}

// Locate finds the name of a difference of one of p's reports. The tables are
// read when the first is asked for.
func (p *Process) Locate(d *Difference) Place {
	if d.object.names == nil {
		d.object.names = newNames(d.object, p.mem, d.shift)
	}
	return d.object.names.at(d.Address - d.shift)
}

// names are the symbol tables of an object.
type names struct {
	lines   *gosym.Table // of the Go runtime, which strip leaves in place; or nil
	symbols []elf.Symbol // functions, by address
}

func newNames(o *object, memory io.ReaderAt, shift uint64) *names {
	n := &names{lines: lineTable(o, memory, shift)}
	for _, table := range []func() ([]elf.Symbol, error){o.elf.Symbols, o.elf.DynamicSymbols} {
		symbols, _ := table()
		for _, s := range symbols {
			if o.isFunction(&s) {
				n.symbols = append(n.symbols, s)
			}
		}
		if len(n.symbols) > 0 {
			break
		}
	}
	// Of several names for an address, the first is kept.
	slices.SortStableFunc(n.symbols, func(a, b elf.Symbol) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), -cmp.Compare(elf.ST_TYPE(a.Info), elf.ST_TYPE(b.Info)), -cmp.Compare(a.Size, b.Size))
	})
	n.symbols = slices.CompactFunc(n.symbols, func(a, b elf.Symbol) bool { return a.Value == b.Value })
	return n
}

// isFunction reports whether a symbol is that of a function, or of code that was
// written in assembly without saying so.
func (o *object) isFunction(s *elf.Symbol) bool {
	if s.Section == elf.SHN_UNDEF || s.Name == "" {
		return false
	}
	const ifunc = elf.SymType(10) // resolved to another function when loaded
	switch elf.ST_TYPE(s.Info) {
	case elf.STT_FUNC, ifunc:
		return true
	case elf.STT_NOTYPE:
		i := int(s.Section)
		return i < len(o.elf.Sections) && o.elf.Sections[i].Flags&elf.SHF_EXECINSTR != 0
	}
	return false
}

// at returns the name of an address of the object.
func (n *names) at(addr uint64) Place {
	if n.lines != nil {
		if file, line, f := n.lines.PCToLine(addr); f != nil {
			return Place{Func: f.Name, Offset: addr - f.Entry, File: file, Line: max(line, 0)}
		}
	}
	i, found := slices.BinarySearchFunc(n.symbols, addr, func(s elf.Symbol, addr uint64) int { return cmp.Compare(s.Value, addr) })
	if !found {
		i-- // the last one before it
	}
	if i < 0 {
		return Place{}
	}
	if s := n.symbols[i]; s.Size == 0 || addr-s.Value < s.Size {
		return Place{Func: s.Name, Offset: addr - s.Value}
	}
	return Place{}
}

// lineTable reads the Go runtime's table of functions and lines; nil for a file
// without one that is known here.
func lineTable(o *object, memory io.ReaderAt, shift uint64) *gosym.Table {
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		s := o.elf.Section(name)
		if s == nil || s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_COMPRESSED != 0 {
			continue
		}
		data, err := s.Data()
		if err != nil {
			continue
		}
		if text, err := o.goText(memory, shift, s.Addr); err == nil {
			return readLines(data, text)
		}
	}
	return nil
}

// readLines reads a table that has the form of Go 1.18 or later; nil for others.
func readLines(data []byte, text uint64) *gosym.Table {
	if weight.CheckGoTable(data) != nil {
		return nil
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, text))
	if err != nil {
		return nil
	}
	return table
}

// goText returns the address of the first Go function, from which the addresses
// in the line table count. The linker tells it in the symbol table, which may be
// stripped, and in the runtime's description of the module, which begins with
// the address of the line table. That one is looked for in memory: in the file,
// its addresses may have to be relocated.
func (o *object) goText(memory io.ReaderAt, shift, table uint64) (uint64, error) {
	for _, p := range o.elf.Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_W == 0 {
			continue
		}
		r := io.NewSectionReader(memory, int64(p.Vaddr+shift), int64(min(p.Filesz, o.size)))
		if text, ok := findModule(r, table+shift); ok && o.isCode(text-shift) {
			return text - shift, nil
		}
	}
	return 0, errors.New("it has no description of a Go module")
}

func (o *object) isCode(addr uint64) bool {
	for _, s := range o.segments {
		if addr >= s.addr && addr-s.addr < s.file.to-s.file.from {
			return true
		}
	}
	return false
}

// findModule looks through data for the description of the module whose line
// table is at the address table, and returns where its text begins. Of the
// runtime's moduledata, the first word and the words from minpc to etext are
// read, which have kept their places since Go 1.16.
func findModule(data io.ReaderAt, table uint64) (text uint64, ok bool) {
	const minpc, size = 20, 24 // words
	buf := make([]byte, 64<<10)
	for base := int64(0); ; base += int64(len(buf)) - size*8 {
		n, err := data.ReadAt(buf, base)
		for off := 0; off+size*8 <= n; off += 8 {
			if binary.LittleEndian.Uint64(buf[off:]) != table {
				continue
			}
			var w [4]uint64 // minpc, maxpc, text, etext
			for i := range w {
				w[i] = binary.LittleEndian.Uint64(buf[off+(minpc+i)*8:])
			}
			if w[2] <= w[0] && w[0] < w[1] && w[1] <= w[3] {
				return w[2], true
			}
		}
		if err != nil || n < len(buf) {
			return 0, false
		}
	}
}
