package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// keepOnFailure returns a new directory that is removed unless the test fails.
func keepOnFailure(t *testing.T, prefix string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the program and its trace are in %s", dir)
			return
		}
		os.RemoveAll(dir)
	})
	return dir
}

// goTool runs go in dir.
func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %q: %v\n%s", args, err, out)
	}
}

// validateFile checks the stream of JSON lines in a file.
func validateFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return validate(f)
}
