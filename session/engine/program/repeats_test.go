package program

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestRepeats has optimised code. Lines 12 and 13 are of one statement.
func TestRepeats(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		want       string // instruction:line, with a star where a loop may meet it again
	}{
		{
			name: "a piece of a line between those of another",
			code: `
				ff0424  2*
				7402    2    JE
				ffc0    3*   INCL
				ffc1    2*   INCL
				c3      4*`,
			want: "0:2 2:3 4:4",
		},
		{
			name: "a line in a loop, with a piece in front of it",
			code: `
				ff0424  2*
				ffc0    3*   INCL
				ffc1    2*   INCL
				7ffa    3    JG to line 3
				c3      4*`,
			want: "0:2 1:3 2:2 4:4",
		},
		{
			name: "a loop that does not leave the line",
			code: `
				ff0424  2*
				eb02    3    JMP to the test
				ffc0    3    INCL
				39d8    3*   CMPL
				7ffa    3    JG
				c3      4*`,
			want: "0:2 3:3* 5:4",
		},
		{
			name: "what a conditional move may choose",
			code: `
				ff0424  2*
				8d4801  3*   LEAL 1(AX), CX
				39d8    4*   CMPL
				0f4fc1  5*   CMOVGL CX, AX
				c3      6*`,
			want: "0:2 2:4 3:5 4:6",
		},
		{
			name: "what operands have come to, where not all of them are evaluated",
			code: `
				39d8    11*
				7405    11   JE to the test
				39d9    13*  CMPL
				0f94c0  13   SETE AL
				85c0    13*  TESTL AX, AX
				7403    13   JE
				ff0424  14*
				c3      15*`,
			want: "0:11 2:13 6:14 7:15",
		},
		{
			name: "two comparisons in one, of which the first line has nothing",
			code: `
				ff0424  11*
				8d48ff  13*  LEAL -1(AX), CX
				83f905  13   CMPL CX, $5
				7303    13   JAE
				ff0424  14*
				c3      15*`,
			want: "0:11 4:14 5:15",
		},
		{
			name: "a truth value that comes back from the stack for a jump of another line",
			code: `
				ff0424      2*
				0fb64c2408  4*  MOVBLZX 8(SP), CX
				85c9        4   TESTL CX, CX
				7403        3*  JE
				ff0424      3*
				ffc0        4*  INCL
				c3          5*`,
			want: "0:2 3:3 5:4 6:5",
		},
		{
			name: "a byte that comes back from the stack",
			code: `
				ff0424      2*
				0fb64c2408  4*  MOVBLZX 8(SP), CX
				ff0424      3*
				ffc0        4*  INCL
				c3          5*`,
			want: "0:2 2:3 3:4 4:5",
		},
		{
			name: "the result of an operand that was not evaluated",
			code: `
				39d8    12*
				7403    12   JE behind the operand
				890424  13*
				ffc0    13*  INCL
				c3      14*`,
			want: "0:12 2:13 4:14",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := listing(t, tt.code)
			statement := func(line int) int {
				if line == 13 {
					return 12
				}
				return line
			}
			b.skipShuffles()
			b.skipGuesses()
			marks := b.dropJoins(b.dropRepeats(b.marks(func(int) bool { return true }), statement), statement)
			b.findRounds(marks)
			var got []string
			for _, m := range marks {
				i := slices.IndexFunc(b.code, func(in Insn) bool { return in.Addr == m.Addr })
				star := ""
				if m.Rounds {
					star = "*"
				}
				got = append(got, fmt.Sprintf("%d:%d%s", i, m.Line, star))
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("marks %s, want %s", got, tt.want)
			}
		})
	}
}
