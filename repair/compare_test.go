package repair

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// memoryAt is memory that begins at an address.
type memoryAt struct {
	addr uint64
	data []byte
}

func (m memoryAt) ReadAt(b []byte, off int64) (int, error) {
	return bytes.NewReader(m.data).ReadAt(b, off-int64(m.addr))
}

// Where the process has mapped the page in which the code of elfFile begins.
const mapped = 0x7f0000000000

// everything says that any page may differ.
func everything(s span) ([]span, error) { return []span{s}, nil }

// compareCode compares the code of o with that of a process, both from the
// begin of the segment. The result says what was found, at offsets in the code.
func compareCode(o *object, code []byte, pages func(span) ([]span, error)) (string, error) {
	const page = codeOffset &^ 0xfff
	m := &mapping{start: mapped, end: mapped + uint64(len(code)) + codeOffset - page, offset: page}
	seg, ok := o.mapped(m)
	if !ok {
		return "", errors.New("no segment")
	}
	c := &comparison{object: o, memory: memoryAt{mapped + codeOffset - page, code}, pages: pages}
	_, err := c.mapping(m, &seg)
	var found []string
	for _, d := range c.found {
		at := d.Address - mapped - (codeOffset - page)
		if d.Offset-codeOffset != at || d.Address-seg.shift(m) != codeAddr+at {
			return "", fmt.Errorf("address %#x, offset %#x", d.Address, d.Offset)
		}
		found = append(found, fmt.Sprintf("%v %d-%d %x %x", d.Kind, at, at+d.Length, d.Disk, d.Memory))
	}
	if c.changes > mostChanges {
		found = append(found, fmt.Sprint("of ", c.changes))
	}
	return strings.Join(found, ", "), err
}

// borrow puts code there as gtrace does to make a thread carry out a system call.
func borrow(c []byte) {
	copy(c, BorrowMark)
	copy(c[len(BorrowMark):BorrowSize], bytes.Repeat([]byte{0xff}, BorrowSize))
}

func TestCompare(t *testing.T) {
	const long = chunkSize + 5000
	for _, tt := range []struct {
		name   string
		change func(code []byte)
		want   string
	}{
		{"nothing", func([]byte) {}, ""},
		{"a breakpoint", func(c []byte) { c[40] = int3 }, "breakpoint 40-41 29 cc"},
		{"at the begin and the end", func(c []byte) { c[0], c[long-1] = int3, int3 }, "breakpoint 0-1 01 cc, breakpoint 1053575-1053576 2d cc"},
		{"two in a row", func(c []byte) { c[40], c[41] = int3, int3 }, "breakpoint 40-41 29 cc, breakpoint 41-42 2a cc"},
		{"as far apart as they can be", func(c []byte) { c[40], c[56] = int3, int3 }, "breakpoint 40-41 29 cc, breakpoint 56-57 39 cc"},
		{"another byte", func(c []byte) { c[40] = 0x90 }, "changed 40-41 29 90"},
		{"other bytes", func(c []byte) { c[40], c[42] = 0x90, 0x91 }, "changed 40-43 292a2b 902a91"},
		{"a breakpoint near to another byte", func(c []byte) { c[40], c[50] = int3, 0x90 }, "changed 40-51 292a2b2c2d2e2f30313233 cc2a2b2c2d2e2f30313290"},
		{"a breakpoint behind another byte", func(c []byte) { c[40], c[50] = 0x90, int3 }, "changed 40-51 292a2b2c2d2e2f30313233 902a2b2c2d2e2f303132cc"},
		{"a breakpoint far from another byte", func(c []byte) { c[40], c[57] = int3, 0x90 }, "breakpoint 40-41 29 cc, changed 57-58 3a 90"},
		{"across chunks", func(c []byte) { c[chunkSize-1], c[chunkSize] = int3, 0x90 }, "changed 1048575-1048577 5f60 cc90"},
		{"breakpoints across chunks", func(c []byte) { c[chunkSize-1], c[chunkSize] = int3, int3 }, "breakpoint 1048575-1048576 5f cc, breakpoint 1048576-1048577 60 cc"},
		{"a long change", func(c []byte) { copy(c[101:], make([]byte, 1000)) }, "changed 101-1101 0102030405060708090a0b0c0d0e0f10 00000000000000000000000000000000"},
		{"borrowed code", func(c []byte) { borrow(c[101:]) }, "borrowed 101-421 0102030405060708090a0b0c0d0e0f10 6774726163650002ffffffffffffffff"},
		{"borrowed code across chunks", func(c []byte) { borrow(c[chunkSize-101:]) }, "borrowed 1048475-1048795 6061626364650102030405060708090a 6774726163650002ffffffffffffffff"},
		{"breakpoints around borrowed code", func(c []byte) { borrow(c[101:]); c[100], c[421] = int3, int3 }, "borrowed 101-421 0102030405060708090a0b0c0d0e0f10 6774726163650002ffffffffffffffff, breakpoint 100-101 65 cc, breakpoint 421-422 12 cc"},
		{"the mark of borrowed code alone", func(c []byte) { copy(c[101:], BorrowMark) }, "borrowed 101-421 0102030405060708090a0b0c0d0e0f10 6774726163650002090a0b0c0d0e0f10"},
		{"code made unusable", func(c []byte) { copy(c[101:], bytes.Repeat([]byte{int3}, 65)) }, "changed 101-166 0102030405060708090a0b0c0d0e0f10 cccccccccccccccccccccccccccccccc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code := machineCode(long)
			f := elfFile{code: slices.Clone(code)}
			tt.change(code)
			got, err := compareCode(f.object(t), code, everything)
			if got != tt.want || err != nil {
				t.Errorf("got  %s\nwant %s\n%v", got, tt.want, err)
			}
		})
	}
}

