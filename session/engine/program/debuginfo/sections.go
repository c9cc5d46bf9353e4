package debuginfo

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// sections are those of the debug information. Each is inflated once: some are needed
// for everything, the others when something asks for them.
type sections struct {
	file  *elf.File
	order binary.ByteOrder

	info, abbrev, addr, str, strOffsets, lineStr, ranges, rnglists []byte

	loc, loclists func() []byte
}

func readSections(file *elf.File) (*sections, error) {
	s := &sections{file: file, order: file.ByteOrder}
	var wg sync.WaitGroup
	var infoErr, abbrevErr error
	wg.Go(func() { s.info, infoErr = godwarf.GetDebugSectionElf(file, "info") })
	wg.Go(func() {
		s.abbrev, abbrevErr = godwarf.GetDebugSectionElf(file, "abbrev")
		s.addr = s.optional("addr")
		s.str, s.strOffsets, s.lineStr = s.optional("str"), s.optional("str_offsets"), s.optional("line_str")
		s.ranges, s.rnglists = s.optional("ranges"), s.optional("rnglists")
	})
	wg.Wait()
	if infoErr != nil {
		return nil, fmt.Errorf("read section .debug_info: %w", infoErr)
	}
	if abbrevErr != nil {
		return nil, fmt.Errorf("read section .debug_abbrev: %w", abbrevErr)
	}
	s.loc = sync.OnceValue(func() []byte { return s.optional("loc") })
	s.loclists = sync.OnceValue(func() []byte { return s.optional("loclists") })
	return s, nil
}

// optional returns a section, nothing where it is not there or cannot be read.
func (s *sections) optional(name string) []byte {
	data, err := godwarf.GetDebugSectionElf(s.file, name)
	if err != nil {
		return nil
	}
	return data
}

// data returns the sections as package dwarf reads them, with tables of lines or
// without: they are not needed to look at entries.
func (s *sections) data(line []byte) (*dwarf.Data, error) {
	d, err := dwarf.New(s.abbrev, nil, nil, s.info, line, nil, s.ranges, s.str)
	if err != nil {
		return nil, err
	}
	for name, data := range map[string][]byte{
		".debug_addr": s.addr, ".debug_line_str": s.lineStr, ".debug_str_offsets": s.strOffsets, ".debug_rnglists": s.rnglists,
	} {
		if err := d.AddSection(name, data); err != nil {
			return nil, err
		}
	}
	return d, nil
}
