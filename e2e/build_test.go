package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// builds holds what is built once for all tests: how, by path.
var builds sync.Map // of string to func() error

// buildTarget builds a program of testdata in one of the buildModes, once.
func buildTarget(t *testing.T, mode, name string) string {
	t.Helper()
	flags, ok := buildModes[mode]
	if !ok {
		t.Fatalf("build %s: there is no mode %s", name, mode)
	}
	return buildOnce(t, name+"-"+mode, nil, slices.Concat([]string{"go"}, flags, []string{"./testdata/" + name})...)
}

// buildOnce runs a command that builds a file, once, and returns its path. The
// command, which may have more variables in its environment, gets -o with the path
// in front of its flags.
func buildOnce(t *testing.T, name string, env []string, line ...string) string {
	t.Helper()
	path := filepath.Join(scratch, "bin", name)
	build, _ := builds.LoadOrStore(path, sync.OnceValue(func() error {
		at := 1
		if line[0] == "go" {
			at = 2 // behind "build"
		}
		line := slices.Insert(slices.Clone(line), at, "-o", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { // other tools than go do not
			return err
		}
		cmd := exec.Command(line[0], line[1:]...)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
		}
		return nil
	}))
	if err := build.(func() error)(); err != nil {
		t.Fatal(err)
	}
	return path
}

// link gives a program that was built once another name in dir, which the test may
// take away.
func link(t *testing.T, prog, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.Link(prog, path); err != nil {
		t.Fatal(err)
	}
	return path
}
