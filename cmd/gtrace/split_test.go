package main

import (
	"os"
	"path/filepath"
	"testing"
)

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
	if err := os.Mkdir(path+".2", 0o700); err != nil {
		t.Fatal(err)
	}
	r := gtrace(t, &fakeBackend{target: newFakeTarget(t, script)}, "run", anyProgram, "-ff", "-o", path)
	wantText(t, "stderr", r.stderr, "gtrace: write "+path+": "+path+".2: is a directory\n")
}
