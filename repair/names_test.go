package repair

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"
)

// lineData is a line table of one function: main.f, 32 bytes long, of which the
// first 16 are line 7 of f.go and the others line 9.
func lineData() []byte {
	const (
		names = 72
		units = names + 8
		files = units + 8
		pcs   = files + 8
		funcs = pcs + 16
	)
	data := new(bytes.Buffer)
	write := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(data, binary.LittleEndian, v)
		}
	}
	write(uint32(0xfffffff1), uint16(0), uint8(1), uint8(8))
	write(uint64(1), uint64(1), uint64(0), uint64(names), uint64(units), uint64(files), uint64(pcs), uint64(funcs))
	write([]byte("main.f\x00\x00"), uint32(0), uint32(0), []byte("f.go\x00\x00\x00\x00"))
	// Pairs of what is added to the value, which begins at -1, and to the address.
	write([]byte{0, 2, 32, 0, 16, 16, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0})
	write(uint32(0), uint32(12), uint32(32))                                                                                  // the functions
	write(uint32(0), uint32(0), uint32(0), uint32(0), uint32(0), uint32(1), uint32(4), uint32(0), uint32(0), make([]byte, 8)) // main.f
	return data.Bytes()
}

func TestReadLines(t *testing.T) {
	n := &names{lines: readLines(lineData(), codeAddr)}
	if n.lines == nil {
		t.Fatal("no table")
	}
	for _, tt := range []struct {
		at   uint64
		want Place
	}{
		{codeAddr - 1, Place{}},
		{codeAddr, Place{"main.f", 0, "f.go", 7}},
		{codeAddr + 15, Place{"main.f", 15, "f.go", 7}},
		{codeAddr + 16, Place{"main.f", 16, "f.go", 9}},
		{codeAddr + 32, Place{}},
	} {
		if got := n.at(tt.at); got != tt.want {
			t.Errorf("%#x: %+v, want %+v", tt.at, got, tt.want)
		}
	}
	for _, other := range []string{"", "short", strings.Repeat("x", 100)} {
		if readLines([]byte(other), 0) != nil {
			t.Errorf("a table of %q", other)
		}
	}
}

func FuzzReadLines(f *testing.F) {
	f.Add(lineData(), uint64(codeAddr), uint64(codeAddr+16))
	f.Fuzz(func(_ *testing.T, data []byte, text, addr uint64) {
		n := &names{lines: readLines(data, text)}
		for i := range uint64(3) {
			n.at(text + i)
		}
		n.at(addr)
	})
}

func TestSymbols(t *testing.T) {
	n := &names{symbols: []elf.Symbol{
		{Name: "first", Value: 100, Size: 10}, {Name: "endless", Value: 200}, {Name: "last", Value: 300, Size: 5},
	}}
	for at, want := range map[uint64]Place{
		99: {}, 100: {Func: "first"}, 109: {Func: "first", Offset: 9}, 110: {},
		200: {Func: "endless"}, 299: {Func: "endless", Offset: 99}, 304: {Func: "last", Offset: 4}, 305: {},
	} {
		if got := n.at(at); got != want {
			t.Errorf("%d: %+v, want %+v", at, got, want)
		}
	}
}

// TestFindModule finds the description of a module wherever it lies, and takes
// no other data for it.
func TestFindModule(t *testing.T) {
	const table = 0x4e2008
	describe := func(data []byte, at int, minpc, maxpc, text, etext uint64) {
		binary.LittleEndian.PutUint64(data[at:], table)
		for i, w := range []uint64{minpc, maxpc, text, etext} {
			binary.LittleEndian.PutUint64(data[at+(20+i)*8:], w)
		}
	}
	for _, at := range []int{0, 8, 64<<10 - 8, 64<<10 - 192, 64<<10 - 184, 100_000, 200_000 - 192} {
		data := make([]byte, 200_000)
		if at != 8 {
			describe(data, 300, 0x401000, 0x401000, 0x401000, 0x401000) // not aligned
			describe(data, 1600, 0x401000, 0x400000, 0x401000, 0x401000)
		}
		describe(data, at, 0x401020, 0x4a9000, 0x401000, 0x4a9000)
		if text, ok := findModule(bytes.NewReader(data), table); !ok || text != 0x401000 {
			t.Errorf("at %d: %#x %t", at, text, ok)
		}
	}
	if text, ok := findModule(bytes.NewReader(make([]byte, 200_000)), table); ok {
		t.Errorf("in nothing: %#x", text)
	}
}
