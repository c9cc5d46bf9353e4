//go:build linux && amd64

package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"gtrace/leash"
	"gtrace/repair"
	"gtrace/session/engine/ptrace/proc"
)

func TestMain(m *testing.M) {
	Main()
	if os.Getenv(asCopy) != "" {
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(leash.Run(m.Run))
}

// asCopy is set in the environment of a process that runs the same program as its parent.
const asCopy = "GTRACE_TEST_COPY"

// unused is text that nobody executes.
//
//go:noinline
func unused(n int) {
	fmt.Println(n, n+1, n+2, n+3, n+4, n+5, n+6, n+7)
	fmt.Println(n, n-1, n-2, n-3, n-4, n-5, n-6, n-7)
}

// TestMendCopies mends a copy in which nothing is left but borrowed code: its tracer was
// killed when it had just made it unmap the rest.
func TestMendCopies(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	copied := exec.Command("/proc/self/exe")
	copied.Env = append(os.Environ(), asCopy+"=1")
	in, err := copied.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := copied.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		if err := copied.Wait(); err != nil {
			t.Error(err)
		}
	}()
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", copied.Process.Pid), os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer mem.Close()
	at := int64(reflect.ValueOf(unused).Pointer())
	was, now := make([]byte, repair.BorrowSize), make([]byte, repair.BorrowSize)
	if _, err := mem.ReadAt(was, at); err != nil {
		t.Fatal(err)
	}
	if _, err := mem.WriteAt([]byte(repair.BorrowMark), at); err != nil {
		t.Fatal(err)
	}
	mendCopies(os.Getpid())
	if _, err := mem.ReadAt(now, at); err != nil || !bytes.Equal(now, was) {
		t.Errorf("%x stands there, want %x: %v", now, was, err)
	}
}

// randomChange makes changes of few addresses, so that they meet again.
func randomChange(r *rand.Rand) proc.Change {
	var c proc.Change
	for range r.IntN(4) {
		c.Patches = append(c.Patches, proc.Patch{Addr: uint64(r.IntN(20)), Text: []byte{byte(r.IntN(256))}})
	}
	for range r.IntN(4) {
		c.Restored = append(c.Restored, uint64(r.IntN(20)))
	}
	if r.IntN(5) == 0 {
		c.Affinity = map[int]proc.CPUs{r.IntN(5): {r.IntN(8)}}
		c.Rest = proc.CPUs{0, 1}
	}
	return c
}

// TestFollow sends random changes, cut off anywhere: what the guard knows then is
// what the whole messages say.
func TestFollow(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var sent bytes.Buffer
		ends := []int{0}
		states := []state{newState()}
		for range r.IntN(10) {
			c := randomChange(r)
			data, err := json.Marshal(message{Change: c})
			if err != nil {
				t.Fatal(err)
			}
			sent.Write(append(data, '\n'))
			last := states[len(states)-1]
			next := state{patches: maps.Clone(last.patches), affinity: maps.Clone(last.affinity), rest: last.rest}
			next.apply(c)
			ends, states = append(ends, sent.Len()), append(states, next)
		}
		cut := r.IntN(sent.Len() + 1)
		// A message counts from its last byte on; the line's end adds nothing.
		n, _ := slices.BinarySearchFunc(ends, cut+1, func(end, at int) int { return end - at - 1 })
		n--
		got, end := follow(bytes.NewReader(sent.Bytes()[:cut]))
		if end != killed {
			t.Fatalf("seed %d: ending %v", seed, end)
		}
		if !reflect.DeepEqual(got, states[n]) {
			t.Errorf("seed %d, cut at %d of %v: %v, want %v", seed, cut, ends, got, states[n])
		}
	}
}

// TestChange checks that a new guard learns from one change what the old one
// knew.
func TestChange(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := newState()
	for range 100 {
		s.apply(randomChange(r))
		again := newState()
		again.apply(s.change())
		if !reflect.DeepEqual(again, s) {
			t.Fatalf("%v, want %v", again, s)
		}
	}
}

// A memory is that of a process of a few bytes.
type memory []byte

var errNotMapped = errors.New("not mapped")

func (m memory) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(m)) {
		return 0, errNotMapped
	}
	return copy(p, m[off:]), nil
}

