package value

import (
	"bufio"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gtrace/session/engine/program/debuginfo"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/op"
)

// A target is a running program of testdata.
type target struct {
	mem      memFile
	debug    *debuginfo.Info
	vars     map[string]godwarf.Type
	addrs    map[string]uint64
	expected []expectation
}

// An expectation is a line the program printed.
type expectation struct {
	name       string
	addr       uint64
	text, mesg string
}

// A memFile is /proc/PID/mem.
type memFile struct{ *os.File }

func (m memFile) ReadMemory(buf []byte, addr uint64) (int, error) {
	return m.ReadAt(buf, int64(addr))
}

// build builds testdata/values and returns the path of the program.
func build(t testing.TB, env []string, flags ...string) string {
	t.Helper()
	return buildProgram(t, "values", env, flags...)
}

// builds holds what is built once for all tests, by how.
var builds sync.Map // of string to func() (path string, err error)

// buildProgram builds a program of testdata, once, into the directory that ends with
// the tests.
func buildProgram(t testing.TB, name string, env []string, flags ...string) string {
	t.Helper()
	build, _ := builds.LoadOrStore(fmt.Sprintf("%s %q %q", name, env, flags), sync.OnceValues(func() (string, error) {
		f, err := os.CreateTemp("", name)
		if err != nil {
			return "", err
		}
		_ = f.Close()
		cmd := exec.Command("go", slices.Concat([]string{"build", "-o", f.Name()}, flags, []string{"."})...)
		cmd.Dir = filepath.Join("testdata", name)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go build %v: %w\n%s", flags, err, out)
		}
		return f.Name(), nil
	}))
	path, err := build.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// need skips a test that needs a feature which err says is missing. It fails
// instead where GTRACE_REQUIRE names the feature.
func need(t *testing.T, feature string, err error) {
	t.Helper()
	switch {
	case err == nil:
	case slices.Contains(strings.Split(os.Getenv("GTRACE_REQUIRE"), ","), feature):
		t.Fatalf("GTRACE_REQUIRE names %s: %v", feature, err)
	default:
		t.Skipf("no %s: %v", feature, err)
	}
}

// canBuild reports why programs cannot be built with an environment.
func canBuild(env []string) error {
	if slices.Contains(env, "CGO_ENABLED=1") {
		_, err := exec.LookPath("gcc")
		return err
	}
	cmd := exec.Command("go", "version")
	cmd.Env = append(os.Environ(), env...)
	return cmd.Run()
}

// start runs a program until it is ready and stays there until the test ends.
func start(t testing.TB, path string) *target {
	t.Helper()
	cmd := exec.Command(path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tg := &target{vars: map[string]godwarf.Type{}, addrs: map[string]uint64{}}
	t.Cleanup(func() {
		in.Close()
		io.Copy(io.Discard, out)
		cmd.Wait()
		tg.mem.Close()
	})
	for s := bufio.NewScanner(out); s.Scan() && s.Text() != "ready"; {
		tg.expected = append(tg.expected, parseExpectation(t, s.Text()))
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	tg.mem = memFile{f}
	tg.load(t, path, entryPoint(t, cmd.Process.Pid))
	return tg
}

func parseExpectation(t testing.TB, line string) expectation {
	t.Helper()
	f := strings.Split(line, "\t")
	if len(f) != 4 {
		t.Fatalf("the program printed %q", line)
	}
	addr, err := strconv.ParseUint(f[1], 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	text, err1 := strconv.Unquote(f[2])
	mesg, err2 := strconv.Unquote(f[3])
	if err1 != nil || err2 != nil {
		t.Fatalf("the program printed %q", line)
	}
	return expectation{f[0], addr, text, mesg}
}

func entryPoint(t testing.TB, pid int) uint64 {
	t.Helper()
	auxv, err := os.ReadFile(fmt.Sprintf("/proc/%d/auxv", pid))
	if err != nil {
		t.Fatal(err)
	}
	const entry = 9
	for ; len(auxv) >= 16; auxv = auxv[16:] {
		if binary.LittleEndian.Uint64(auxv) == entry {
			return binary.LittleEndian.Uint64(auxv[8:])
		}
	}
	t.Fatal("no entry point in auxv")
	return 0
}

// load finds the package variables of main in the debug information.
func (tg *target) load(t testing.TB, path string, entry uint64) {
	t.Helper()
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	base := uint64(0)
	if file.Type == elf.ET_DYN {
		base = entry - file.Entry
	}
	if tg.debug, err = debuginfo.Open(file, base); err != nil {
		t.Fatal(err)
	}
	rdr := tg.debug.Data.Reader()
	for {
		e, err := rdr.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			return
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		off, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
		if e.Tag != dwarf.TagVariable || !ok || !strings.HasPrefix(name, "main.") {
			continue
		}
		typ, err := tg.debug.Type(off)
		if err != nil {
			t.Fatal(err)
		}
		name = strings.TrimPrefix(name, "main.")
		tg.vars[name] = typ
		tg.addrs[name] = variableAddress(e, base)
	}
}

// element returns the type and bytes of an element of a slice that a program has
// printed, or of a package variable.
func (tg *target) element(t testing.TB, e expectation) (godwarf.Type, []byte) {
	t.Helper()
	list, _, ok := strings.Cut(e.name, "[")
	if !ok {
		return tg.variable(t, e.name)
	}
	slice, isSlice := tg.vars[list].(*godwarf.SliceType)
	if !isSlice {
		t.Fatalf("%s is a %s", list, TypeName(tg.vars[list]))
	}
	data := make([]byte, slice.ElemType.Size())
	if _, err := tg.mem.ReadMemory(data, e.addr); err != nil {
		t.Fatal(err)
	}
	return slice.ElemType, data
}

// variable returns the type and bytes of a package variable.
func (tg *target) variable(t testing.TB, name string) (godwarf.Type, []byte) {
	t.Helper()
	typ := tg.vars[name]
	if typ == nil {
		t.Fatalf("no variable %s in the debug information", name)
	}
	data := make([]byte, typ.Size())
	if _, err := tg.mem.ReadMemory(data, tg.addrs[name]); err != nil {
		t.Fatal(err)
	}
	return typ, data
}

// variableAddress returns the address of a package's variable, 0 for others.
func variableAddress(e *dwarf.Entry, base uint64) uint64 {
	loc, _ := e.Val(dwarf.AttrLocation).([]byte)
	if len(loc) != 9 || op.Opcode(loc[0]) != op.DW_OP_addr {
		return 0
	}
	return binary.LittleEndian.Uint64(loc[1:]) + base
}
