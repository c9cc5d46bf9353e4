package program

import (
	"debug/elf"
	"debug/gosym"
	"errors"
	"fmt"

	"gtrace/session/engine"
	"gtrace/session/engine/program/weight"
)

// lineTable reads the runtime's own table of lines, which is quicker than
// DWARF's and knows the code of inlined calls just as well. Its addresses count
// from the begin of the Go code, which a program linked with C does not tell; a
// function that is in every program does.
func (im *Image) lineTable() (*gosym.Table, error) {
	table, err := im.readLineTable()
	if err != nil {
		return nil, fmt.Errorf("%w file: its line table: %w", engine.ErrDamaged, err)
	}
	return table, nil
}

func (im *Image) readLineTable() (*gosym.Table, error) {
	data, err := lineTableData(im.file)
	if err == nil {
		err = weight.CheckGoTable(data)
	}
	if err != nil {
		return nil, err
	}
	const everywhere = "runtime.main"
	fns := im.debug.Lookup(everywhere)
	probe, err := gosym.NewTable(nil, gosym.NewLineTable(data, 0))
	if err != nil {
		return nil, err
	}
	f := probe.LookupFunc(everywhere)
	if f == nil || len(fns) == 0 {
		return nil, fmt.Errorf("%s is not where it and the debug information should have it", everywhere)
	}
	return gosym.NewTable(nil, gosym.NewLineTable(data, fns[0].Entry-f.Entry))
}

// lineTableData returns the table. Where the system's linker has put it among other
// data, as of position independent programs of Go 1.25, symbols tell where.
func lineTableData(file *elf.File) ([]byte, error) {
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		if section := file.Section(name); section != nil {
			data := make([]byte, section.FileSize)
			_, err := section.ReadAt(data, 0)
			return data, err
		}
	}
	symbols, err := file.Symbols()
	if err != nil {
		return nil, err
	}
	var begin, end elf.Symbol
	for _, s := range symbols {
		switch s.Name {
		case "runtime.pclntab":
			begin = s
		case "runtime.epclntab":
			end = s
		}
	}
	if i := int(begin.Section); i > 0 && i < len(file.Sections) && begin.Value < end.Value {
		section := file.Sections[i]
		if section.Type == elf.SHT_PROGBITS && begin.Value >= section.Addr && end.Value-section.Addr <= section.Size {
			data := make([]byte, end.Value-begin.Value)
			_, err := section.ReadAt(data, int64(begin.Value-section.Addr))
			return data, err
		}
	}
	return nil, errors.New("no section and no symbol says where it is")
}