func (m memory) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(m)) {
		return 0, errNotMapped
	}
	return copy(m[off:], p), nil
}

func TestMend(t *testing.T) {
	s := newState()
	s.apply(proc.Change{Patches: []proc.Patch{
		{Addr: 1, Text: []byte("b")},
		{Addr: 2, Text: []byte("c")},    // was about to be written
		{Addr: 1000, Text: []byte("x")}, // unmapped meanwhile
	}})
	mem := memory("a\xccc\xccg")
	if n := s.mend(mem); n != 1 {
		t.Errorf("%d breakpoints removed, want 1", n)
	}
	if string(mem) != "abc\xccg" {
		t.Errorf("%q", mem)
	}
}

// TestSlow records more than a guard that does not read has room for. Nobody waits
// for it, and once it reads it learns everything, and how it ends.
func TestSlow(t *testing.T) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(ends[1], true); err != nil {
		t.Fatal(err)
	}
	read := os.NewFile(uintptr(ends[0]), "journal")
	defer read.Close()
	g := &Guard{state: newState(), pipe: ends[1]}
	const each, all = 5000, 20_000
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for n := range each {
				g.Record(proc.Change{Patches: []proc.Patch{{Addr: uint64(i*each + n), Text: []byte{1}}}})
			}
		})
	}
	group.Wait()
	if !g.behind {
		t.Fatal("the pipe had room for everything")
	}
	type told struct {
		state
		ending
	}
	learned := make(chan told)
	go func() {
		s, end := follow(read)
		learned <- told{s, end}
	}()
	g.Close(true)
	if got := <-learned; got.ending != done || !reflect.DeepEqual(got.state, g.state) || len(got.patches) != all {
		t.Errorf("ending %v, %d patches are known, want %d", got.ending, len(got.patches), all)
	}
}

// TestBroken records changes for a guard that was killed: they wait for the next one.
func TestBroken(t *testing.T) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(ends[0])
	g := &Guard{state: newState(), pipe: ends[1]}
	g.Record(proc.Change{Restored: []uint64{1}})
	if g.pipe >= 0 || len(g.unsent) == 0 {
		t.Errorf("pipe %d, %d bytes unsent", g.pipe, len(g.unsent))
	}
	if g.tell(message{Done: true}) {
		t.Error("a guard that has ended was told")
	}
}

// TestUndoKilled kills a guard just before it is told to undo something: another one
// does it.
func TestUndoKilled(t *testing.T) {
	target := exec.Command("sleep", "60")
	if err := target.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = target.Process.Kill()
		_ = target.Wait()
	}()
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", target.Process.Pid), os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer mem.Close()
	at, was := codeOf(t, target.Process.Pid), make([]byte, 1)
	if _, err := mem.ReadAt(was, at); err != nil {
		t.Fatal(err)
	}
	g, err := Start(target.Process.Pid, mem, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	g.Record(proc.Change{Patches: []proc.Patch{{Addr: uint64(at), Text: was}}})
	if _, err := mem.WriteAt([]byte{0xcc}, at); err != nil {
		t.Fatal(err)
	}
	g.mu.Lock() // so that no other one is started before
	_ = g.process.Kill()
	g.closing, g.undo = true, true
	g.mu.Unlock()
	g.Close(false)
	now := make([]byte, 1)
	if _, err := mem.ReadAt(now, at); err != nil || now[0] != was[0] {
		t.Errorf("%#x stands there, want %#x: %v", now, was, err)
	}
}

// codeOf returns where a process has code that is not run: the end of a page.
func codeOf(t *testing.T, pid int) int64 {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if f := strings.Fields(line); f[1] == "r-xp" {
			_, to, _ := strings.Cut(f[0], "-")
			end, err := strconv.ParseInt(to, 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return end - 1
		}
	}
	t.Fatalf("process %d has no code", pid)
	return 0
}

func FuzzFollow(f *testing.F) {
	f.Add([]byte(`{"patches":[{"addr":4198400,"text":"VQ=="}]}` + "\n" + `{"restored":[4198400]}`))
	f.Add([]byte(`{"affinity":{"12":[0,1]},"rest":[0,-1,99999]}` + "\n" + `{"done":true}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _ := follow(bytes.NewReader(data))
		s.rest.Set()
		s.mend(memory(make([]byte, 64)))
	})
}
