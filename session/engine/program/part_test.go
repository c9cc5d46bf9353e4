//go:build linux && amd64

package program

import (
	"debug/dwarf"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/op"
)

// TestIsPart checks when a place cannot be that of the whole variable.
func TestIsPart(t *testing.T) {
	word := &godwarf.UintType{BasicType: godwarf.BasicType{CommonType: godwarf.CommonType{ByteSize: 8}}}
	pair := &godwarf.StructType{CommonType: godwarf.CommonType{ByteSize: 16}}
	list, block := any(int64(0x40)), any([]byte{byte(op.DW_OP_fbreg), 0})
	register := []op.Piece{{Kind: op.RegPiece}}
	two := []op.Piece{{Size: 8, Kind: op.RegPiece}, {Size: 8, Kind: op.AddrPiece}}
	for _, tt := range []struct {
		name    string
		typ     godwarf.Type
		where   any
		pieces  []op.Piece
		escapes bool
		debug   bool
		want    bool
	}{
		{name: "a word in a register", typ: word, where: list, pieces: register},
		{name: "a word in memory", typ: word, where: list},
		{name: "two words in two places", typ: pair, where: list, pieces: two},
		{name: "two words that never move", typ: pair, where: block},
		{name: "two words on the heap", typ: pair, where: list, escapes: true},
		{name: "two words in memory, not optimised", typ: pair, where: list, debug: true},
		{name: "two words in a register", typ: pair, where: list, pieces: register, want: true},
		{name: "two words in the place of one", typ: pair, where: list, want: true},
	} {
		entry := &dwarf.Entry{Field: []dwarf.Field{{Attr: dwarf.AttrLocation, Val: tt.where}}}
		l := &Local{Param: Param{Type: tt.typ}, entry: &godwarf.Tree{Entry: entry}, escapes: tt.escapes, split: !tt.debug}
		if got := l.isPart(tt.pieces); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
