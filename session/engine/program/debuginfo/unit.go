package debuginfo

import (
	"debug/dwarf"
	"fmt"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// A Unit is a compilation unit: of Go, a package.
type Unit struct {
	Entry     *dwarf.Entry
	Go        bool
	Path      string // import path
	Name      string // of the package
	Optimized bool
	Low       uint64 // what its lists of locations count from

	addrBase int64 // of its addresses, -1: none
	version  int
}

// A unit is one while its entries are read.
type unit struct {
	s          *sections
	table      []abbreviation
	begin, end int // in section .debug_info
	entries    int // where they begin
	version    int
	addrSize   int
	offSize    int
	addrBase   uint64
	strBase    uint64
	public     *Unit
}

// Kinds of unit in DWARF 5 whose headers are longer.
const (
	unitType      = 2
	unitSkeleton  = 4
	unitSplit     = 5
	unitSplitType = 6
)

// units reads the headers of all units.
func (s *sections) units() ([]*unit, error) {
	tables := map[uint64][]abbreviation{}
	var list []*unit
	c := cursor{data: s.info, order: s.order}
	for c.off < len(c.data) {
		u, table := s.header(&c)
		if c.err != nil {
			return nil, fmt.Errorf("section .debug_info: the unit at %#x: %w", u.begin, c.err)
		}
		if _, ok := tables[table]; !ok {
			var err error
			if tables[table], err = s.abbreviations(table); err != nil {
				return nil, err
			}
		}
		u.table = tables[table]
		list = append(list, u)
		c.off = u.end
	}
	return list, nil
}

// header reads the header of a unit, and where its table of abbreviations is.
func (s *sections) header(c *cursor) (u *unit, table uint64) {
	u = &unit{s: s, begin: c.off, offSize: 4}
	length := c.uint(4)
	if length == 0xffffffff {
		u.offSize = 8
		length = c.uint(8)
	}
	if c.err == nil && length > uint64(len(c.data)-c.off) {
		c.err = errShort
	}
	if c.err != nil {
		return u, 0
	}
	u.end = c.off + int(length)
	u.version = int(c.uint(2))
	switch {
	case u.version < 2 || u.version > 5:
		c.err = fmt.Errorf("it has the unknown version %d", u.version)
	case u.version == 5:
		kind := c.uint(1)
		u.addrSize = int(c.uint(1))
		table = c.uint(u.offSize)
		switch kind {
		case unitType, unitSplitType:
			c.skip(8 + uint64(u.offSize))
		case unitSkeleton, unitSplit:
			c.skip(8)
		}
	default:
		table = c.uint(u.offSize)
		u.addrSize = int(c.uint(1))
	}
	if c.err == nil && u.addrSize != 4 && u.addrSize != 8 {
		c.err = fmt.Errorf("its addresses have %d bytes", u.addrSize)
	}
	u.entries = c.off
	return u, table
}

// languageGo is Go among the languages of DWARF.
const languageGo = 22

// describe reads the entry of the unit itself.
func (u *unit) describe(d *dwarf.Data) error {
	r := d.Reader()
	r.Seek(dwarf.Offset(u.entries))
	e, err := r.Next()
	if err != nil || e == nil {
		return fmt.Errorf("section .debug_info: the unit at %#x: %w", u.begin, err)
	}
	p := &Unit{Entry: e, version: u.version, addrBase: -1}
	u.public = p
	language, _ := e.Val(dwarf.AttrLanguage).(int64)
	p.Go = language == languageGo
	p.Path, _ = e.Val(dwarf.AttrName).(string)
	if p.Name, _ = e.Val(godwarf.AttrGoPackageName).(string); p.Name == "" {
		p.Name = p.Path[strings.LastIndexByte(p.Path, '/')+1:]
	}
	p.Low, _ = e.Val(dwarf.AttrLowpc).(uint64)
	producer, _ := e.Val(dwarf.AttrProducer).(string)
	p.Optimized = p.Go && isOptimized(producer)
	if base, ok := e.Val(dwarf.AttrAddrBase).(int64); ok {
		u.addrBase, p.addrBase = uint64(base), base
	}
	if base, ok := e.Val(dwarf.AttrStrOffsetsBase).(int64); ok {
		u.strBase = uint64(base)
	}
	return nil
}

// isOptimized reports whether a compiler that calls itself so was told to leave
// anything of optimising out. Flags stand behind a semicolon.
func isOptimized(producer string) bool {
	_, flags, _ := strings.Cut(producer, ";")
	return producer != "" && !(strings.Contains(flags, "-N") && strings.Contains(flags, "-l"))
}
