package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// builds holds what is built once for all tests: by path, how.
var builds sync.Map // of string to func() error

// buildTarget builds a program of testdata in one of the buildModes, once.
func buildTarget(t *testing.T, mode, name string) string {
	t.Helper()
	flags, ok := buildModes[mode]
	if !ok {
		t.Fatalf("build %s: there is no mode %s", name, mode)
	}
	path := filepath.Join(scratch, "bin", name+"-"+mode)
	build, _ := builds.LoadOrStore(path, sync.OnceValue(func() error {
		out, err := exec.Command("go", append(slices.Clone(flags), "-o", path, "./testdata/"+name)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("build %s, %s: %w\n%s", name, mode, err, out)
		}
		return nil
	}))
	if err := build.(func() error)(); err != nil {
		t.Fatal(err)
	}
	return path
}
