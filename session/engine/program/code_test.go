package program

import (
	"encoding/hex"
	"strings"
	"testing"
)

func code(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFindPlaces(t *testing.T) {
	const addr = 0x401000
	for _, tt := range []struct {
		name, code string
		entry      uint64 // offset
		pushBP     bool
		rets       []uint64 // offsets
	}{
		{
			name:  "leaf without a frame",
			code:  "4801d8 c3", // ADDQ BX, AX; RET
			entry: 0, rets: []uint64{3},
		},
		{
			name: "nothing but a return",
			code: "c3", rets: []uint64{0},
		},
		{
			name:  "stack check and frame",
			code:  "493b6610 7608 55 4889e5 5d c3 e8fbffffff ebee", // CMPQ; JBE; PUSHQ BP; MOVQ; POPQ; RET; CALL; JMP
			entry: 6, pushBP: true, rets: []uint64{11},
		},
		{
			name:  "large frame",
			code:  "4c8d6424c0 4d3b6610 7606 55 4889e5 5d c3", // LEAQ -64(SP), R12; CMPQ R12, 16(R14); JBE; PUSHQ BP; …
			entry: 11, pushBP: true, rets: []uint64{16},
		},
		{
			name:  "a branch of its own is no stack check",
			code:  "4883f864 7e01 90 c3", // CMPQ AX, $100; JLE; NOP; RET
			entry: 0, rets: []uint64{7},
		},
		{
			name:  "two returns, one behind a jump",
			code:  "4885c0 7401 c3 90 c3", // TESTQ; JE; RET; NOP; RET
			entry: 0, rets: []uint64{5, 7},
		},
		{
			name:  "the byte of a RET inside an instruction",
			code:  "b8c3c3c3c3 c3", // MOVL $0xc3c3c3c3, AX; RET
			entry: 0, rets: []uint64{5},
		},
		{
			name:  "a vector instruction before the last return",
			code:  "c5f877 c3", // VZEROUPPER; RET
			entry: 0, rets: []uint64{3},
		},
		{
			name:  "an endless loop has none",
			code:  "ebfe", // JMP self
			entry: 0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pl, err := findPlaces(code(t, tt.code), addr)
			if err != nil {
				t.Fatal(err)
			}
			if got := pl.Entry.Addr - addr; got != tt.entry || pl.Entry.IsPushBP() != tt.pushBP {
				t.Errorf("entry at %d, PUSHQ BP %v; want %d, %v", got, pl.Entry.IsPushBP(), tt.entry, tt.pushBP)
			}
			var rets []uint64
			for _, r := range pl.Rets {
				rets = append(rets, r.Addr-addr)
			}
			if len(rets) != len(tt.rets) {
				t.Fatalf("returns at %d, want %d", rets, tt.rets)
			}
			for i := range rets {
				if rets[i] != tt.rets[i] {
					t.Errorf("returns at %d, want %d", rets, tt.rets)
				}
			}
		})
	}
}

func TestUnknownCode(t *testing.T) {
	if _, err := findPlaces(code(t, "06 c3"), 0); err == nil {
		t.Error("an instruction that does not exist in 64 bit mode was accepted")
	}
}

func TestVexLength(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		want       int
	}{
		{"VZEROUPPER", "c5f877 909090", 3},
		{"ANDN r32", "c4e278f2c1 90", 5},
		{"VMOVDQU (AX), Y0", "c5fe6f00 9090", 4},
		{"VMOVDQU disp8(SP), Y0", "c5fe6f442410 90", 6},
		{"VMOVDQU disp32(BX)", "c5fe6f8300010000 90", 8},
		{"VMOVDQU disp32(RIP)", "c5fe6f0500010000 90", 8},
		{"RORX imm8", "c4e37bf0c005 90", 6},
		{"VPSHUFD imm8", "c5f970c01b 90", 5},
		{"VZEROUPPER before the last RET", "c5f877 c3", 3},
		{"cut off", "c5fe", 0},
		{"cut off long", "c4e278", 0},
	} {
		if got, _ := measureVex(code(t, tt.code)); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestMovable(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		moves      bool
		relative   int
	}{
		{"ADDQ BX, AX", "4801d8", true, 0},
		{"MOVQ 8(AX), AX", "488b4008", true, 0},
		{"LEAQ disp32(RIP), AX", "488d059d330100", true, 3},
		{"MOVSD disp32(RIP), X1", "f20f100d32210300", true, 4},
		{"JMP", "eb16", false, 1},
		{"JMP DX", "ffe2", true, 0},
		{"JMP (CX)(DX*8)", "ff24d1", true, 0},
		{"JMP disp32(RIP)", "ff2500010000", true, 2},
		{"ANDN r32", "c4e278f2c1", true, 0},
		{"VMOVDQU disp8(SP), Y0", "c5fe6f442410", true, 0},
		{"VMOVDQU disp32(BX)", "c5fe6f8300010000", true, 0},
		{"VMOVDQU disp32(RIP)", "c5fe6f0500010000", true, 4},
		{"VFMADD231SD disp32(RIP)", "c4e2f9b90500010000", true, 5},
		{"JLE", "7e16", false, 1},
		{"JLE rel32", "0f8e10000000", false, 2},
		{"CALL", "e818c3f7ff", false, 1},
		{"CALL DX", "ffd2", false, 0},
		{"RET", "c3", false, 0},
		{"SYSCALL", "0f05", false, 0},
	} {
		list, err := disassemble(code(t, tt.code), 0x401000)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v, %d instructions", tt.name, err, len(list))
		}
		if list[0].Moves != tt.moves || tt.moves && list[0].Relative != tt.relative {
			t.Errorf("%s: moves %v, relative %d; want %v, %d", tt.name, list[0].Moves, list[0].Relative, tt.moves, tt.relative)
		}
	}
}

func FuzzDisassemble(f *testing.F) {
	f.Add([]byte{0x49, 0x3b, 0x66, 0x10, 0x76, 0x08, 0x55, 0xc3})
	f.Add([]byte{0xc4, 0xe2, 0x78, 0xf2, 0xc1, 0xc3})
	f.Add([]byte{0xc5, 0xfe, 0x6f})
	f.Fuzz(func(t *testing.T, code []byte) {
		list, err := disassemble(code, 0x401000)
		if err != nil {
			return
		}
		n := 0
		for _, in := range list {
			if in.Length <= 0 || in.Addr != 0x401000+uint64(n) {
				t.Fatalf("instruction %#x of length %d after %d bytes", in.Addr, in.Length, n)
			}
			n += in.Length
		}
		if n != len(code) {
			t.Fatalf("%d bytes of %d", n, len(code))
		}
		if len(list) > 0 && afterStackCheck(list) >= len(list) {
			t.Fatal("no instruction after the stack check")
		}
	})
}
