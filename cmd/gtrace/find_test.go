package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestClassify(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, mode := range map[string]os.FileMode{
		"bin/tool": 0o755, "bin/other": 0o755, "bin/data": 0o644, // bin is $PATH
		"tool": 0o755, "local": 0o755, "data": 0o644, "main.go": 0o644, "cmd/x/x.go": 0o644,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", filepath.Join(dir, "bin"))
	abs := func(name string) string { return filepath.Join(dir, name) }
	for _, tt := range []struct {
		prog   string
		want   progKind
		path   string
		status int
	}{
		{"tool", aBinary, abs("bin/tool"), 0}, // $PATH comes first
		{"./tool", aBinary, abs("tool"), 0},
		{"other", aBinary, abs("bin/other"), 0},
		{"local", aBinary, abs("local"), 0}, // but the current directory will do
		{"bin/tool", aBinary, abs("bin/tool"), 0},
		{".", aDir, ".", 0},
		{"..", aDir, "..", 0},
		{"cmd/x", aDir, "cmd/x", 0},
		{"cmd", aDir, "cmd", 0},
		{"main.go", aFile, "main.go", 0},
		{"cmd/x/x.go", aFile, "cmd/x/x.go", 0},
		{"example.com/x/cmd/y", aPackage, "example.com/x/cmd/y", 0},
		{"nothing", aPackage, "nothing", 0},
		{"./nothing", 0, "", statusNotFound},
		{"/nothing", 0, "", statusNotFound},
		{"nothing.go", 0, "", statusNotFound},
		{"data", 0, "", statusNotStarted},
		{"./data", 0, "", statusNotStarted},
	} {
		src, path, err := classify(tt.prog)
		if src != tt.want || path != tt.path || exitStatus(err) != tt.status {
			t.Errorf("%s: %v %q %v, want %v %q status %d", tt.prog, src, path, err, tt.want, tt.path, tt.status)
		}
	}
}
