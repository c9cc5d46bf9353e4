package weight

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
)

// ErrNotELF is for what is no ELF file, or of a kind that nobody runs.
var ErrNotELF = errors.New("it is not an ELF executable")

// A layout is where the headers of an ELF file have what counts here: the file's
// own, and those of sections. Words are offsets and sizes: 4 or 8 bytes.
type layout struct {
	word             int
	header           int // bytes of the file's own
	shoff, shentsize int
	section          int // bytes of that of a section
	flags, size      int
}

var (
	layout64 = layout{word: 8, header: 64, shoff: 0x28, shentsize: 0x3a, section: 64, flags: 8, size: 32}
	layout32 = layout{word: 4, header: 52, shoff: 0x20, shentsize: 0x2e, section: 40, flags: 8, size: 20}
)

// CheckNames looks at what package elf reads and inflates by itself when it opens a
// file: the table of sections, and their names. It is all that must be checked before
// the build information of a Go program is read.
func CheckNames(r io.ReaderAt) error {
	var head [64]byte
	if n, _ := r.ReadAt(head[:], 0); n < len(head) || string(head[:4]) != elf.ELFMAG {
		return ErrNotELF
	}
	at := layout64
	if elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS32 {
		at = layout32
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	word := func(b []byte) uint64 {
		if at.word == 4 {
			return uint64(order.Uint32(b))
		}
		return order.Uint64(b)
	}
	half := func(off int) int { return int(order.Uint16(head[off:])) }
	shoff := word(head[at.shoff:])
	shentsize, shnum, shstrndx := half(at.shentsize), half(at.shentsize+2), half(at.shentsize+4)
	if shoff == 0 {
		return nil // it has no sections
	}
	if shnum == 0 || shnum > maxSections { // 0: there are more than fit in here
		return claims("it claims to have more than %d sections", maxSections)
	}
	if shentsize < at.section || shstrndx >= shnum || int64(shoff) < 0 {
		return nil // package elf refuses that
	}
	section := make([]byte, at.section)
	if _, err := r.ReadAt(section, int64(shoff)+int64(shstrndx)*int64(shentsize)); err != nil {
		return nil
	}
	flags, names := word(section[at.flags:]), word(section[at.size:])
	if flags&uint64(elf.SHF_COMPRESSED) != 0 || names > maxNames {
		return claims("the names of its sections claim to be %s long, or are compressed", bytesText(names))
	}
	return nil
}
