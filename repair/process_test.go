//go:build linux && amd64

package repair

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"gtrace/session/engine"
)

// sleeper starts a program that waits until the test ends.
func sleeper(t *testing.T, write bool) *Process {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p, err := Open(cmd.Process.Pid, write)
	if errors.Is(err, engine.ErrPermission) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	// Its libraries are mapped by the time it waits.
	for deadline := time.Now().Add(10 * time.Second); p.field(p.dir, "State") != "S (sleeping)"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("sleep does not sleep")
		}
	}
	return p
}

// code returns where the code of each file begins in memory.
func (p *Process) code(t *testing.T) []mapping {
	t.Helper()
	ms, err := p.maps()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(ms, func(m mapping) bool { return !m.holdsCode() })
}

func (p *Process) plant(t *testing.T, addr uint64, b byte) (original byte) {
	t.Helper()
	original, err := p.byteAt(addr)
	if err == nil {
		_, err = p.mem.WriteAt([]byte{b}, int64(addr))
	}
	if err != nil {
		t.Fatal(err)
	}
	return original
}

func summary(r *Report) []string {
	var lines []string
	for _, d := range r.Differences {
		lines = append(lines, fmt.Sprintf("%s %#x %v %x %x", d.File, d.Address, d.Kind, d.Disk, d.Memory))
	}
	return lines
}

// TestProcess finds what was planted in the program and in each of its
// libraries, whether the kernel tells which pages may differ or not, and puts
// back what can be.
func TestProcess(t *testing.T) {
	p := sleeper(t, true)
	var want []string
	for i, m := range p.code(t) {
		first, second := m.start+0x210, m.end-0x1000
		before := []byte{p.plant(t, first, int3), p.plant(t, second, int3-byte(i)-1)}
		want = append(want, fmt.Sprintf("%s %#x breakpoint %02x cc", m.path, first, before[0]),
			fmt.Sprintf("%s %#x changed %02x %02x", m.path, second, before[1], int3-byte(i)-1))
	}
	r, err := p.Compare()
	if err != nil {
		t.Fatal(err)
	}
	if got := summary(r); !slices.Equal(got, want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
	if len(r.Files) < 2 || !r.Files[0].Program || r.Files[1].Program || r.Files[0].Size == 0 || !r.Compared() {
		t.Errorf("files: %+v", r.Files)
	}
	all := *p
	all.pagemap = nil
	if r, err := all.Compare(); err != nil || !slices.Equal(summary(r), want) {
		t.Errorf("all pages: %q %v", summary(r), err)
	}

	p.plant(t, r.Differences[0].Address, 0x90) // no breakpoint any more
	n, err := p.Restore(r, nil)
	if n != len(r.Files)-1 || err != nil || r.Differences[0].Restored || r.Breakpoints() != 1 {
		t.Errorf("restored %d: %v", n, err)
	}
	after, err := p.Compare()
	if err != nil || after.Breakpoints() != 0 || after.Changes() != len(r.Files)+1 {
		t.Errorf("left: %q %v", summary(after), err)
	}
	if d := &r.Differences[2]; !d.Restored {
		t.Errorf("not restored: %+v", d)
	}
}

// TestRestoreMoved does not write where another file is mapped by now.
func TestRestoreMoved(t *testing.T) {
	p := sleeper(t, true)
	at := p.code(t)[0].start + 0x210
	p.plant(t, at, int3)
	r, err := p.Compare()
	if err != nil || r.Breakpoints() != 1 {
		t.Fatal(summary(r), err)
	}
	for _, change := range []func(d *Difference){
		func(d *Difference) { d.id.inode++ },
		func(d *Difference) { d.Offset++ },
		func(d *Difference) { d.Address = 16 },
	} {
		other := Report{Differences: slices.Clone(r.Differences)}
		change(&other.Differences[0])
		if n, err := p.Restore(&other, nil); n != 0 || err != nil {
			t.Errorf("restored %d: %v", n, err)
		}
	}
	if b, err := p.byteAt(at); b != int3 || err != nil {
		t.Errorf("%#x %v", b, err)
	}
}

// TestEnded looks at a process that ends, or executes another program, between
// two looks. The memory of the next is never touched.
func TestEnded(t *testing.T) {
	p := sleeper(t, true)
	at := p.code(t)[0].start + 0x210
	p.plant(t, at, int3)
	r, err := p.Compare()
	if err != nil {
		t.Fatal(err)
	}
	proc, _ := os.FindProcess(p.pid)
	_ = proc.Kill()
	for p.field(p.dir, "State") != "Z (zombie)" {
		time.Sleep(time.Millisecond)
	}
	if _, err := p.Compare(); !errors.Is(err, engine.ErrNoProcess) {
		t.Error("compare:", err)
	}
	if n, err := p.Restore(r, nil); n != 0 || !errors.Is(err, engine.ErrNoProcess) {
		t.Error("restore:", n, err)
	}
	if _, err := p.restore(&r.Differences[0]); !errors.Is(err, engine.ErrNoProcess) {
		t.Error("restore a byte:", err)
	}
	if _, err := Open(p.pid, false); !errors.Is(err, engine.ErrNoProcess) {
		t.Error("open:", err)
	}
}

func TestOpenErrors(t *testing.T) {
	for _, tt := range []struct {
		pid int
		is  error
	}{
		{1 << 30, engine.ErrNoProcess},
		{kernelThread(), ErrNotComparable},
	} {
		if tt.pid == 0 {
			continue
		}
		if _, err := Open(tt.pid, false); !errors.Is(err, tt.is) {
			t.Errorf("%d: %v", tt.pid, err)
		}
	}
}

// kernelThread returns the thread that is the parent of the others, or 0 where
// it cannot be seen.
func kernelThread() int {
	if name, _ := os.ReadFile("/proc/2/comm"); string(name) == "kthreadd\n" {
		return 2
	}
	return 0
}
