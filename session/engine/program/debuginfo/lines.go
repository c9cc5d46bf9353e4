package debuginfo

import (
	"debug/dwarf"

	"gtrace/session/engine/program/weight"
)

// lines is the debug information with its tables of lines.
type lines struct {
	data    *dwarf.Data
	section []byte
	names   int // bytes of names that tables may refer to
}

func (s *sections) lines() (*lines, error) {
	line := s.optional("line")
	data, err := s.data(line)
	if err != nil {
		return nil, err
	}
	return &lines{data, line, len(s.lineStr)}, nil
}

// LineReader returns a reader of the table of lines of a unit, nil if it has none.
func (in *Info) LineReader(u *Unit) (*dwarf.LineReader, error) {
	l, err := in.lines()
	if err != nil {
		return nil, err
	}
	if at, ok := u.Entry.Val(dwarf.AttrStmtList).(int64); ok {
		if err := weight.CheckLines(l.section, at, l.names); err != nil {
			return nil, err
		}
	}
	return l.data.LineReader(u.Entry)
}

// Ranges returns the addresses, in the file, of what the entry at an offset describes.
func (in *Info) Ranges(offset dwarf.Offset) ([][2]uint64, error) {
	r := in.Data.Reader()
	r.Seek(offset)
	e, err := r.Next()
	if err != nil || e == nil {
		return nil, err
	}
	return in.Data.Ranges(e)
}