// TestCompareInt3 compares code that has an int3 of its own, as between
// functions.
func TestCompareInt3(t *testing.T) {
	code := bytes.Repeat([]byte{int3}, 100)
	f := elfFile{code: slices.Clone(code)}
	code[50] = 0x90
	if got, err := compareCode(f.object(t), code, everything); got != "changed 50-51 cc 90" || err != nil {
		t.Error(got, err)
	}
}

// TestCompareMany counts changes that nobody would read.
func TestCompareMany(t *testing.T) {
	code := machineCode(chunkSize)
	f := elfFile{code: slices.Clone(code)}
	for i := 0; i < len(code); i += 20 {
		code[i] = 0xff
	}
	got, err := compareCode(f.object(t), code, everything)
	if n := strings.Count(got, "changed"); n != mostChanges || !strings.HasSuffix(got, "of 52429") || err != nil {
		t.Errorf("%d changes, %s %v", n, got[max(0, len(got)-20):], err)
	}
}

// TestComparePages reads the pages only that may differ.
func TestComparePages(t *testing.T) {
	code := machineCode(0x4000)
	f := elfFile{code: slices.Clone(code)}
	code[0x10], code[0x1f10], code[0x3000] = int3, int3, int3
	got, err := compareCode(f.object(t), code, func(s span) ([]span, error) {
		return []span{{s.from + 0x2000, s.from + 0x3000}}, nil
	})
	if got != "breakpoint 7952-7953 4b cc" || err != nil {
		t.Error(got, err)
	}
}

func TestCompareRelocated(t *testing.T) {
	code := machineCode(0x2000)
	f := elfFile{
		code: slices.Clone(code),
		rela: []elf.Rela64{
			{Off: codeAddr + 0x100, Info: uint64(elf.R_X86_64_64)},
			{Off: codeAddr + 0x200, Info: uint64(elf.R_X86_64_32)},
			{Off: dataAddr + 8, Info: uint64(elf.R_X86_64_RELATIVE)},
			{Off: codeAddr + 0xffe, Info: uint64(elf.R_X86_64_RELATIVE)}, // across pages
		},
		relr: []uint64{codeAddr + 0x300, 0b101<<1<<1 | 1, codeAddr + 0x600},
	}
	for _, hole := range []struct{ at, n int }{{0x100, 8}, {0x200, 4}, {0xffe, 8}, {0x300, 8}, {0x308 + 8, 8}, {0x308 + 24, 8}, {0x600, 8}} {
		copy(code[hole.at:], bytes.Repeat([]byte{int3}, hole.n))
	}
	if got, err := compareCode(f.object(t), code, everything); got != "" || err != nil {
		t.Error(got, err)
	}
	code[0x204] = int3 // the byte behind one
	code[0x308] = 0x90 // between two
	if got, err := compareCode(f.object(t), code, everything); got != "breakpoint 516-517 0c cc, changed 776-777 46 90" || err != nil {
		t.Error(got, err)
	}
}

