package program

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestArrivals has code as it is made without optimising. What stores is 890424,
// MOVL AX, (SP); 8b0424, MOVL (SP), AX, only computes.
func TestArrivals(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		apart      [][2]int // lines that do not lead to a jump
		want       string   // instruction:line, with a star where it is always an arrival
	}{
		{
			name: "control enters a line behind its only begin",
			code: `
				39d8    2*   CMPL
				7407    2    JE to the second jump
				890424  3*
				eb02    3    JMP to it
				eb00    4*   JMP
				890424  4
				c3      5*`,
			want: "0:2* 2:3* 5:4* 6:5*",
		},
		{
			name: "what leaves a body is on the line of the head",
			code: `
				39d8    2*   CMPL
				7405    2    JE
				890424  3*
				eb00    2*   JMP
				890424  4*
				c3      4`,
			want: "0:2* 2:3* 4:4*",
		},
		{
			name: "a break is a jump, and so is what leaves a switch",
			code: `
				39d8    3*   CMPL
				7402    3    JE to the second jump
				eb02    4*   JMP
				eb00    2*   JMP
				890424  5*
				c3      5`,
			want: "0:3* 2:4* 4:5*",
		},
		{
			name: "a loop that is gone round from two places",
			code: `
				890424  2*
				eb09    2    JMP to the test
				39d8    3*   CMPL
				7403    3    JE to the step: continue
				890424  4*
				ff0424  2*   the step
				39d8    2    the test
				7ff0    2    JG to the body
				c3      5*`,
			want: "0:2* 2:3* 4:4* 5:2* 8:5*",
		},
		{
			name: "the head is entered by a jump from its own line, and from others",
			code: `
				890424  2*
				7402    2    JE to the head
				eb00    3*   JMP
				ff0424  2*   the head
				c3      5*`,
			want: "0:2* 2:3* 3:2 4:5*",
		},
		{
			name: "the store of a line is behind the begin of the next",
			code: `
				39d8      2*
				8b0424    3*
				0f940424  2    SETE
				890424    3
				c3        4*`,
			want: "0:2* 3:3* 4:4*",
		},
		{
			name: "what a line computes is before the line in front of it",
			code: `
				890424    2*
				8b0424    4*
				890424    3*
				890424    4
				c3        5*`,
			want: "0:2* 1:3* 3:4* 4:5*",
		},
		{
			name: "a register that is moved is no arrival",
			code: `
				39d8      2*
				7205      2    JB
				890424    2
				8b0424    3
				890424    2
				c3        3*`,
			want: "0:2* 5:3*",
		},
		{
			name: "a line that is all there is in a loop without an end",
			code: `
				890424  2*
				eb00    3*   JMP: for {
				890424  4*
				eb00    4    JMP
				ebf9    4    JMP to the line
				c3      5*`,
			want: "0:2* 1:3* 2:4* 5:5*",
		},
		{
			name: "a comparison that the compiler has moved before the line that needs it",
			code: `
				890424  2*
				39d8    2    CMPL
				7403    3*   JE to the end
				890424  4*
				c3      5*`,
			want: "0:2* 1:3* 3:4* 4:5*",
		},
		{
			name: "a condition on two lines, of which the second may not be evaluated",
			code: `
				39d8      12*
				7403      12   JE
				890424    13*
				39d8      12
				7403      13   JE, which is on the line of the last operand
				890424    14*
				c3        15*`,
			want: "0:12* 2:13 5:14* 6:15*",
		},
		{
			name: "a continue that is reached from the loop in front of it, and around that",
			code: `
				39d8    2*   CMPL
				7405    2    JE to the second jump on line 4
				890424  3*
				eb00    4*   JMP
				eb00    4    JMP
				890424  5*
				c3      6*`,
			want: "0:2* 2:3* 3:4* 4:4 5:5* 6:6*",
		},
		{
			name: "a break that shares its jump with the end of another case",
			code: `
				39d8    2*   CMPL
				7405    2    JE to the other case
				890424  3*
				eb07    3    JMP to the jump on line 5
				890424  4*
				eb00    5*   JMP
				eb00    5    JMP
				890424  6*
				c3      7*`,
			apart: [][2]int{{3, 5}},
			want:  "0:2* 2:3* 4:4* 5:5* 7:6* 8:7*",
		},
		{
			name: "a break that is one jump with the end of another case",
			code: `
				39d8    2*   CMPL
				7405    2    JE to the other case
				890424  3*
				eb03    3    JMP to the jump on line 5
				890424  4*
				eb00    5*   JMP
				890424  6*
				c3      7*`,
			apart: [][2]int{{3, 5}},
			want:  "0:2* 2:3* 4:4* 6:6* 7:7*",
		},
		{
			name: "what is computed for later in the midst of a line",
			code: `
				890424  2*
				7403    2    JE behind the next
				890424  2
				890424  4*
				890424  2*
				890424  3*
				890424  4*
				c3      5*`,
			want: "0:2* 5:3* 6:4* 7:5*",
		},
		{
			name: "an operand behind one that the compiler knows is not evaluated",
			code: `
				c6042400  12*  MOVB $0, (SP)
				eb00      12   JMP
				eb00      13*  JMP
				890424    14*
				c3        15*`,
			want: "0:12* 3:14* 4:15*",
		},
		{
			name: "what leads on behind an operand that does nothing else",
			code: `
				39d8      12*  CMPL
				7502      12   JNE to the operand
				eb02      12   JMP to the test
				eb00      13*  JMP: the operand
				803c2400  12*  CMPB $0, (SP)
				7502      13   JNE
				eb05      13   JMP behind the body
				890424    14*
				eb02      14   JMP to the end
				eb00      13*  JMP
				c3        15*`,
			want: "0:12* 3:13 7:14* 10:15*",
		},
		{
			name: "a loop in a line, as one that fills memory with zeros",
			code: `
				890424  2*
				8b0424  3*   MOVL (SP), AX
				890424  3
				ffc8    3    DECL
				75f9    3    JNE to the store
				890424  4*
				c3      5*`,
			want: "0:2* 1:3* 5:4* 6:5*",
		},
		{
			name: "an operand that the compiler knows is a jump",
			code: `
				39d8      12*
				7407      12   JE behind the store
				eb00      13   JMP
				c6042400  12   MOVB $0, (SP)
				90        13
				803c2400  12*  CMPB $0, (SP)
				7403      13*  JE to the end
				890424    14*
				c3        15*`,
			want: "0:12* 2:13 3:12 7:14* 8:15*",
		},
		{
			name: "the result of an operand on two lines is no other operand",
			code: `
				39d8      12*
				7408      12   JE
				39d9      13*
				0f940424  13   SETE (SP)
				eb00      13   JMP
				ff0424    13*  INCL (SP)
				c3        14*`,
			want: "0:12* 2:13 6:14*",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := listing(t, tt.code)
			every := func(int) bool { return true }
			statement := func(line int) int { // 12 and 13 are one
				if line == 13 {
					return 12
				}
				return line
			}
			var got []string
			for _, m := range b.arrivals(every, statement, func(from, to int) bool { return !slices.Contains(tt.apart, [2]int{from, to}) }) {
				i := slices.IndexFunc(b.code, func(in Insn) bool { return in.Addr == m.Addr })
				star := ""
				if m.Fresh {
					star = "*"
				}
				got = append(got, fmt.Sprintf("%d:%d%s", i, m.Line, star))
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("arrivals %s, want %s", got, tt.want)
			}
		})
	}
}

// TestNeverReturns checks that code behind such calls is not taken for reached.
func TestNeverReturns(t *testing.T) {
	for name, want := range map[string]bool{
		"runtime.panicIndex": true, "runtime.gopanic": true, "runtime.goPanicSlice3C": true, "runtime.block": true,
		"runtime.growslice": false, "main.panicIndex": false, "runtime.deferreturn": false, "": false,
	} {
		if got := neverReturns(name); got != want {
			t.Errorf("%q never returns: %t", name, got)
		}
	}
}
