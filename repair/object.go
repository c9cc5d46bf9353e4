package repair

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"gtrace/session/engine/program/weight"
)

// An object is an ELF file as it lies on disk: a program or a library. Its
// addresses are those that the file says.
type object struct {
	file     io.ReaderAt
	size     uint64
	elf      *elf.File
	segments []segment
	holes    []span // addresses that the loader writes to
	names    *names // nil until somebody asks
}

// A segment is a part of the file that is loaded as code.
type segment struct {
	file span   // offsets
	addr uint64 // of file.from
	code []span // the parts of file that must not change once relocated
}

// errNotELF is for files that are mapped as code but are not ours to judge: the
// memory of a compiler at run time, a program for another system.
var errNotELF = errors.New("it is not an ELF file")

// newObject reads the headers of a file of size bytes.
func newObject(file io.ReaderAt, size uint64) (*object, error) {
	var ident [elf.EI_NIDENT + 4]byte // and the type and the machine
	if _, err := file.ReadAt(ident[:], 0); err != nil || string(ident[:4]) != elf.ELFMAG {
		return nil, errNotELF
	}
	machine := elf.Machine(binary.LittleEndian.Uint16(ident[elf.EI_NIDENT+2:]))
	switch {
	case ident[elf.EI_CLASS] == byte(elf.ELFCLASS32):
		return nil, fmt.Errorf("%w: it is a 32 bit program, and only 64 bit ones for amd64 can be compared", ErrNotComparable)
	case machine == elf.EM_AARCH64:
		return nil, fmt.Errorf("%w: it is built for arm64, where a breakpoint is an instruction of 4 bytes, and only amd64 programs can be compared", ErrNotComparable)
	case machine != elf.EM_X86_64:
		return nil, fmt.Errorf("%w: it is built for %v, and only amd64 programs can be compared", ErrNotComparable, machine)
	}
	if err := weight.Check(file, int64(min(size, math.MaxInt64))); weight.Claims(err) {
		return nil, fmt.Errorf("%w: it is damaged: %w", ErrNotComparable, err)
	}
	f, err := elf.NewFile(file)
	if err != nil {
		return nil, fmt.Errorf("its ELF headers cannot be read: %w", err)
	}
	o := &object{file: file, size: size, elf: f}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 && p.Off < math.MaxInt64 && p.Filesz < math.MaxInt64 {
			o.segments = append(o.segments, o.segment(p))
		}
	}
	o.holes = o.relocated()
	return o, nil
}

// segment describes one segment. Where code and data share a segment that may
// be written to, only what the section table calls code counts; data may hold
// any byte.
func (o *object) segment(p *elf.Prog) segment {
	s := segment{file: span{p.Off, p.Off + p.Filesz}, addr: p.Vaddr}
	if p.Flags&elf.PF_W == 0 {
		s.code = []span{s.file}
		return s
	}
	for _, sec := range o.elf.Sections {
		const flags = elf.SHF_EXECINSTR | elf.SHF_WRITE
		if sec.Type == elf.SHT_PROGBITS && sec.Flags&flags == elf.SHF_EXECINSTR && sec.FileSize < math.MaxInt64 && sec.Offset < math.MaxInt64 {
			s.code = append(s.code, span{sec.Offset, sec.Offset + sec.FileSize}.and(s.file))
		}
	}
	s.code = joined(s.code)
	return s
}

// mapped returns the segment that a mapping shows most of. Neighbours in the
// file can share a page, which is then mapped twice; what belongs to the other
// one is never run here.
func (o *object) mapped(m *mapping) (segment, bool) {
	var best segment
	var most uint64
	file := span{m.offset, m.offset + (m.end - m.start)}
	for _, s := range o.segments {
		if part := s.file.and(file); !part.empty() && part.to-part.from > most {
			best, most = s, part.to-part.from
		}
	}
	return best, most > 0
}

// shift is what must be added to an address of the file to get that of the
// process.
func (s *segment) shift(m *mapping) uint64 {
	return m.start - m.offset + s.file.from - s.addr
}

// offset returns where in the file the bytes for an address stand, and how many
// follow there.
func (o *object) offset(addr uint64) (off, n uint64, ok bool) {
	for _, p := range o.elf.Progs {
		if p.Type == elf.PT_LOAD && addr >= p.Vaddr && addr-p.Vaddr < p.Filesz {
			return p.Off + (addr - p.Vaddr), p.Filesz - (addr - p.Vaddr), true
		}
	}
	return 0, 0, false
}
