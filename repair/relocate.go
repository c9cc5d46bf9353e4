package repair

import (
	"debug/elf"
	"encoding/binary"
	"io"
	"math/bits"
)

// relocated returns the addresses in code that the dynamic loader writes to.
// Code that is built to be loaded anywhere has none; text relocations are what
// the linker warns of. What stands there differs from the file and is of no
// concern: it is left out of the comparison.
func (o *object) relocated() []span {
	table := o.dynamic()
	var holes []span
	note := func(addr, size uint64) {
		for _, s := range o.segments {
			if addr >= s.addr && addr-s.addr < s.file.to-s.file.from {
				holes = append(holes, span{addr, addr + size})
			}
		}
	}
	for _, t := range []struct{ addr, size elf.DynTag }{
		{elf.DT_RELA, elf.DT_RELASZ}, {elf.DT_JMPREL, elf.DT_PLTRELSZ},
	} {
		o.words(table[t.addr], table[t.size], 3, func(rela []uint64) {
			note(rela[0], relocSize(elf.R_X86_64(uint32(rela[1]))))
		})
	}
	var next uint64
	o.words(table[dtRELR], table[dtRELRSZ], 1, func(relr []uint64) {
		next = unpackRelr(relr[0], next, note)
	})
	return joined(holes)
}

// Tags of the packed table of relative relocations.
const (
	dtRELRSZ elf.DynTag = 35
	dtRELR   elf.DynTag = 36
)

// unpackRelr reads one word of that table: an address, or, with the lowest bit
// set, which of the 63 words from next on are relocated. It returns the new
// next.
func unpackRelr(word, next uint64, note func(addr, size uint64)) uint64 {
	if word&1 == 0 {
		note(word, 8)
		return word + 8
	}
	for set := word >> 1; set != 0; set &= set - 1 {
		note(next+uint64(bits.TrailingZeros64(set))*8, 8)
	}
	return next + 63*8
}

// relocSize is how many bytes a relocation changes.
func relocSize(r elf.R_X86_64) uint64 {
	switch r {
	case elf.R_X86_64_NONE:
		return 0
	case elf.R_X86_64_8, elf.R_X86_64_PC8:
		return 1
	case elf.R_X86_64_16, elf.R_X86_64_PC16:
		return 2
	case elf.R_X86_64_32, elf.R_X86_64_32S, elf.R_X86_64_PC32, elf.R_X86_64_PLT32, elf.R_X86_64_SIZE32:
		return 4
	case elf.R_X86_64_TLSDESC:
		return 16
	}
	return 8
}

// dynamic returns the table that tells the loader where everything is.
func (o *object) dynamic() map[elf.DynTag]uint64 {
	table := map[elf.DynTag]uint64{}
	for _, p := range o.elf.Progs {
		if p.Type != elf.PT_DYNAMIC {
			continue
		}
		const most = 64 << 10 // a real one has some hundred bytes
		o.eachWord(p.Off, min(p.Filesz, most), 2, func(entry []uint64) {
			table[elf.DynTag(entry[0])] = entry[1]
		})
	}
	return table
}

// words calls yield for each group of n words of a table of size bytes that is
// loaded at addr.
func (o *object) words(addr, size uint64, n int, yield func([]uint64)) {
	off, there, ok := o.offset(addr)
	if ok && size > 0 {
		o.eachWord(off, min(size, there), n, yield)
	}
}

// eachWord is words for an offset in the file. It ends where the file does.
func (o *object) eachWord(off, size uint64, n int, yield func([]uint64)) {
	if off >= o.size {
		return
	}
	r := io.NewSectionReader(o.file, int64(off), int64(min(size, o.size-off)))
	group := make([]uint64, n)
	buf := make([]byte, 8*n*1024)
	for {
		got, err := io.ReadFull(r, buf)
		for b := buf[:got]; len(b) >= 8*n; b = b[8*n:] {
			for i := range group {
				group[i] = binary.LittleEndian.Uint64(b[8*i:])
			}
			yield(group)
		}
		if err != nil {
			return
		}
	}
}
