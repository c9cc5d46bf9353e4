package e2e

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const int3 = 0xcc

// A workshop is a running program that tells where its functions are and calls
// one of them when it is asked to.
type workshop struct {
	cmd   *exec.Cmd
	pid   int
	in    io.Writer
	out   *bufio.Scanner
	funcs map[string]int64
}

func startWorkshop(t *testing.T, prog string) *workshop {
	t.Helper()
	w := &workshop{cmd: exec.Command(prog), funcs: map[string]int64{}}
	in, err := w.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(3*patience, func() { _ = w.cmd.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		_ = w.cmd.Process.Kill()
		_ = w.cmd.Wait()
	})
	w.pid, w.in, w.out = w.cmd.Process.Pid, in, bufio.NewScanner(out)
	for w.out.Scan() && w.out.Text() != "ready" {
		name, at, _ := strings.Cut(w.out.Text(), " ")
		if w.funcs[name], err = strconv.ParseInt(at, 0, 64); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// works makes the program call work.
func (w *workshop) works(t *testing.T) {
	t.Helper()
	fmt.Fprintln(w.in)
	if !w.out.Scan() || w.out.Text() != "work is 37" {
		t.Errorf("the program does not work any more: %q %v", w.out.Text(), w.out.Err())
	}
}

// byteOf reads the first byte of a function.
func (w *workshop) byteOf(t *testing.T, name string) byte {
	t.Helper()
	var b [1]byte
	w.memory(t, func(mem *os.File) (int, error) { return mem.ReadAt(b[:], w.funcs[name]) })
	return b[0]
}

// plant writes to the first byte of a function and returns what stood there.
func (w *workshop) plant(t *testing.T, name string, b byte) byte {
	t.Helper()
	original := w.byteOf(t, name)
	w.memory(t, func(mem *os.File) (int, error) { return mem.WriteAt([]byte{b}, w.funcs[name]) })
	return original
}

func (w *workshop) memory(t *testing.T, do func(*os.File) (int, error)) {
	t.Helper()
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", w.pid), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	if _, err := do(mem); err != nil {
		t.Fatal(err)
	}
}

// A repairLine is what repair writes for a tool.
type repairLine struct {
	What, Binary, Address, Offset, Disk, Memory string
	Func, File                                  string
	FuncOffset                                  uint64 `json:"func_offset"`
	Line                                        int
	Length                                      uint64
	Restored                                    bool
}

// isBreakpoint and isHandler are what can be left by a tracer.
func isBreakpoint(l repairLine) bool { return l.What == "breakpoint" }
func isHandler(l repairLine) bool    { return l.What == "handler" }

// repair runs gtrace repair, which must exit with status.
func (w *workshop) repair(t *testing.T, status int, args ...string) (lines []repairLine, messages string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), gtrace(t), append([]string{"repair", "--format", "json", strconv.Itoa(w.pid)}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	got, err := exitStatus(cmd.Run())
	if err != nil {
		t.Fatal(err)
	}
	if got != status {
		t.Errorf("repair %q: exit status %d, want %d\n%s%s", args, got, status, &stdout, &stderr)
	}
	for dec := json.NewDecoder(&stdout); dec.More(); {
		var l repairLine
		if err := dec.Decode(&l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines, stderr.String()
}

// line returns the line about the first byte of a function.
func (w *workshop) line(t *testing.T, lines []repairLine, name string) repairLine {
	t.Helper()
	i := slices.IndexFunc(lines, func(l repairLine) bool { return l.Address == fmt.Sprintf("%#x", w.funcs[name]) })
	if i < 0 {
		t.Fatalf("%s is not in %+v", name, lines)
	}
	return lines[i]
}

// workshops are the ways in which a program can be built and started. Each
// returns its path.
var workshops = []struct {
	name   string
	needs  string
	prefix string // of the names of functions
	source string // of work; "" if it cannot be known
	build  func(t *testing.T, dir string) string
}{
	{"static", "ptrace", "main.", "main.go", goWorkshop("CGO_ENABLED=0")},
	{"pie", "ptrace", "main.", "main.go", goWorkshop("CGO_ENABLED=0", "-buildmode=pie")},
	{"stripped", "ptrace", "main.", "main.go", goWorkshop("CGO_ENABLED=0", "-ldflags=-s -w")},
	{"cgo", "cgo", "main.", "main.go", goWorkshop("CGO_ENABLED=1", "-tags=withcgo")},
	{"cgo-pie-stripped", "cgo", "main.", "main.go", goWorkshop("CGO_ENABLED=1", "-tags=withcgo", "-buildmode=pie", "-ldflags=-s -w")},
	{"odd-path", "ptrace", "main.", "main.go", func(t *testing.T, dir string) string {
		odd := filepath.Join(dir, "a b\nc (deleted)")
		if err := os.Rename(goWorkshop("CGO_ENABLED=0")(t, dir), odd); err != nil {
			t.Fatal(err)
		}
		return odd
	}},
	{"c", "cgo", "", "", cWorkshop("-no-pie")},
	{"c-static", "cgo", "", "", cWorkshop("-static")},
	{"c-text-relocations", "cgo", "", "", cWorkshop("-pie", "-Wl,-z,notext")},
}

func goWorkshop(env string, flags ...string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		t.Helper()
		prog := buildOnce(t, "repair-"+strings.Join(append(flags, env), ","), []string{env},
			slices.Concat([]string{"go", "build"}, flags, []string{"./testdata/repair"})...)
		return link(t, prog, dir, "prog")
	}
}

func cWorkshop(flags ...string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		t.Helper()
		prog := buildOnce(t, "repairc"+strings.Join(flags, ""), nil,
			slices.Concat([]string{"gcc", "-O1", "-w", "-falign-functions=32"}, flags, []string{"./testdata/repairc/main.c"})...)
		return link(t, prog, dir, "prog")
	}
}

// TestRepair plants a breakpoint and another byte in programs of every kind.
func TestRepair(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, tt := range workshops {
		t.Run(tt.name, func(t *testing.T) {
			require(t, tt.needs)
			t.Parallel()
			prog := tt.build(t, t.TempDir())
			w := startWorkshop(t, prog)
			if lines, msg := w.repair(t, 0, "--write"); len(lines) > 0 || !strings.Contains(msg, "its code is as on disk") {
				t.Errorf("an untouched program: %+v\n%s", lines, msg)
			}

			work, spare := w.plant(t, "work", int3), w.plant(t, "spare", 0x01)
			lines, msg := w.repair(t, 1)
			if got := w.line(t, lines, "work"); got.What != "breakpoint" || got.Disk != fmt.Sprintf("%02x", work) || got.Memory != "cc" ||
				got.Func != tt.prefix+"work" || got.FuncOffset != 0 || filepath.Base(got.File) != orDot(tt.source) || got.Binary != prog {
				t.Errorf("work: %+v", got)
			}
			if got := w.line(t, lines, "spare"); got.What != "changed" || got.Disk != fmt.Sprintf("%02x", spare) || got.Memory != "01" {
				t.Errorf("spare: %+v", got)
			}
			if len(lines) != 2 || !strings.Contains(msg, fmt.Sprintf("hint: gtrace repair --write %d\n", w.pid)) {
				t.Errorf("%d lines\n%s", len(lines), msg)
			}
			if w.byteOf(t, "work") != int3 {
				t.Error("it was written without --write")
			}

			lines, _ = w.repair(t, 1, "--write")
			if !w.line(t, lines, "work").Restored || w.line(t, lines, "spare").Restored {
				t.Errorf("restored: %+v", lines)
			}
			if w.byteOf(t, "work") != work || w.byteOf(t, "spare") != 0x01 {
				t.Error("the memory is not as it was told")
			}
			w.works(t)
			w.plant(t, "spare", spare)
			w.repair(t, 0)
		})
	}
}

func orDot(base string) string {
	if base == "" {
		return "." // what filepath.Base makes of no path
	}
	return base
}

// TestRepairNot shows what repair is for: without it, the program dies.
func TestRepairNot(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	w := startWorkshop(t, goWorkshop("CGO_ENABLED=0")(t, t.TempDir()))
	w.plant(t, "work", int3)
	fmt.Fprintln(w.in)
	if w.out.Scan() {
		t.Errorf("it runs on: %s", w.out.Text())
	}
}

// TestRepairLibrary plants a breakpoint in the C library of a program, whose own
// file is deleted.
func TestRepairLibrary(t *testing.T) {
	require(t, "ptrace", "cgo")
	t.Parallel()
	prog := cWorkshop("-pie")(t, t.TempDir())
	w := startWorkshop(t, prog)
	if err := os.Remove(prog); err != nil {
		t.Fatal(err)
	}
	w.plant(t, "library", int3)
	w.plant(t, "work", int3)
	lines, _ := w.repair(t, 0, "-w")
	if got := w.line(t, lines, "library"); !got.Restored || !strings.HasPrefix(filepath.Base(got.Binary), "libc") || got.Func != "qsort" {
		t.Errorf("library: %+v", got)
	}
	if got := w.line(t, lines, "work"); !got.Restored || got.Binary != prog+" (deleted)" {
		t.Errorf("work: %+v", got)
	}
	w.works(t)
}

// TestRepairKilled kills tracers with what no program can catch, and repairs
// what they have left.
func TestRepairKilled(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, tt := range []struct {
		name, needs string
		handler     bool // is left too
		command     func(w *workshop) []string
	}{
		{"gtrace", "ptrace", true, func(w *workshop) []string {
			return []string{gtrace(t), "attach", "-t", "main.work", strconv.Itoa(w.pid)}
		}},
		{"dlv", "dlv", false, func(w *workshop) []string {
			return []string{delve(), "trace", "-p", strconv.Itoa(w.pid), "main.work"}
		}},
		{"gdb", "gdb", false, func(w *workshop) []string {
			return []string{"gdb", "-nx", "-batch", "-p", strconv.Itoa(w.pid), "-ex", fmt.Sprintf("break *%#x", w.funcs["work"]), "-ex", "continue"}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require(t, tt.needs)
			t.Parallel()
			w := startWorkshop(t, goWorkshop("CGO_ENABLED=0", "-gcflags=-N -l")(t, t.TempDir()))
			line := tt.command(w)
			tracer := exec.Command(line[0], line[1:]...)
			if err := tracer.Start(); err != nil {
				t.Fatal(err)
			}
			defer killAll(t, tracer)
			w.awaitBreakpoint(t)

			lines, msg := w.repair(t, 126, "--write")
			if !slices.ContainsFunc(lines, isBreakpoint) || !strings.Contains(msg, "already traced by another process: "+filepath.Base(line[0])) {
				t.Errorf("while it is traced: %+v\n%s", lines, msg)
			}
			lines, msg = w.repair(t, 1)
			if !slices.ContainsFunc(lines, isBreakpoint) || !strings.Contains(msg, "traces it, they are its own") || strings.Contains(msg, "--write") {
				t.Errorf("while it is traced, shown only: %+v\n%s", lines, msg)
			}

			killAll(t, tracer)
			lines, msg = w.repair(t, 1)
			if !slices.ContainsFunc(lines, isBreakpoint) || slices.ContainsFunc(lines, isHandler) != tt.handler || !strings.Contains(msg, "nobody traces it") {
				t.Errorf("after: %+v\n%s", lines, msg)
			}
			w.repair(t, 0, "--write")
			if lines, _ = w.repair(t, 0); len(lines) > 0 {
				t.Errorf("left: %+v", lines)
			}
			w.works(t)
			if err := untouched(w.pid); err != nil {
				t.Error(err)
			}
		})
	}
}

// killAll kills a tracer and the processes it has started. Those must not see
// it end: the guard of gtrace would mend the target.
func killAll(t *testing.T, tracer *exec.Cmd) {
	t.Helper()
	if tracer.ProcessState != nil {
		return
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", tracer.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var children []int
	for _, task := range tasks {
		list, _ := os.ReadFile(task) // the thread may have ended
		for word := range strings.FieldsSeq(string(list)) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			_ = syscall.Kill(pid, syscall.SIGSTOP)
			children = append(children, pid)
		}
	}
	_ = tracer.Process.Kill()
	_ = tracer.Wait()
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// awaitBreakpoint waits until a breakpoint stands anywhere in the code.
func (w *workshop) awaitBreakpoint(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if pristine(w.pid) != nil {
			time.Sleep(200 * time.Millisecond) // the others
			return
		}
	}
	t.Fatal("no breakpoint was planted")
}

// TestRepairEnds repairs a program that ends in the middle of it, again and
// again.
func TestRepairEnds(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	prog := goWorkshop("CGO_ENABLED=0")(t, t.TempDir())
	for i := range times(5) {
		w := startWorkshop(t, prog)
		w.plant(t, "spare", int3)
		time.AfterFunc(time.Duration(i%20)*4*time.Millisecond, func() { _ = w.cmd.Process.Kill() })
		cmd := exec.CommandContext(t.Context(), gtrace(t), "repair", "-w", strconv.Itoa(w.pid))
		out, err := cmd.CombinedOutput()
		status, err := exitStatus(err)
		if err != nil {
			t.Fatal(err)
		}
		if status != 0 && (status != 126 || !bytes.Contains(out, []byte("no such process"))) {
			t.Errorf("exit status %d\n%s", status, out)
		}
	}
}

// TestRepairBorrowed takes away code that gtrace would have put, for a moment, over the
// start of the runtime, and says that it has.
func TestRepairBorrowed(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	prog := workshops[0].build(t, t.TempDir())
	w := startWorkshop(t, prog)
	file, err := elf.Open(prog)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(symbols, func(s elf.Symbol) bool { return strings.HasPrefix(s.Name, "runtime.rt0_go") })
	if at < 0 {
		t.Fatal("the program has no start")
	}
	const mark = "gtrace\x00\x02"
	w.memory(t, func(mem *os.File) (int, error) {
		return mem.WriteAt([]byte(mark+strings.Repeat("\xff", 99)), int64(symbols[at].Value))
	})
	for _, tt := range []struct {
		status   int
		args     []string
		restored bool
	}{{1, nil, false}, {0, []string{"--write"}, true}} {
		lines, msg := w.repair(t, tt.status, tt.args...)
		if len(lines) != 1 || lines[0].What != "borrowed" || lines[0].Restored != tt.restored {
			t.Errorf("%q: %+v\n%s", tt.args, lines, msg)
		}
	}
	if lines, msg := w.repair(t, 0); len(lines) > 0 {
		t.Errorf("afterwards: %+v\n%s", lines, msg)
	}
	w.works(t)
}
