package value

import (
	"debug/elf"
	"fmt"
	"strconv"
)

// Errors about the form of executables: what is wrong, the value that is, and where.

func (p *printer) elfError(pl *plan, v val) string {
	return p.formatError(pl, v, " ", "in record at byte ")
}

func (p *printer) machoError(pl *plan, v val) string {
	return p.formatError(pl, v, "", " in record at byte ")
}

func (p *printer) gosymError(pl *plan, v val) string {
	return p.formatError(pl, v, "", " at byte ")
}

// formatError says nothing where the value has a method that words it.
func (p *printer) formatError(pl *plan, v val, behind, at string) string {
	f := pl.field("val")
	off, err := p.fieldWord(pl, v, "off")
	if f == nil || err != nil {
		return ""
	}
	s := p.part("msg", pl, v)
	fp := p.r.follow(&f.link)
	if w, err := p.words(v.at(f.off), 2); err != nil || w[0] != 0 {
		text, ok := p.unnamed(fp, v.at(f.off))
		if !ok {
			return ""
		}
		s += " '" + text + "'" + behind
	}
	return s + at + "0x" + strconv.FormatUint(off, 16)
}

// unnamed returns what %v prints of a number, a string or bytes in an interface, if it is
// of a type that has no methods or is known.
func (p *printer) unnamed(pl *plan, v val) (string, bool) {
	pl, v, ok := p.dynamic(pl, v)
	if !ok {
		return "", false
	}
	switch pl.raw {
	case "string":
		return p.plain(v), true
	case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "bool":
		return p.part("", pl, v), true
	case "[]uint8":
		b, whole := p.begins(v, maxMessage)
		return fmt.Sprint(b), whole
	}
	return p.elfName(pl, v)
}

// elfName returns the name of one of the numbers in the header of an executable.
func (p *printer) elfName(pl *plan, v val) (string, bool) {
	b, err := p.need(v, pl.size)
	if err != nil || pl.form != formUint && pl.form != formInt {
		return "", false
	}
	n := unsigned(b)
	switch pl.raw {
	case "debug/elf.Class":
		return elf.Class(n).String(), true
	case "debug/elf.Data":
		return elf.Data(n).String(), true
	case "debug/elf.Version":
		return elf.Version(n).String(), true
	case "debug/elf.Type":
		return elf.Type(n).String(), true
	case "debug/elf.Machine":
		return elf.Machine(n).String(), true
	}
	return "", false
}

func (p *printer) dwarfError(pl *plan, v val) string {
	f := pl.field("Offset")
	if f == nil {
		return ""
	}
	b, err := p.need(v.at(f.off), 4)
	if err != nil {
		return ""
	}
	return "decoding dwarf section " + p.part("Name", pl, v) + " at offset 0x" + strconv.FormatUint(unsigned(b), 16) + ": " + p.part("Err", pl, v)
}
