package program

import (
	"cmp"
	"debug/dwarf"
	"errors"
	"fmt"
	"io"
	"slices"

	"gtrace/session/engine"
	"gtrace/session/engine/program/debuginfo"
)

// A row of the table of lines says which line the instructions from addr up to
// the next row belong to.
type row struct {
	addr uint64
	file string
	line int  // 0: none
	stmt bool // the compiler calls it the begin of a statement
}

// functionRows returns the rows of a function, ordered by address. The first may
// begin before it.
func (s *symbolizer) functionRows(f *engine.Function) ([]row, error) {
	fn := s.im.debug.Entry(f.Entry)
	if fn == nil {
		return nil, errors.New("it has no debug information")
	}
	all, err := s.unitRows(fn.Unit)
	if err != nil {
		return nil, err
	}
	at := func(addr uint64) int {
		i, _ := slices.BinarySearchFunc(all, addr, func(r row, addr uint64) int { return cmp.Compare(r.addr, addr) })
		return i
	}
	i, j := at(f.Entry), at(f.End)
	if i > 0 && (i == len(all) || all[i].addr > f.Entry) {
		i--
	}
	return all[i:j], nil
}

// unitRows returns the table of lines of a compilation unit.
func (s *symbolizer) unitRows(unit *debuginfo.Unit) ([]row, error) {
	if all, ok := s.rows[unit]; ok {
		return all, nil
	}
	lr, err := s.im.debug.LineReader(unit)
	switch {
	case err != nil:
		return nil, fmt.Errorf("line table: %w", err)
	case lr == nil:
		return nil, errors.New("it has no line table")
	}
	var all []row
	var e dwarf.LineEntry
	for {
		if err := lr.Next(&e); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("line table: %w", err)
		}
		if r := (row{addr: e.Address + s.im.base}); e.EndSequence || e.File == nil {
			all = append(all, r)
		} else {
			r.file, r.line, r.stmt = e.File.Name, e.Line, e.IsStmt
			all = append(all, r)
		}
	}
	// Rows of a sequence are ordered; that sequences are is promised by nobody.
	// Where one ends another may begin.
	slices.SortStableFunc(all, func(a, b row) int {
		ends := func(r row) int { return min(len(r.file), 1) }
		return cmp.Or(cmp.Compare(a.addr, b.addr), cmp.Compare(ends(a), ends(b)))
	})
	s.rows[unit] = all
	return all, nil
}
