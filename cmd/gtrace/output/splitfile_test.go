package output

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestSplitFile writes lines of more goroutines than files are kept open, in
// pieces of every length.
func TestSplitFile(t *testing.T) {
	const goroutines, lines = 3 * maxSplitFiles, 4
	var frames bytes.Buffer
	for n := range lines {
		for id := range goroutines {
			fmt.Fprintf(frameWriter{&frames, int64(id)}, "line %d of %d\n", n, id)
		}
	}
	for _, appending := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "out")
		do(t, os.WriteFile(path+".7", []byte("old\n"), 0o600))
		file, err := openFile(path, false, os.Geteuid(), 0)
		do(t, err)
		s := NewSplitFile(file, path, appending)
		rest := frames.Bytes()
		for n := 1; len(rest) > 0; n = n%37 + 1 {
			n = min(n, len(rest))
			if wrote, err := s.Write(rest[:n]); wrote != n || err != nil {
				t.Fatal(wrote, err)
			}
			rest = rest[n:]
			if open := len(s.open.young) + len(s.open.old); open > 2*maxSplitFiles {
				t.Fatalf("%d files are open", open)
			}
		}
		do(t, s.Close())
		for id := range goroutines {
			name, want := path, ""
			if id > 0 {
				name = fmt.Sprintf("%s.%d", path, id)
			}
			if id == 7 && appending {
				want = "old\n"
			}
			for n := range lines {
				want += fmt.Sprintf("line %d of %d\n", n, id)
			}
			got, err := os.ReadFile(name)
			if err != nil || string(got) != want {
				t.Fatalf("%s: %v\n%s\nwant\n%s", name, err, got, want)
			}
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != traceMode {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
		}
	}
}
