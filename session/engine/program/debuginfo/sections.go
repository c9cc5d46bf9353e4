package debuginfo

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
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
	wg.Go(func() { s.info, infoErr = read(file, "info") })
	wg.Go(func() {
		s.abbrev, abbrevErr = read(file, "abbrev")
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
	data, err := read(s.file, name)
	if err != nil {
		return nil
	}
	return data
}

// read returns a section, inflated. How large it is was checked when the file was opened:
// the packages that distrust it copy as they grow, which takes three times the memory.
func read(file *elf.File, name string) ([]byte, error) {
	s := file.Section(".debug_" + name)
	if s == nil || s.Type == elf.SHT_NOBITS {
		return godwarf.GetDebugSectionElf(file, name) // it may have the name of old
	}
	data := make([]byte, s.Size)
	_, err := io.ReadFull(s.Open(), data)
	return data, err
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
