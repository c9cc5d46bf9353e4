package dlv

import (
	"debug/dwarf"
	"testing"
)

// TestUnknownFile has no name for a file that the linker calls by a question mark.
func TestUnknownFile(t *testing.T) {
	unit := &dwarf.Entry{Offset: 1}
	s := &symbolizer{files: map[dwarf.Offset][]*dwarf.LineFile{1: {{Name: "?"}, {Name: "/src/a?.go"}, nil}}}
	for index, want := range []string{"", "/src/a?.go", "", ""} {
		if got := s.file(unit, int64(index)); got != want {
			t.Errorf("file %d: %q, want %q", index, got, want)
		}
	}
}
