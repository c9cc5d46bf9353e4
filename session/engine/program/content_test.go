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
	l := &Local{Param: Param{Name: "x"}, Declared: 1, escapes: true, entry: &godwarf.Tree{Entry: &dwarf.Entry{Tag: dwarf.TagVariable}}}
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
		if got := fl.isKept(l, slot{}, tt.insn, tt.line, all); got != tt.want {
			t.Errorf("on line %d, before instruction %d: %v, want %v", tt.line, tt.insn, got, tt.want)
		}
	}
	clear(fl.contents)
	all[0].By[1].Part = true
	all[0].Reach[6] = []uint64{2 | 4}
	if !fl.isKept(l, slot{}, 4, 6, all) {
		t.Error("what a part was assigned to is not believed to have the rest of what it was")
	}
}

// In the frame, what counts are stores in the place of the variable alone; of what one
// leads to, those that come too early.
func TestContentOfFrame(t *testing.T) {
	fl := newFlow(&Image{}, &engine.Function{}, listing(t, `
		48894c2410 2*  MOVQ CX, 16(SP)
		48894c2418 5*  MOVQ CX, 24(SP)
		48890e     5   MOVQ CX, 0(SI)
		c3         3*  RET`))
	l := &Local{Param: Param{Name: "x"}, Declared: 1, entry: &godwarf.Tree{Entry: &dwarf.Entry{Tag: dwarf.TagVariable}}}
	all := []engine.Assigned{{
		Name: "x", Declared: 1, By: []engine.Assignment{{First: 2, Last: 2}, {First: 5, Last: 5}},
		Reach: map[int][]uint64{3: {2}},
	}}
	home, _ := fl.stores(0)
	if !fl.isKept(l, home, 3, 3, all) {
		t.Error("what line 5 stores elsewhere is taken for a store in the variable")
	}
	if beside, _ := fl.stores(1); fl.isKept(l, beside, 3, 3, all) {
		t.Error("what line 5 stores early is believed")
	}
	if fl.isAhead(l, 3, 3, all) {
		t.Error("what is assigned to all of a variable is taken for a part of what it leads to")
	}
	clear(fl.contents)
	all[0].By[1].Part = true
	if !fl.isAhead(l, 3, 3, all) {
		t.Error("what line 5 stores early in what the variable leads to is believed")
	}
}
