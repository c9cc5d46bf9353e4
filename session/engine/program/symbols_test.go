package program

import (
	"debug/dwarf"
	"testing"

	"gtrace/session/engine/program/debuginfo"
)

// TestUnknownFile has no name for a file that the linker calls by a question mark.
func TestUnknownFile(t *testing.T) {
	unit := &debuginfo.Unit{}
	s := &symbolizer{files: map[*debuginfo.Unit][]*dwarf.LineFile{unit: {{Name: "?"}, {Name: "/src/a?.go"}, nil}}}
	for index, want := range []string{"", "/src/a?.go", "", ""} {
		if got := s.file(unit, int64(index)); got != want {
			t.Errorf("file %d: %q, want %q", index, got, want)
		}
	}
}
