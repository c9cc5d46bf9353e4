package progen

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGenerate builds and runs some programs.
func TestGenerate(t *testing.T) {
	for seed := range uint64(12) {
		dir := filepath.Join("/tmp/w/gen", string(rune('a'+seed)))
		os.RemoveAll(dir)
		if err := Generate(seed, 200).WriteTo(dir); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "build", "-o", "prog", ".")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, out)
			continue
		}
		cmd = exec.Command("./prog")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CALLLOG=log")
		out, err := cmd.CombinedOutput()
		t.Logf("seed %d: %v %.600s", seed, err, out)
	}
}
