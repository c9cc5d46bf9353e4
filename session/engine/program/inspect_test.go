package program

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gtrace/session/engine"
)

// told writes an answer that may be missing.
func told(b *bool) string {
	if b == nil {
		return "?"
	}
	return fmt.Sprint(*b)
}

func TestInspect(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module example.com/prog\n\ngo 1.26\n",
		"main.go": "package main\n\nfunc main() { println() }\n",
		"c/c.go":  "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc main() { println(C.one()) }\n",
		"script":  "#!/bin/sh\n",
		"empty":   "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, pkg string
		env       string
		flags     []string
		after     string // a command on the binary
		want      string
	}{
		{name: "opt", want: "optimized=true inlined=true cgo=false symbols dwarf"},
		{name: "pure", env: "CGO_ENABLED=0", want: "optimized=true inlined=true cgo=false symbols dwarf"},
		{name: "debug", flags: []string{"-gcflags=all=-N -l"}, want: "optimized=false inlined=false cgo=false symbols dwarf"},
		{name: "main only", flags: []string{"-gcflags=-N -l"}, want: "optimized=false inlined=false cgo=false symbols dwarf"},
		{name: "not inlined", flags: []string{"-gcflags=all=-l"}, want: "optimized=true inlined=false cgo=false symbols dwarf"},
		// A pattern: only the compile unit tells.
		{name: "pattern", flags: []string{"-gcflags=example.com/...=-N"}, want: "optimized=false inlined=true cgo=false symbols dwarf"},
		{name: "other pattern", flags: []string{"-gcflags=fmt=-N"}, want: "optimized=true inlined=true cgo=false symbols dwarf"},
		{name: "pattern stripped", flags: []string{"-gcflags=fmt=-N", "-ldflags=-s -w"}, want: "optimized=? inlined=? cgo=?"},
		{name: "stripped", flags: []string{"-ldflags=-s -w"}, want: "optimized=true inlined=true cgo=?"},
		{name: "no dwarf", flags: []string{"-ldflags=-w"}, want: "optimized=true inlined=true cgo=false symbols"},
		{name: "pie", flags: []string{"-buildmode=pie"}, want: "optimized=true inlined=true cgo=false pie symbols dwarf"},
		{name: "trimpath", flags: []string{"-trimpath"}, want: "optimized=true inlined=true cgo=false trimpath symbols dwarf"},
		{name: "race", flags: []string{"-race"}, want: "optimized=true inlined=true cgo=true race symbols dwarf"},
		{name: "cgo", pkg: "./c", want: "optimized=true inlined=true cgo=true symbols dwarf"},
		{name: "static cgo", pkg: "./c", flags: []string{"-ldflags=-linkmode=external -extldflags=-static"}, want: "optimized=true inlined=true cgo=true symbols dwarf"},
		{name: "split", after: "objcopy --only-keep-debug prog prog.debug && objcopy --strip-all --add-gnu-debuglink=prog.debug prog", want: "optimized=true inlined=true cgo=? link=prog.debug"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Contains(tt.want, "cgo=true") {
				if _, err := exec.LookPath("gcc"); err != nil {
					t.Skip(err)
				}
			}
			cmd := exec.Command("go", append([]string{"build", "-o", "prog", "-buildvcs=false"}, append(tt.flags, tt.pkg)...)...)
			if tt.pkg == "" {
				cmd.Args[len(cmd.Args)-1] = "."
			}
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=1")
			if tt.env != "" {
				cmd.Env = append(cmd.Env, tt.env)
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if tt.after != "" {
				cmd := exec.Command("sh", "-c", tt.after)
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Skipf("%v\n%s", err, out)
				}
			}
			p, err := Inspect(filepath.Join(dir, "prog"))
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(p); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if p.Module != "example.com/prog" || !strings.HasPrefix(p.GoVersion, "go1.") {
				t.Errorf("module %q, version %q", p.Module, p.GoVersion)
			}
		})
	}
	for name, want := range map[string]error{"script": engine.ErrNotGo, "empty": engine.ErrNotGo, "nothing": os.ErrNotExist} {
		if _, err := Inspect(filepath.Join(dir, name)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func describe(p Build) string {
	words := []string{"optimized=" + told(p.Optimized), "inlined=" + told(p.Inlined), "cgo=" + told(p.Cgo)}
	for _, w := range []struct {
		word string
		is   bool
	}{
		{"pie", p.PIE},
		{"race", p.Race},
		{"trimpath", p.Trimpath},
		{"symbols", p.Symbols},
		{"dwarf", p.DebugInfo},
		{"link=" + p.DebugLink, p.DebugLink != ""},
	} {
		if w.is {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, " ")
}

func TestCompilerFlags(t *testing.T) {
	for _, tt := range []struct {
		settings map[string]string
		want     string
		ok       bool
	}{
		{nil, "map[]", false},
		{map[string]string{"-compiler": "gc"}, "map[]", true},
		{map[string]string{"-compiler": "gc", "-gcflags": "all=-N -l"}, "map[-N:true -l:true]", true},
		{map[string]string{"-compiler": "gc", "-gcflags": "-N -l"}, "map[-N:true -l:true]", true},
		{map[string]string{"-compiler": "gc", "-gcflags": "example.com/...=-N"}, "map[-N:true]", false},
		{map[string]string{"-compiler": "gc", "-gcflags": "cmd/...=-dwarf=false"}, "map[-dwarf=false:true]", true},
		{map[string]string{"-compiler": "gc", "-gcflags": "-d=checkptr=0"}, "map[-d=checkptr=0:true]", true},
		{map[string]string{"-compiler": "gc", "-gcflags": "nonsense"}, "map[]", true},
	} {
		got, ok := compilerFlags(tt.settings)
		if fmt.Sprint(got) != tt.want || ok != tt.ok {
			t.Errorf("%v: %v %t, want %s %t", tt.settings, got, ok, tt.want, tt.ok)
		}
	}
}

func TestUnitEntries(t *testing.T) {
	le := binary.LittleEndian
	unit := func(version uint16, payload int) []byte {
		head := 7
		if version >= 5 {
			head++
		}
		b := le.AppendUint32(nil, uint32(head+payload))
		b = le.AppendUint16(b, version)
		return append(b, make([]byte, head-2+payload)...)
	}
	long := le.AppendUint64([]byte{0xff, 0xff, 0xff, 0xff}, 11+3)
	long = append(le.AppendUint16(long, 4), make([]byte, 9+3)...)
	info := bytes.Join([][]byte{unit(4, 5), unit(5, 9), long, unit(4, 0)}, nil)
	if got, want := fmt.Sprint(unitEntries(info, le)), "[11 28 60 74]"; got != want {
		t.Errorf("entries %s, want %s", got, want)
	}
}

// FuzzUnitEntries demands that units stand behind each other and inside.
func FuzzUnitEntries(f *testing.F) {
	f.Add([]byte{8, 0, 0, 0, 5, 0, 1, 8, 0, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 0})
	f.Fuzz(func(t *testing.T, info []byte) {
		last := -1
		for _, off := range unitEntries(info, binary.LittleEndian) {
			if int(off) <= last || int(off) > len(info) {
				t.Fatalf("offset %d after %d, of %d", off, last, len(info))
			}
			last = int(off)
		}
	})
}

// patched reads a file as if some of its bytes were others.
type patched struct {
	*os.File
	patch []byte
	at    int64
}

func (p patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.File.ReadAt(b, off)
	for i := range b[:n] {
		if j := off + int64(i) - p.at; j >= 0 && j < int64(len(p.patch)) {
			b[i] = p.patch[j]
		}
	}
	return n, err
}

// FuzzInspect damages an executable and demands only that reading it ends well.
func FuzzInspect(f *testing.F) {
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		f.Fatal(err)
	}
	defer exe.Close()
	info, err := exe.Stat()
	if err != nil {
		f.Fatal(err)
	}
	size := info.Size()
	f.Add(int64(40), []byte{0xff, 0xff, 0xff})          // where the sections are
	f.Add(int64(60), []byte{0xff, 0xff, 0xff, 0xff})    // how many, and their names
	f.Add(size-64*20, bytes.Repeat([]byte{0x7f}, 64*8)) // the sections
	f.Fuzz(func(t *testing.T, at int64, patch []byte) {
		if at < 0 {
			at = max(size+at%size, 0)
		}
		_, _ = inspect(patched{exe, patch, at % size})
	})
}
