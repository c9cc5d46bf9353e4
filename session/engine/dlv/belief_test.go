package dlv

import (
	"fmt"
	"strings"
	"testing"

	"gtrace/session/engine"
)

// TestBelief follows x, a variable of one word, to which line 2 assigns and which is
// passed in AX.
func TestBelief(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		keeps      bool   // line 2 may leave it as it is
		want       string // by instruction, what holds x before it
	}{
		{
			name: "copied, and no longer where something else was put",
			code: `
				4889c1     3*  MOVQ AX, CX
				4889c3     4*  MOVQ AX, BX
				31c0       4   XORL AX, AX
				c3         5*  RET`,
			want: "AX|AX CX|AX CX BX|CX BX",
		},
		{
			name: "assigned anew: the places of the old value are not believed",
			code: `
				4889c1     3*  MOVQ AX, CX
				4801c3     2*  ADDQ AX, BX
				c3         5*  RET`,
			want: "AX|AX CX|BX",
		},
		{
			name: "computed on a line that does not assign to it",
			code: `
				4801c3     3*  ADDQ AX, BX
				c3         5*  RET`,
			want: "AX|AX",
		},
		{
			name: "stored, and loaded again",
			code: `
				4889442410 3*  MOVQ AX, 16(SP)
				31c0       4*  XORL AX, AX
				488b4c2410 5*  MOVQ 16(SP), CX
				c3         6*  RET`,
			want: "AX|AX 16|16|CX 16",
		},
		{
			name: "the slot is given to another",
			code: `
				4889442410 3*  MOVQ AX, 16(SP)
				48894c2410 4*  MOVQ CX, 16(SP)
				c3         6*  RET`,
			want: "AX|AX 16|AX",
		},
		{
			name: "half of a slot is written",
			code: `
				4889442410 3*  MOVQ AX, 16(SP)
				894c2414   4*  MOVL CX, 20(SP)
				c3         6*  RET`,
			want: "AX|AX 16|AX",
		},
		{
			name: "half of it is copied",
			code: `
				89c1       3*  MOVL AX, CX
				c3         6*  RET`,
			want: "AX|AX",
		},
		{
			name: "what may have stayed as it was is where it was",
			code: `
				4889c1     3*  MOVQ AX, CX
				4801c3     2*  ADDQ AX, BX
				c3         5*  RET`,
			keeps: true,
			want:  "AX|AX CX|AX CX BX",
		},
		{
			name: "on both ways",
			code: `
				4885db     3*  TESTQ BX, BX
				7405       3   JE 2 further
				4889c1     4*  MOVQ AX, CX
				eb03       4   JMP 1 further
				4889c1     5*  MOVQ AX, CX
				c3         6*  RET`,
			want: "AX|AX|AX|AX CX|AX|AX CX",
		},
		{
			name: "assigned on one of two ways",
			code: `
				4885db     3*  TESTQ BX, BX
				7403       3   JE 1 further
				4801d8     2*  ADDQ BX, AX
				c3         6*  RET`,
			want: "AX|AX|AX|AX",
		},
		{
			name: "assigned on one of two ways, elsewhere",
			code: `
				4885db     3*  TESTQ BX, BX
				7403       3   JE 1 further
				4801c3     2*  ADDQ AX, BX
				c3         6*  RET`,
			want: "AX|AX|AX|",
		},
		{
			name: "what a loop writes is gone at its head",
			code: `
				4889c1     3*  MOVQ AX, CX
				48ffc1     4*  INCQ CX
				ebfb       4   JMP 1 back`,
			want: "AX|AX|AX",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fl := newFlow(&Image{}, &engine.Function{}, listing(t, tt.code))
			s := fl.solve(unit{
				size: wordSize, lines: map[int]assignment{2: {statement: 2, keeps: tt.keeps}},
				entry: holders{regs: 1 << regAX},
			})
			var got []string
			for i := range fl.code {
				got = append(got, named(fl.at(s, i).holders))
			}
			if text := strings.Join(got, "|"); text != tt.want {
				t.Errorf("got %s, want %s", text, tt.want)
			}
		})
	}
}

// named lists places by their names.
func named(h holders) string {
	var list []string
	for n, name := range []string{"AX", "CX", "DX", "BX"} {
		if h.regs>>n&1 != 0 {
			list = append(list, name)
		}
	}
	for _, from := range h.slots {
		list = append(list, fmt.Sprint(from))
	}
	return strings.Join(list, " ")
}

// What an append has still to store counts where its line is come to again, behind
// code of another, but not where the line begins, nor before that.
func TestUnfinished(t *testing.T) {
	fl := newFlow(&Image{}, &engine.Function{}, listing(t, `
		49ffc0     2*  INCQ R8
		48ffc1     3*  INCQ CX
		48890e     2*  MOVQ CX, 0(SI)
		c3         4*  RET`))
	for i, want := range []bool{false, false, true, false} {
		if got := fl.unfinished([]int{2}, i); got != want {
			t.Errorf("before instruction %d: %v, want %v", i, got, want)
		}
	}
}
