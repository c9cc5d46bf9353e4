package program

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A listing is code with its lines: in each row the bytes of one instruction, its
// line, and a star where the compiler says that a statement begins.
func listing(t *testing.T, text string) *body {
	t.Helper()
	b := &body{}
	var bytes []byte
	for row := range strings.Lines(text) {
		fields := strings.Fields(row)
		if len(fields) < 2 {
			continue
		}
		line, err := strconv.Atoi(strings.TrimSuffix(fields[1], "*"))
		if err != nil {
			t.Fatal(err)
		}
		bytes = append(bytes, code(t, fields[0])...)
		b.lines, b.begin = append(b.lines, line), append(b.begin, strings.HasSuffix(fields[1], "*"))
	}
	var err error
	if b.code, err = disassemble(bytes, 0x401000); err != nil {
		t.Fatal(err)
	}
	if len(b.code) != len(b.lines) {
		t.Fatalf("%d instructions in %d rows", len(b.code), len(b.lines))
	}
	b.first, b.frame = AfterPrologue(b.code)
	b.never = make([]bool, len(b.code))
	b.connect()
	b.findSolid()
	return b
}

func TestMarks(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		want       string // instruction:line
	}{
		{
			name: "one line after the other",
			code: `
				4801d8 2*  ADDQ
				4801d8 2
				4801d8 3*
				c3     4*  RET`,
			want: "0:2 2:3 3:4",
		},
		{
			name: "the prologue is no line, and what follows it on the head is none",
			code: `
				493b6610 1*  CMPQ
				7609     1   JBE
				55       1*  PUSHQ
				4889e5   1   MOVQ
				90       2*
				5d       3*
				c3       3
				e8f9ffffff 1* CALL
				ebeb     1   JMP`,
			want: "4:2 5:3",
		},
		{
			name: "a line cut in pieces is arrived at once",
			code: `
				90  2*
				90  2*
				90  3*
				90  2      not a begin
				90  3*     and back, on a way without forks
				c3  4*`,
			want: "0:2 2:3 5:4",
		},
		{
			name: "the head of a loop: entered, and gone back to",
			code: `
				90    2*
				eb02  3*   JMP to the test
				90    4*   the body
				90    3*   the step
				90    3*   the test
				7ffb  3    JG to the body
				c3    5*`,
			want: "0:2 1:3 2:4 3:3 6:5",
		},
		{
			name: "a loop that is entered at its test, behind the step",
			code: `
				90    2*
				eb03  2    JMP to the test
				90    4*   the body
				90    3*   the step
				90    3
				90    3*   the test
				7ffa  3    JG to the body
				c3    5*`,
			want: "0:2 1:3 2:4 3:3 7:5",
		},
		{
			name: "two branches that meet on one line",
			code: `
				7403  2*   JE
				90    3*
				eb01  3    JMP
				90    4*
				90    5*
				c3    5`,
			want: "0:2 1:3 3:4 4:5",
		},
		{
			name: "a loop that does not leave its line is arrived at once",
			code: `
				90    2*
				90    2*
				7ffd  2    JG to the second
				c3    3*`,
			want: "0:2 3:3",
		},
		{
			name: "code that is reached through a table is arrived at",
			code: `
				ffe0  2*   JMP AX
				90    2*
				c3    3*`,
			want: "0:2 1:2 2:3",
		},
		{
			name: "registers that are moved on the way to the next block, and jumps",
			code: `
				39d8   2*   CMPL
				7404   2    JE to the jump
				4889ca 4*   MOVQ CX, DX
				90     3*
				eb00   2*   JMP
				4889ca 4*   MOVQ CX, DX
				01d8   4    ADDL
				c3     5*`,
			want: "0:2 3:3 5:4 7:5",
		},
		{
			name: "instructions without a line of their own",
			code: `
				90  2*
				90  0*
				90  2*
				c3  0*`,
			want: "0:2",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := listing(t, tt.code)
			b.skipShuffles()
			var got []string
			for _, m := range b.marks(func(line int) bool { return line != 1 }) {
				i := slices.IndexFunc(b.code, func(in Insn) bool { return in.Addr == m.Addr })
				got = append(got, fmt.Sprintf("%d:%d", i, m.Line))
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("marks %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAfterPrologue(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		first      int
		frame      bool
	}{
		{"no frame", "4801d8 c3", 0, false},
		{"nothing but a return", "c3", 0, false},
		{"a frame", "55 4889e5 4883ec10 90 c3", 3, true},
		{"a frame without room", "55 4889e5 90 c3", 2, true},
		{"a check of the stack, and a large frame", "4c8d6424c0 4d3b6610 7610 55 4889e5 4881ec00100000 90 c3", 6, true},
		{"room by addition", "55 4889e5 4883c480 90 c3", 3, true},
	} {
		list, err := disassemble(code(t, tt.code), 0x401000)
		if err != nil {
			t.Fatal(err)
		}
		if first, frame := AfterPrologue(list); first != tt.first || frame != tt.frame {
			t.Errorf("%s: first %d, frame %t, want %d, %t", tt.name, first, frame, tt.first, tt.frame)
		}
	}
}
