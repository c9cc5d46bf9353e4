package program

import (
	"debug/dwarf"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine"
)

// What is on the heap is known where the stores that came last are those that the text
// says: not before them, nor where one was made early, or left out.
func TestContent(t *testing.T) {
	fl := newFlow(&Image{}, &engine.Function{}, listing(t, `
		48890e     2*  MOVQ CX, 0(SI)
		4889d1     3*  MOVQ DX, CX
		48890e     5*  MOVQ CX, 0(SI)
		48ffc1     4*  INCQ CX
		c3         6*  RET`))
	l := &Local{Param: Param{Name: "x"}, Declared: 1, entry: &godwarf.Tree{Entry: &dwarf.Entry{Tag: dwarf.TagVariable}}}
	all := []engine.Assigned{{
		Name: "x", Declared: 1, By: []engine.Assignment{{First: 2, Last: 2}, {First: 5, Last: 5}, {First: 7, Last: 7}},
		Reach: map[int][]uint64{2: {1}, 3: {2}, 4: {2}, 5: {2}, 6: {4}, 8: {8}},
	}}
	for _, tt := range []struct {
		insn, line int
		want       bool
	}{
		{0, 2, true},
		{1, 3, true},
		{3, 4, false}, // line 5 has stored already
		{4, 6, true},
		{4, 8, false}, // the store of line 7 was left out
	} {
		if got := fl.isKept(l, tt.insn, tt.line, all); got != tt.want {
			t.Errorf("on line %d, before instruction %d: %v, want %v", tt.line, tt.insn, got, tt.want)
		}
	}
	clear(fl.contents)
	all[0].By[1].Part = true
	all[0].Reach[6] = []uint64{2 | 4}
	if !fl.isKept(l, 4, 6, all) {
		t.Error("what a part was assigned to is not believed to have the rest of what it was")
	}
}
