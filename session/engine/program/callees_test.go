package program

import (
	"bytes"
	"testing"
)

// TestAsJump turns indirect calls into jumps, and leaves those alone that mean
// something else elsewhere.
func TestAsJump(t *testing.T) {
	for _, tt := range []struct {
		name       string
		code, want []byte // nil: it cannot be made elsewhere
	}{
		{"CALL CX", []byte{0xff, 0xd1}, []byte{0xff, 0xe1}},
		{"CALL R8", []byte{0x41, 0xff, 0xd0}, []byte{0x41, 0xff, 0xe0}},
		{"CALL R12", []byte{0x41, 0xff, 0xd4}, []byte{0x41, 0xff, 0xe4}},
		{"CALL BP", []byte{0xff, 0xd5}, []byte{0xff, 0xe5}},
		{"CALL (DX)", []byte{0xff, 0x12}, []byte{0xff, 0x22}},
		{"CALL 24(AX)", []byte{0xff, 0x50, 0x18}, []byte{0xff, 0x60, 0x18}},
		{"CALL 0x1000(AX)", []byte{0xff, 0x90, 0, 0x10, 0, 0}, []byte{0xff, 0xa0, 0, 0x10, 0, 0}},
		{"CALL (R12)", []byte{0x41, 0xff, 0x14, 0x24}, []byte{0x41, 0xff, 0x24, 0x24}},
		{"CALL 8(R13)(R9*8)", []byte{0x43, 0xff, 0x54, 0xcd, 8}, []byte{0x43, 0xff, 0x64, 0xcd, 8}},
		{"CALL (AX)(CX*8)", []byte{0xff, 0x14, 0xc8}, []byte{0xff, 0x24, 0xc8}},
		{"CALL SP", []byte{0xff, 0xd4}, nil},
		{"CALL (SP)", []byte{0xff, 0x14, 0x24}, nil},
		{"CALL 8(SP)(AX*8)", []byte{0xff, 0x54, 0xc4, 8}, nil},
		{"CALL 16(IP)", []byte{0xff, 0x15, 16, 0, 0, 0}, nil},
		{"CALL FS:(AX)", []byte{0x64, 0xff, 0x10}, nil},
		{"CALL rel32", []byte{0xe8, 1, 0, 0, 0}, nil},
		{"JMP CX", []byte{0xff, 0xe1}, nil},
		{"RET", []byte{0xc3}, nil},
	} {
		list, err := disassemble(tt.code, 0x401000)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v, %v", tt.name, list, err)
		}
		if got := list[0].AsJump(); !bytes.Equal(got, tt.want) {
			t.Errorf("%s: % x, want % x", tt.name, got, tt.want)
		}
		if !bytes.Equal(list[0].Code, tt.code) {
			t.Errorf("%s: its code is changed", tt.name)
		}
	}
}
