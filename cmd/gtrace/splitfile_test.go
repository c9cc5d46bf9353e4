package main

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
		s := newSplitFile(file, path, appending)
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

// TestSplit traces goroutines into files of their own.
func TestSplit(t *testing.T) {
	const script = `
g1 enter main.work 20 n=1
g2 enter main.other 20
g2 return main.other 20
g1 return main.work 20
exit 0`
	for _, tt := range []struct {
		args []string
		want map[string]string
	}{
		{[]string{"--normalize", "-q"}, map[string]string{"": "", ".1": "g1   • main.work(n=1)\n", ".2": "g2   • main.other(…)\n"}},
		{[]string{"--format={func} {kind}", "-q", "-f"}, map[string]string{
			"": "", ".1": "main.work call\nmain.work return\n", ".2": "main.other call\nmain.other return\n",
		}},
	} {
		path := filepath.Join(t.TempDir(), "out")
		args := append([]string{"run", anyProgram, "-ff", "-o", path}, tt.args...)
		if r := gtrace(t, &fakeBackend{target: newFakeTarget(t, script)}, args...); r.status != 0 {
			t.Fatalf("status %d\n%s", r.status, r.stderr)
		}
		for name, want := range tt.want {
			got, err := os.ReadFile(path + name)
			if err != nil || string(got) != want {
				t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
			}
		}
	}
	// A file that cannot be written ends the trace.
	path := filepath.Join(t.TempDir(), "out")
	do(t, os.Mkdir(path+".2", 0o700))
	r := gtrace(t, &fakeBackend{target: newFakeTarget(t, script)}, "run", anyProgram, "-ff", "-o", path)
	wantText(t, "stderr", r.stderr, "gtrace: write "+path+": "+path+".2: is a directory\n")
}
