package program

import (
	"fmt"
	"strings"
	"testing"
)

func TestSettle(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		want       string // instruction:line, and what is late there
	}{
		{
			name: "a comparison and its store among the instructions of the next line",
			code: `
				4889c1     3*  MOVQ AX, CX
				4883f103   3   XORQ $3, CX
				4883f807   2*  CMPQ AX, $7
				0f94c3     2   SETEQ BL
				885c2407   2   MOVB BL, 7(SP)
				48894c2410 3   MOVQ CX, 16(SP)
				c3         4*  RET`,
			want: "2:2 5:3 6:4",
		},
		{
			name: "a line that has stored a variable itself by then",
			code: `
				48894c2410 3*  MOVQ CX, 16(SP)
				0f94442407 2   SETEQ 7(SP)
				4883f807   3   CMPQ AX, $7
				c3         4*  RET`,
			want: "0:3 late[{-1 0}] 3:4",
		},
		{
			name: "the step of a loop behind the last line of its body",
			code: `
				48894c2410 3*  MOVQ CX, 16(SP)
				48ff442407 2*  INCQ 7(SP)
				c3         4*  RET`,
			want: "0:3 1:2 2:4",
		},
		{
			name: "a mark there already",
			code: `
				4889c1     3*  MOVQ AX, CX
				885c2407   2   MOVB BL, 7(SP)
				48894c2410 4*  MOVQ CX, 16(SP)
				48894c2410 3   MOVQ CX, 16(SP)
				c3         5*  RET`,
			want: "0:3 late[{-1 0}] 2:4 4:5",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := listing(t, tt.code)
			b.size = wordSize
			marks := b.marks(func(int) bool { return true })
			b.variables = []slot{{-1, 0}, {8, 16}}
			b.settle(marks)
			var got []string
			for _, m := range marks {
				text := fmt.Sprintf("%d:%d", b.index(m.Addr), m.Line)
				if m.Late != nil {
					text += fmt.Sprintf(" late%v", m.Late)
				}
				got = append(got, text)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
		})
	}
}
