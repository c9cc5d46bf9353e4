package repair

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
)

// An elfFile describes a small ELF file with one segment of code.
type elfFile struct {
	machine  elf.Machine // amd64 when 0
	code     []byte
	flags    elf.ProgFlag // of the segment; besides PF_R|PF_X
	rela     []elf.Rela64
	relr     []uint64
	sections []elf.Section64
}

// Where things lie: the code begins in the middle of a page.
const (
	codeOffset = 0x1100
	codeAddr   = 0x401100
	dataAddr   = 0x800000
)

// bytes lays the file out: headers, code, the tables of relocations, the dynamic
// table that names them, the section headers.
func (f *elfFile) bytes() []byte {
	if f.machine == 0 {
		f.machine = elf.EM_X86_64
	}
	data := new(bytes.Buffer)
	write := func(v any) { _ = binary.Write(data, binary.LittleEndian, v) }
	write(f.rela)
	write(f.relr)
	dynamic := uint64(data.Len())
	relaSize := uint64(len(f.rela)) * 24
	for _, d := range []elf.Dyn64{
		{Tag: int64(elf.DT_RELA), Val: dataAddr},
		{Tag: int64(elf.DT_RELASZ), Val: relaSize},
		{Tag: int64(dtRELR), Val: dataAddr + relaSize},
		{Tag: int64(dtRELRSZ), Val: uint64(len(f.relr)) * 8},
		{},
	} {
		write(d)
	}
	dataOffset := uint64(codeOffset + len(f.code))
	header := elf.Header64{
		Ident:   [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_DYN),
		Machine: uint16(f.machine), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 3, Shentsize: 64,
	}
	progs := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X | f.flags), Off: codeOffset, Vaddr: codeAddr, Filesz: uint64(len(f.code)), Memsz: uint64(len(f.code))},
		{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Off: dataOffset, Vaddr: dataAddr, Filesz: uint64(data.Len()), Memsz: uint64(data.Len())},
		{Type: uint32(elf.PT_DYNAMIC), Flags: uint32(elf.PF_R), Off: dataOffset + dynamic, Vaddr: dataAddr + dynamic, Filesz: uint64(data.Len()) - dynamic},
	}
	if len(f.sections) > 0 {
		names := elf.Section64{Type: uint32(elf.SHT_STRTAB), Off: dataOffset + uint64(data.Len()), Size: 1}
		write(byte(0))
		header.Shoff, header.Shnum, header.Shstrndx = dataOffset+uint64(data.Len()), uint16(len(f.sections)+2), uint16(len(f.sections)+1)
		write(elf.Section64{})
		write(f.sections)
		write(names)
	}
	file := new(bytes.Buffer)
	_ = binary.Write(file, binary.LittleEndian, header)
	_ = binary.Write(file, binary.LittleEndian, progs)
	file.Write(make([]byte, codeOffset-file.Len()))
	file.Write(f.code)
	file.Write(data.Bytes())
	return file.Bytes()
}

func (f *elfFile) object(t testing.TB) *object {
	t.Helper()
	file := f.bytes()
	o, err := newObject(bytes.NewReader(file), uint64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// machineCode is n bytes that are not those of an int3.
func machineCode(n int) []byte {
	code := make([]byte, n)
	for i := range code {
		code[i] = byte(i%101) + 1
	}
	return code
}
