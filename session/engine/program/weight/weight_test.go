package weight

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A section is one of an ELF file that is made up.
type section struct {
	name  string
	typ   elf.SectionType // 0: SHT_PROGBITS
	flags elf.SectionFlag
	data  []byte
	size  uint64 // 0: that of data
	link  uint32
}

// file makes up an ELF file with sections, before those that every file has: one of
// nothing, and at the end one of their names.
func file(sections ...section) []byte {
	var names, body []byte
	sections = append([]section{{typ: elf.SHT_NULL}}, sections...)
	sections = append(sections, section{name: ".shstrtab", typ: elf.SHT_STRTAB})
	for i := range sections {
		names = append(append(names, sections[i].name...), 0)
	}
	last := &sections[len(sections)-1]
	if last.data == nil {
		last.data = names
	}
	var table []elf.Section64
	name := 0
	for i, s := range sections {
		if s.typ == 0 && i > 0 {
			s.typ = elf.SHT_PROGBITS
		}
		size := uint64(len(s.data))
		if s.size != 0 {
			size = s.size
		}
		table = append(table, elf.Section64{
			Name: uint32(name), Type: uint32(s.typ), Flags: uint64(s.flags),
			Off: 64 + uint64(len(body)), Size: size, Link: s.link,
		})
		name += len(s.name) + 1
		body = append(body, s.data...)
	}
	var out bytes.Buffer
	head := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Phentsize: 56,
		Shoff: 64 + uint64(len(body)), Shentsize: 64, Shnum: uint16(len(table)), Shstrndx: uint16(len(table) - 1),
	}
	copy(head.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	_ = binary.Write(&out, binary.LittleEndian, head)
	out.Write(body)
	_ = binary.Write(&out, binary.LittleEndian, table)
	return out.Bytes()
}

// inflating is the data of a compressed section that claims to be of a size.
func inflating(size uint64, data []byte) []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, elf.Chdr64{Type: uint32(elf.COMPRESS_ZLIB), Size: size, Addralign: 1})
	b.Write(deflated(data))
	return b.Bytes()
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func gnu(size uint64, data []byte) []byte {
	return append(binary.BigEndian.AppendUint64([]byte("ZLIB"), size), deflated(data)...)
}

func TestCheck(t *testing.T) {
	some := bytes.Repeat([]byte("debug information "), 1000)
	long := append(bytes.Repeat([]byte("n"), 1<<20), 0)
	symbols := func(n int) []byte { return make([]byte, n*elf.Sym64Size) } // all of the first name
	for _, tt := range []struct {
		name string
		file []byte
		want string // what the error has; empty: none
	}{
		{"plain", file(section{name: ".debug_info", data: some}), ""},
		{"compressed", file(section{name: ".debug_info", flags: elf.SHF_COMPRESSED, data: inflating(uint64(len(some)), some)}), ""},
		{"compressed as GNU did", file(section{name: ".zdebug_info", data: gnu(uint64(len(some)), some)}), ""},
		{"no file space", file(section{name: ".bss", typ: elf.SHT_NOBITS, size: 1 << 40}), ""},
		{"no ELF file", bytes.Repeat([]byte("#!/bin/sh\n"), 10), "not an ELF executable"},
		{"gigabytes", file(section{name: ".debug_line", flags: elf.SHF_COMPRESSED, data: inflating(8<<30, some)}), "section .debug_line claims to be 8192 MB large"},
		{"exabytes", file(section{name: ".gopclntab", flags: elf.SHF_COMPRESSED, data: inflating(1<<63, some)}), "section .gopclntab claims to be"},
		{"gigabytes as GNU did", file(section{name: ".zdebug_line", data: gnu(8<<30, some)}), "section .zdebug_line claims to be 8192 MB large"},
		{"twice", file(section{name: ".zdebug_line", data: gnu(100, gnu(8<<30, some))}), "section .zdebug_line is compressed twice"},
		{
			"many", file(slices.Repeat([]section{{name: ".debug_x", flags: elf.SHF_COMPRESSED, data: inflating(8<<20, some)}}, 3)...),
			"its sections claim to be more than 16 MB large",
		},
		{"beyond the end", file(section{name: ".debug_line", data: some, size: 60 << 30}), "section .debug_line claims to be 60 GB large"},
		{"room for frames", file(section{name: ".eh_frame", typ: elf.SHT_NOBITS, size: 1 << 40}), "section .eh_frame claims to be 1024 GB large"},
		{"names that are compressed", file(section{name: ".shstrtab", typ: elf.SHT_STRTAB, flags: elf.SHF_COMPRESSED, data: inflating(8<<30, some)}), ""}, // the last one counts
		{
			"symbols", file(section{name: ".symtab", typ: elf.SHT_SYMTAB, data: symbols(1000), link: 2}, section{name: ".strtab", typ: elf.SHT_STRTAB, data: long}),
			"the names in section .symtab claim to be more than",
		},
		{
			"few symbols", file(section{name: ".symtab", typ: elf.SHT_SYMTAB, data: symbols(10), link: 2}, section{name: ".strtab", typ: elf.SHT_STRTAB, data: long}),
			"",
		},
		{
			"libraries", file(section{name: ".dynamic", typ: elf.SHT_DYNAMIC, data: make([]byte, 16*1000), link: 2}, section{name: ".dynstr", typ: elf.SHT_STRTAB, data: long}),
			"the names in section .dynamic claim to be more than",
		},
		{"no sections", file()[:64], ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "no sections" {
				clear(tt.file[0x28:0x30])
				clear(tt.file[0x3c:0x40])
			}
			if tt.name == "names that are compressed" {
				tt.file[0x3e]-- // the one before it has the names
				tt.want = "the names of its sections claim to be"
			}
			err := Check(bytes.NewReader(tt.file), int64(len(tt.file)))
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Fatalf("got %v, want %q", err, tt.want)
			case Claims(err) != (tt.want != "" && tt.name != "no ELF file"):
				t.Errorf("%v: is a claim: %t", err, Claims(err))
			}
		})
	}
}

