package progen

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestGenerateIsDeterministic(t *testing.T) {
	if a, b := Generate(7, 100), Generate(7, 100); !maps.Equal(a, b) {
		t.Error("the same seed made two programs")
	}
	if a, b := Generate(7, 100), Generate(8, 100); maps.Equal(a, b) {
		t.Error("two seeds made the same program")
	}
}

// TestExpect runs some programs by themselves: their logs must tell a story
// that holds together, with something in it.
func TestExpect(t *testing.T) {
	dir := t.TempDir()
	events := 0
	for seed := range uint64(4) {
		if err := Generate(seed, 300).WriteTo(dir); err != nil {
			t.Fatal(err)
		}
		build := exec.CommandContext(t.Context(), "go", "build", "-o", "prog", ".")
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, out)
		}
		logFile := filepath.Join(dir, "log.jsonl")
		run := exec.CommandContext(t.Context(), filepath.Join(dir, "prog"))
		run.Env = append(os.Environ(), "CALLLOG="+logFile)
		_ = run.Run() // some end by a panic
		log, err := os.Open(logFile)
		if err != nil {
			t.Fatal(err)
		}
		seen, _, err := Expect(log)
		log.Close()
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, es := range seen {
			events += len(es)
		}
		if err := os.Remove(logFile); err != nil {
			t.Fatal(err)
		}
	}
	if events < 500 {
		t.Errorf("only %d events: too little happens", events)
	}
}