// TestCompareWritable compares only what is called code where data share its
// segment.
func TestCompareWritable(t *testing.T) {
	code := machineCode(0x300)
	f := elfFile{code: slices.Clone(code), flags: elf.PF_W}
	code[0x10], code[0x110], code[0x210] = int3, int3, int3
	if o := f.object(t); len(o.segments[0].code) != 0 {
		t.Error("code without a section table", o.segments)
	}
	f.sections = []elf.Section64{
		{Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Off: codeOffset + 0x100, Size: 0x100, Addr: codeAddr + 0x100},
		{Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_WRITE), Off: codeOffset, Size: 0x100, Addr: codeAddr},
	}
	if got, err := compareCode(f.object(t), code, everything); got != "breakpoint 272-273 47 cc" || err != nil {
		t.Error(got, err)
	}
}

// TestCompareCut compares a file that is shorter than when it was mapped, and a
// process that has ended.
func TestCompareCut(t *testing.T) {
	code := machineCode(0x300)
	file := (&elfFile{code: code}).bytes()
	for _, cut := range []int{codeOffset, codeOffset + 0x100} {
		o, err := newObject(bytes.NewReader(file[:cut]), uint64(cut))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := compareCode(o, code, everything); !errors.Is(err, errFile) {
			t.Errorf("cut to %#x: %v", cut, err)
		}
		o.size = 1 << 20 // cut after it was opened
		if _, err := compareCode(o, code, everything); !errors.Is(err, errFile) {
			t.Errorf("cut to %#x later: %v", cut, err)
		}
	}
	o := (&elfFile{code: code}).object(t)
	c := &comparison{object: o, memory: bytes.NewReader(nil), pages: everything}
	m := &mapping{start: mapped, end: mapped + 0x1000, offset: codeOffset &^ 0xfff}
	if _, err := c.mapping(m, &o.segments[0]); !errors.Is(err, errMemory) || !errors.Is(err, io.EOF) {
		t.Error("ended:", err)
	}
}

func TestNewObject(t *testing.T) {
	code := machineCode(16)
	change := func(f elfFile, at int, by byte) []byte {
		file := f.bytes()
		file[at] = by
		return file
	}
	for _, tt := range []struct {
		name string
		file []byte
		is   error
		text string
	}{
		{"script", []byte("#!/bin/sh"), errNotELF, ""},
		{"empty", nil, errNotELF, ""},
		{"headers only begun", (&elfFile{code: code}).bytes()[:20], nil, "ELF headers cannot be read"},
		{"arm64", (&elfFile{machine: elf.EM_AARCH64, code: code}).bytes(), ErrNotComparable, "instruction of 4 bytes"},
		{"riscv", (&elfFile{machine: elf.EM_RISCV, code: code}).bytes(), ErrNotComparable, "EM_RISCV"},
		{"x32", change(elfFile{code: code}, elf.EI_CLASS, byte(elf.ELFCLASS32)), ErrNotComparable, "32 bit"},
	} {
		_, err := newObject(bytes.NewReader(tt.file), uint64(len(tt.file)))
		if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// FuzzObject compares the code of any file with any memory. It must neither
// panic nor find a difference in memory that is as the file.
func FuzzObject(f *testing.F) {
	code := machineCode(0x200)
	whole := elfFile{
		code: code, flags: elf.PF_W,
		rela:     []elf.Rela64{{Off: codeAddr + 0x10, Info: uint64(elf.R_X86_64_64)}},
		relr:     []uint64{codeAddr + 0x80, 0b1011},
		sections: []elf.Section64{{Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Off: codeOffset, Size: 0x200, Addr: codeAddr}},
	}
	f.Add(whole.bytes(), uint64(0x1000), uint64(0x2000), byte(0xcc))
	f.Add((&elfFile{code: code}).bytes(), uint64(0x1000), uint64(0x1000), byte(0x90))
	f.Fuzz(func(t *testing.T, file []byte, offset, size uint64, planted byte) {
		o, err := newObject(bytes.NewReader(file), uint64(len(file)))
		if err != nil || size == 0 || offset+size < offset || offset > uint64(len(file)) {
			return
		}
		m := &mapping{start: mapped, end: mapped + min(size, 1<<20), offset: offset}
		seg, ok := o.mapped(m)
		if !ok {
			return
		}
		for _, by := range []byte{0, planted} {
			memory := slices.Clone(file[offset:])
			if len(memory) > 0 {
				memory[len(memory)/2] ^= by
			}
			c := &comparison{object: o, memory: memoryAt{mapped, memory}, pages: everything}
			_, _ = c.mapping(m, &seg)
			if by == 0 && len(c.found) > 0 {
				t.Error("found", c.found)
			}
			n := newNames(o, c.memory, seg.shift(m))
			for _, d := range c.found {
				n.at(d.Address - seg.shift(m))
			}
			n.at(o.elf.Entry)
		}
	})
}
