package program

import (
	"debug/elf"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gtrace/session/engine"
)

// buildSmall builds a small program, and returns its path.
func buildSmall(t *testing.T, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println(len(\"small\")) }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", slices.Concat([]string{"build", "-o", "prog"}, flags, []string{"main.go"})...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // -linkmode=external needs it, whatever the tests are built with
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "prog")
}

// TestDamaged damages a program in one of its parts, again and again. What is wrong
// must be said: that it was stripped, or is no program, is not.
func TestDamaged(t *testing.T) {
	prog := buildSmall(t, "-ldflags=-compressdwarf=false")
	data, err := os.ReadFile(prog)
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(prog)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	type part struct {
		name      string
		from, len uint64
	}
	parts := []part{{"headers of sections", uint64At(data, 0x28), 64 * uint64(len(file.Sections))}}
	for _, s := range file.Sections {
		if strings.HasPrefix(s.Name, ".debug_") || s.Name == ".gopclntab" || s.Name == ".go.buildinfo" || s.Name == ".symtab" {
			parts = append(parts, part{s.Name, s.Offset, s.FileSize})
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "damaged")
	for n := range 150 {
		p := parts[n%len(parts)]
		bad := slices.Clone(data)
		at := p.from + rnd.Uint64N(min(p.len, 1<<rnd.IntN(20)))
		for i := at; i < min(at+1<<rnd.IntN(8), p.from+p.len); i++ {
			bad[i] ^= byte(1 + rnd.IntN(255))
		}
		if err := os.WriteFile(path, bad, 0o755); err != nil {
			t.Fatal(err)
		}
		_, _ = Inspect(path)
		im, err := Open(path)
		switch {
		case err == nil:
			_ = im.Close()
		case errors.Is(err, engine.ErrNoDebugInfo) || errors.Is(err, engine.ErrNotGo):
			t.Errorf("%s, at %#x: %v", p.name, at-p.from, err)
		case !errors.Is(err, engine.ErrDamaged) && !errors.Is(err, engine.ErrGoVersion) && !errors.Is(err, engine.ErrNotSupported):
			t.Errorf("%s, at %#x: %v", p.name, at-p.from, err)
		}
	}
}

// TestStripped is about what was taken away on purpose.
func TestStripped(t *testing.T) {
	for flag, want := range map[string]string{
		"-ldflags=-s": "no debug information: it was stripped (-ldflags=-s or strip)",
		"-ldflags=-w": "no debug information: it was built without (-ldflags=-w), or that was stripped (strip -g)",
	} {
		_, err := Open(buildSmall(t, flag))
		if err == nil || !strings.HasSuffix(err.Error(), want) || !errors.Is(err, engine.ErrNoDebugInfo) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

// TestLineTables reads programs whose table of lines is not where it mostly is.
func TestLineTables(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip(err)
	}
	for _, flags := range [][]string{
		{"-buildmode=pie"},
		{"-ldflags=-linkmode=external"},
		{"-buildmode=pie", "-ldflags=-linkmode=external"},
	} {
		im, err := Open(buildSmall(t, flags...))
		if err != nil {
			t.Errorf("%s: %v", flags, err)
			continue
		}
		// As Go 1.25 had it: within another section, where only symbols tell of it.
		for _, s := range im.file.Sections {
			if strings.HasSuffix(s.Name, ".gopclntab") {
				s.Name = ".data.rel.ro"
			}
		}
		table, err := im.lineTable()
		if err != nil {
			t.Errorf("%s: by symbols: %v", flags, err)
		} else if f := table.LookupFunc("main.main"); f == nil || im.byEntry[f.Entry+im.base] == nil {
			t.Errorf("%s: main.main is not where it should be", flags)
		}
		_ = im.Close()
	}
}