// TestHoles is about a large file of which little is there.
func TestHoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	data := file(section{name: ".debug_line", size: 1 << 29})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<30); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := CheckFile(f); err == nil || !strings.Contains(err.Error(), "section .debug_line claims to be 512 MB large") {
		t.Errorf("got %v", err)
	}
}

// TestOwn checks a program that somebody has really built: this one.
func TestOwn(t *testing.T) {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := CheckFile(f); err != nil {
		t.Error(err)
	}
}

func TestCheckLines(t *testing.T) {
	program := func(version uint16, tables string) []byte {
		b := binary.LittleEndian.AppendUint16(nil, version)
		if version >= 5 {
			b = append(b, 8, 0)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(tables)))
		if version >= 4 {
			b = append(b, 1)
		}
		b = append(b, 1, 1, 0xfb, 14, 2, 0) // the last two: opcodes below 2, and what the first takes
		b = append(b, tables...)
		return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
	}
	const (
		many  = "\xff\xff\xff\xff\x7f"
		dirs  = "\x01\x01\x08\x01/src\x00"                // one, a string
		files = "\x02\x01\x08\x02\x0b\x01main.go\x00\x00" // one, a string and a byte
	)
	for _, tt := range []struct {
		name   string
		data   []byte
		offset int64
		ok     bool
	}{
		{"version 5", program(5, dirs+files), 0, true},
		{"not the first", append([]byte("xyz"), program(5, dirs+files)...), 3, true},
		{"version 4", program(4, "/src\x00\x00main.go\x00\x01\x00\x00\x00"), 0, true},
		{"nothing there", program(5, dirs+files), 999, true}, // and nobody reads it
		{"many directories", program(5, "\x01\x01\x08"+many+"/src\x00"+files), 0, false},
		{"many files", program(5, dirs+"\x02\x01\x08\x02\x0b"+many+"main.go\x00\x00"), 0, false},
		{"files of nothing", program(5, dirs+"\x00\x10"), 0, false},
		{"name elsewhere", program(5, "\x01\x01\x1f\x01\x10\x00\x00\x00"+files), 0, true},
		{"name nowhere", program(5, "\x01\x01\x1f\x01\x99\x00\x00\x00"+files), 0, false},
		{"form that nobody knows", program(5, "\x01\x01\x77\x01/src\x00"+files), 0, false},
		{"all forms", program(5, "\x01\x01\x08\x01/src\x00"+"\x0f\x01\x08\x02\x0b\x06\x0a\x06\x03\x06\x04\x06\x0c\x06\x0d\x06\x17\x06\x1a\x06\x25\x06\x26\x06\x27\x06\x28\x06\x1e\x06\x09"+
			"\x01main.go\x00\x00"+"\x01x"+"\x01\x00x"+"\x01\x00\x00\x00x"+"\x01"+"\x80\x01"+"1234"+"\x01"+"1"+"12"+"123"+"1234"+"0123456789abcdef"+"\x01x"), 0, true},
		{"version 9", program(9, dirs+files), 0, false},
		{"name without an end", program(4, "/src"), 0, false},
		{"too long", append([]byte{0xff, 0xff, 0xff, 0x0f}, program(5, dirs+files)[4:]...), 0, false},
	} {
		if err := CheckLines(tt.data, tt.offset, 32); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for form, unknown := range map[string]bool{"\x77": false, "\x2c": true, "\x82\x3e": true} {
		err := CheckLines(program(5, "\x01\x01"+form+"\x01/src\x00"+files), 0, 32)
		if errors.Is(err, ErrUnknown) != unknown || err == nil || !strings.Contains(err.Error(), "form 0x") {
			t.Errorf("form %x: %v", form, err)
		}
	}
	whole := program(5, dirs+files)
	for n := range whole[:len(whole)-1] {
		if err := CheckLines(whole[:n+1], 0, 32); err == nil {
			t.Errorf("cut after %d bytes: no error", n+1)
		}
	}
}

func TestCheckGoTable(t *testing.T) {
	table := func(words ...uint64) []byte {
		b := make([]byte, 8+8*8, 1<<10)
		binary.LittleEndian.PutUint32(b, 0xfffffff1)
		b[7] = 8
		for i, w := range words {
			binary.LittleEndian.PutUint64(b[8+8*i:], w)
		}
		return b[:1<<10]
	}
	for _, tt := range []struct {
		name string
		data []byte
		ok   bool
	}{
		{"few functions", table(10, 2, 0, 72, 72, 72, 72, 100), true},
		{"too many functions", table(1<<31, 2, 0, 72, 72, 72, 72, 100), false},
		{"too far", table(10, 2, 0, 72, 1<<40, 72, 72, 100), false},
		{"another form", make([]byte, 1<<10), false},
		{"short", table()[:20], false},
	} {
		if err := CheckGoTable(tt.data); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(file(section{name: ".debug_line", flags: elf.SHF_COMPRESSED, data: inflating(100, []byte("x"))}))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_ = Check(bytes.NewReader(data), int64(len(data)))
		_ = CheckLines(data, 0, 10)
		_ = CheckGoTable(data)
	})
}
