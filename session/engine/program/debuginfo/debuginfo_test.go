package debuginfo

import (
	"debug/dwarf"
	"debug/elf"
	"hash/maphash"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

const source = `package main

import (
	"fmt"
	"sync/atomic"
)

type pair[A, B any] struct {
	a A
	b B
}

func (p pair[A, B]) swap() pair[B, A] { return pair[B, A]{p.b, p.a} }

type shower interface{ show() string }

func (p pair[A, B]) show() string { return fmt.Sprint(p) }

var count atomic.Int64

func add(n int) int { return n + int(count.Add(1)) }

func main() {
	f := pair[int, string]{1, "x"}.swap().show
	var s shower = pair[string, int]{"y", add(2)}
	fmt.Println(f(), s.show(), func() int { return add(3) }())
}
`

// build builds a program, and opens it.
func build(t testing.TB, flags ...string) *elf.File {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", slices.Concat([]string{"build", "-o", "prog"}, flags, []string{"main.go"})...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // -race needs it, whatever the tests are built with
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := elf.Open(filepath.Join(dir, "prog"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// TestOpen compares what is found with what package dwarf reads of every entry.
func TestOpen(t *testing.T) {
	for name, flags := range map[string][]string{
		"optimised": nil,
		"debug":     {"-gcflags=all=-N -l"},
		"race":      {"-race"},
		"plain":     {"-ldflags=-compressdwarf=false"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath("gcc"); err != nil && name == "race" {
				t.Skip(err)
			}
			file := build(t, flags...)
			in, err := Open(file, 0)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, in, file)
		})
	}
}

func compare(t *testing.T, in *Info, file *elf.File) {
	d, err := file.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	functions, calls, ofTypes := 0, map[dwarf.Offset]int{}, 0
	var unit *dwarf.Entry
	r := d.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		switch e.Tag {
		case dwarf.TagCompileUnit:
			unit = e
		case dwarf.TagInlinedSubroutine:
			origin, _ := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
			calls[origin]++
		case dwarf.TagSubprogram:
			low, ok := e.Val(dwarf.AttrLowpc).(uint64)
			if !ok {
				continue
			}
			functions++
			f := in.Entry(low)
			if f == nil || f.Offset != e.Offset || f.Unit.Entry.Offset != unit.Offset {
				t.Errorf("function %q at %#x: %+v", name, low, f)
			} else if got := in.At(f.End - 1); got != f || name != "" && f.Symbol != name && f.Symbol != "C."+name {
				t.Errorf("function %q at %#x is called %q, and ends at %#x", name, low, f.Symbol, f.End)
			}
		case dwarf.TagTypedef, dwarf.TagStructType, dwarf.TagBaseType:
			if runtime, ok := e.Val(godwarf.AttrGoRuntimeType).(uint64); ok && runtime != 0 {
				ofTypes++
				if in.RuntimeTypes()[runtime] != e.Offset {
					t.Errorf("type %q: its runtime description stands at %#x", name, runtime)
				}
				if found, err := in.FindType(name); err != nil || found.Common().Name != name {
					t.Errorf("type %q: %v, %v", name, found, err)
				}
			}
		}
	}
	if functions < 1000 || ofTypes < 300 || functions != len(in.Functions) {
		t.Errorf("%d functions, found %d; %d types", functions, len(in.Functions), ofTypes)
	}
	for symbol, a := range in.Inlined {
		if calls[a.Offset] != a.Calls {
			t.Errorf("%s was inlined %d times, counted %d", symbol, calls[a.Offset], a.Calls)
		}
	}
	if in.Moduledata() == 0 || in.Packages["sync/atomic"] != "atomic" {
		t.Errorf("module data at %#x, packages %v", in.Moduledata(), in.Packages)
	}
	if _, err := in.FindType("main.nope"); err == nil {
		t.Error("a type that is not there was found")
	}
}

// FuzzScan reads entries that are none.
func FuzzScan(f *testing.F) {
	s, err := readSections(build(f))
	if err != nil {
		f.Fatal(err)
	}
	units, err := s.units()
	if err != nil {
		f.Fatal(err)
	}
	for _, u := range units[:min(3, len(units))] {
		f.Add(s.info[u.begin:min(u.end, u.begin+1<<12)])
	}
	f.Fuzz(func(_ *testing.T, info []byte) {
		made := *s
		made.info = info
		units, err := made.units()
		if err != nil {
			return
		}
		for _, u := range units {
			u.public = &Unit{Go: true}
		}
		scans, err := scanAll(units, maphash.MakeSeed())
		if err != nil {
			return
		}
		in := &Info{Data: nil}
		in.merge(scans)
		in.types.sort()
		in.At(1 << 20)
	})
}
