package program

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
		zero       bool   // line 2 assigns 0, and has no code
		step       int    // line 2 adds it, after 0
		from       bool   // line 2 assigns what is passed in BX
		want       string // by instruction, what holds x before it
	}{
		{
			name: "copied, and no longer where something else was put",
			code: `
				4889c1     3*  MOVQ AX, CX
				4889c3     4*  MOVQ AX, BX
				31c0       4   XORL AX, AX
				c3         5*  RET`,
			want: "AXe|AXe CXe|AXe CXe BXe|CXe BXe",
		},
		{
			name: "assigned anew: the places of the old value are not believed",
			code: `
				4889c1     3*  MOVQ AX, CX
				4801c3     2*  ADDQ AX, BX
				c3         5*  RET`,
			want: "AXe|AXe CXe|BX2",
		},
		{
			name: "computed on a line that does not assign to it",
			code: `
				4801c3     3*  ADDQ AX, BX
				c3         5*  RET`,
			want: "AXe|AXe",
		},
		{
			name: "stored, and loaded again",
			code: `
				4889442410 3*  MOVQ AX, 16(SP)
				31c0       4*  XORL AX, AX
				488b4c2410 5*  MOVQ 16(SP), CX
				c3         6*  RET`,
			want: "AXe|AXe 16:e|16:e|CXe 16:e",
		},
		{
			name: "the slot is given to another",
			code: `
				4889442410 3*  MOVQ AX, 16(SP)
				48894c2410 4*  MOVQ CX, 16(SP)
				c3         6*  RET`,
			want: "AXe|AXe 16:e|AXe",
		},
		{
			name: "half of a slot is written",
			code: `
				4889442410 3*  MOVQ AX, 16(SP)
				894c2414   4*  MOVL CX, 20(SP)
				c3         6*  RET`,
			want: "AXe|AXe 16:e|AXe",
		},
		{
			name: "half of it is copied",
			code: `
				89c1       3*  MOVL AX, CX
				c3         6*  RET`,
			want: "AXe|AXe",
		},
		{
			name: "what may have stayed as it was is where it was",
			code: `
				4889c1     3*  MOVQ AX, CX
				4801c3     2*  ADDQ AX, BX
				c3         5*  RET`,
			keeps: true,
			want:  "AXe|AXe CXe|AX2 CX2 BX2",
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
			want: "AXe|AXe|AXe|AXe CXe|AXe|AXe CXe",
		},
		{
			name: "assigned on one of two ways",
			code: `
				4885db     3*  TESTQ BX, BX
				7403       3   JE 1 further
				4801d8     2*  ADDQ BX, AX
				c3         6*  RET`,
			want: "AXe|AXe|AXe|AXe2",
		},
		{
			name: "assigned on one of two ways, elsewhere",
			code: `
				4885db     3*  TESTQ BX, BX
				7403       3   JE 1 further
				4801c3     2*  ADDQ AX, BX
				c3         6*  RET`,
			want: "AXe|AXe|AXe|",
		},
		{
			name: "what a loop writes is gone at its head",
			code: `
				4889c1     3*  MOVQ AX, CX
				48ffc1     4*  INCQ CX
				ebfb       4   JMP 1 back`,
			want: "AXe|AXe|AXe",
		},
		{
			name: "one or the other, by a condition",
			code: `
				4801c3     2*  ADDQ AX, BX
				4889d9     3*  MOVQ BX, CX
				4885db     3   TESTQ BX, BX
				480f4cc1   3   CMOVL CX, AX
				480f4cca   3   CMOVL DX, CX
				c3         5*  RET`,
			want: "AXe|BX2|CX2 BX2|CX2 BX2|CX2 BX2|BX2",
		},
		{
			name: "the constant that is assigned, where it is needed",
			code: `
				31c9       3*  XORL CX, CX
				31d2       4*  XORL DX, DX
				4883c101   5*  ADDQ $1, CX
				c3         5   RET`,
			zero: true,
			want: "AXe|AXe CX2|AXe CX2 DX2|AXe DX2",
		},
		{
			name: "a loop that counts: not its bound, and not the next number in what is left of the round",
			code: `
				31c9       2*  XORL CX, CX
				eb09       2   JMP 4 further
				488b542408 2   MOVQ 8(SP), DX
				48ffc1     2*  INCQ CX
				90         3*  NOP
				4839ca     2*  CMPQ CX, DX
				7cf2       2   JL 4 back
				c3         4*  RET`,
			step: 1,
			want: "AXe|AXe CX2|CX2|CX2||CX2|CX2|CX2",
		},
		{
			name: "a part of what a statement computes, of which more comes further on",
			code: `
				4801c3     2*  ADDQ AX, BX
				7403       3*  JE 1 further
				48ffc3     2*  INCQ BX
				c3         4*  RET`,
			want: "AXe|||",
		},
		{
			name: "of which more comes behind another line",
			code: `
				4801c3     2*  ADDQ AX, BX
				31c9       3*  XORL CX, CX
				48ffc3     2*  INCQ BX
				c3         4*  RET`,
			want: "AXe|||BX2",
		},
		{
			name: "what else is saved on its lines",
			code: `
				4889d9     2*  MOVQ BX, CX
				48895c2410 2   MOVQ BX, 16(SP)
				c3         4*  RET`,
			want: "AXe||",
		},
		{
			name: "what was computed on its lines, on one of two ways, and is saved there",
			code: `
				4839d9     3*  CMPQ CX, BX
				7504       2*  JNE 1 further
				480fafd9   2   IMULQ CX, BX
				48895c2410 2   MOVQ BX, 16(SP)
				c3         4*  RET`,
			want: "AXe|AXe|||16:2",
		},
		{
			name: "what others write to the frame",
			code: `
				488d5c2410 2*  LEAQ 16(SP), BX
				488b4c2410 2   MOVQ 16(SP), CX
				c3         4*  RET`,
			want: "AXe|BX2|CX2 BX2",
		},
		{
			name: "an element of what is in the frame",
			code: `
				488b4c2410 2*  MOVQ 16(SP), CX
				488b5cc410 2   MOVQ 16(SP)(AX*8), BX
				c3         4*  RET`,
			want: "AXe|CX2|CX2 BX2",
		},
		{
			name: "of what is copied only the variable that is assigned",
			code: `
				4889d1     2*  MOVQ DX, CX
				4889da     2   MOVQ BX, DX
				31db       3*  XORL BX, BX
				48895c2410 2*  MOVQ BX, 16(SP)
				c3         4*  RET`,
			from: true,
			want: "AXe||DX2|DX2|",
		},
		{
			name: "a loop that was turned round",
			code: `
				31c9       2*  XORL CX, CX
				48ffc9     2*  DECQ CX
				7dfb       2   JGE 1 back
				c3         4*  RET`,
			step: 1,
			want: "AXe|||",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fl := newFlow(&Image{}, &engine.Function{}, listing(t, tt.code))
			u := unit{size: wordSize, lines: map[int]assignment{2: {statement: 2, by: 2, keeps: tt.keeps, first: 2, last: 2}}}
			u.entry.regs[regAX] = entered
			if tt.step != 0 {
				u.lines[2] = assignment{statement: 2, by: 2, computes: true, step: tt.step, constant: true}
			}
			if tt.from {
				y := unit{size: wordSize}
				y.entry.regs[regBX] = entered
				a := u.lines[2]
				a.copies, a.source = true, &taking{fl.solve(y), []uint64{uint64(entered)}}
				u.lines[2] = a
			}
			if tt.zero {
				u.constants = []constantValue{{by: 2}}
			}
			s := fl.solve(u)
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

// named lists places by their names, with the assignments that what they hold may be
// of: e for the entry, 2 for that on line 2.
func named(h holders) string {
	var list []string
	add := func(name string, of origins) {
		if of&unsure != 0 {
			return
		}
		if of&entered != 0 {
			name += "e"
		}
		if of&2 != 0 {
			name += "2"
		}
		list = append(list, name)
	}
	for n, name := range []string{"AX", "CX", "DX", "BX"} {
		if h.regs[n] != 0 {
			add(name, h.regs[n])
		}
	}
	for _, s := range h.slots {
		add(fmt.Sprint(s.from)+":", s.by)
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
