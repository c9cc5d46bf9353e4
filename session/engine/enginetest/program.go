package enginetest

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

//go:embed testdata/program.go
var source []byte

// A Program is a small program that the suite observes. An engine is given one
// to start and to hold before its main function runs.
type Program struct {
	// Mode is the program's one argument: what it is to do.
	Mode  string
	build func() (string, error)
}

// Path compiles the program, the first time it is asked, and returns its path.
func (p Program) Path(t *testing.T) string {
	t.Helper()
	path, err := p.build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// builder compiles the program once for all tests below t.
func builder(t *testing.T) func() (string, error) {
	dir := t.TempDir()
	return sync.OnceValues(func() (string, error) {
		file := filepath.Join(dir, "program.go")
		if err := os.WriteFile(file, source, 0o600); err != nil {
			return "", err
		}
		path := filepath.Join(dir, "program")
		build := exec.Command("go", "build", "-o", path, file)
		build.Stderr = os.Stderr
		return path, build.Run()
	})
}
