//go:build linux && amd64

package ptrace

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"gtrace/events"
	"gtrace/session/engine"
)

const stacked = `package main

var sum int

//go:noinline
func stop(n int) { sum += n }

func inlined(n int) { stop(n) }

//go:noinline
func outer(n int) { inlined(n); sum++ }

//go:noinline
func deep(n, levels int) {
	if levels == 0 {
		stop(n)
	} else {
		deep(n, levels-1)
	}
	sum++
}

type T struct{ n int }

//go:noinline
func (t T) method() { stop(t.n); sum++ }

//go:noinline
func deferring(n int) { defer stop(n); sum++ }

func main() {
	outer(1)
	deep(2, 40)
	var i interface{ method() } = &T{3}
	i.method()
	deferring(4)
	done := make(chan bool)
	go func() {
		outer(5)
		done <- true
	}()
	<-done
}
`

// names returns the functions of frames, without their package.
func names(frames []events.Frame) string {
	var list []string
	for _, f := range frames {
		list = append(list, strings.TrimPrefix(f.Func, "main."))
	}
	return strings.Join(list, " ")
}

// TestStack looks at the stack of a program each time that it enters a function.
func TestStack(t *testing.T) {
	want := map[uint64]struct{ stack, caller string }{
		1: {"stop inlined outer main runtime.main", "main.inlined"},
		2: {"stop" + strings.Repeat(" deep", 41) + " main runtime.main", "main.deep"},
		3: {"stop T.method main runtime.main", "main.T.method"},
		4: {"stop deferring main runtime.main", "main.deferring"},
		5: {"stop inlined outer main.func1", "main.inlined"},
	}
	seen := map[uint64]*hitContext{}
	hookAt(t, stacked, "main.stop", func(e *Engine, c *hitContext) {
		n := c.thread.Regs.Rax
		seen[n] = c
		if got := names(e.stack(c, 99)); got != want[n].stack {
			t.Errorf("%d: the stack is %s, want %s", n, got, want[n].stack)
		}
		if got := e.stack(c, 2); len(got) != 2 || got[0].Func != "main.stop" || got[1].Func != want[n].caller {
			t.Errorf("%d: two frames of the stack are %s", n, names(got))
		}
		if f, ok := e.caller(c); !ok || f.Func != want[n].caller || f.Line == 0 {
			t.Errorf("%d: the caller is %+v, %t, want %s", n, f, ok, want[n].caller)
		}
		if f := e.outside(c, func(name string) bool { return name != "main.main" && name != "main.main.func1" }); f == nil {
			t.Errorf("%d: main.main is not found", n)
		}
		if f := e.outside(c, func(string) bool { return true }); f != nil {
			t.Errorf("%d: %s was not to be left out", n, f.Func)
		}
		checkGoroutine(t, e, c)
		checkRunning(t, e, c, n)
	})
	if len(seen) != len(want) {
		t.Fatalf("%d stops, want %d", len(seen), len(want))
	}
	if a, b := seen[1].g, seen[5].g; a.id != seen[4].g.id || a.id == b.id || b.id == 0 {
		t.Errorf("goroutines %d and %d", a.id, b.id)
	}
}

// checkGoroutine checks how the goroutine of a stop is found: without its register,
// too, but not where there is none.
func checkGoroutine(t *testing.T, e *Engine, c *hitContext) {
	t.Helper()
	g := c.g
	if g.id <= 0 || g.lo >= c.sp || c.sp > g.hi || g.m == 0 {
		t.Errorf("goroutine %+v with stack pointer %#x", g, c.sp)
	}
	for _, wrong := range []uint64{0, 1, c.sp, ^uint64(0), 1 << 40} {
		regs := c.thread.Regs
		if regs.R14 = wrong; e.currentG(&regs) != g {
			t.Errorf("with %#x in its register it is %+v, not %+v", wrong, e.currentG(&regs), g)
		}
	}
	if got := e.currentG(&unix.PtraceRegs{R14: g.addr, Rsp: g.hi + 8}); got == g {
		t.Error("the goroutine of another stack is taken for the current one")
	}
	if _, ok := e.readG(100); ok {
		t.Error("a goroutine was read where nothing can be")
	}
	if system := (&gInfo{}); system.key(c.thread) >= 0 || g.key(c.thread) != g.id {
		t.Errorf("keys %d and %d", system.key(c.thread), g.key(c.thread))
	}
}

// checkRunning checks which of the calls around a stop are found to be open: those that
// are probed, once.
func checkRunning(t *testing.T, e *Engine, c *hitContext, n uint64) {
	t.Helper()
	probed := []string{"main.outer", "main.deep", "main.main"}
	for i, f := range e.Functions() {
		if slices.Contains(probed, f.Name) {
			id := engine.ProbeID(1000 + i)
			e.probes[id] = &probe{id: id, probe: engine.Probe{What: engine.Calls, Func: f}}
			defer delete(e.probes, id)
		}
	}
	before, had := e.goroutines[c.g.key(c.thread)]
	defer func() {
		if delete(e.goroutines, c.g.key(c.thread)); had {
			e.goroutines[c.g.key(c.thread)] = before
		}
	}()
	last := engine.FrameID(0)
	var got []string
	for _, call := range e.running(c) {
		if got = append(got, call.Func.Name); call.Frame <= last {
			t.Errorf("%d: %s has frame %d, what calls it %d", n, call.Func.Name, call.Frame, last)
		}
		last = call.Frame
	}
	want := map[uint64][]string{
		1: {"main.main", "main.outer"}, 2: {"main.main"}, 3: {"main.main"}, 4: {"main.main"}, 5: {"main.outer"},
	}[n]
	if n == 2 {
		want = append(want, slices.Repeat([]string{"main.deep"}, 41)...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d: %q are running, want %q", n, got, want)
	}
	if again := e.running(c); len(again) > 0 {
		t.Errorf("%d: %d calls are found again", n, len(again))
	}
}

// hookAt runs a program, and has look see each entry of a function.
func hookAt(t *testing.T, source, name string, look func(*Engine, *hitContext)) {
	t.Helper()
	e := launch(t, compile(t, source))
	hooked := 0
	for _, f := range e.Functions() {
		if f.Name != name {
			continue
		}
		pl, err := e.im.Places(f)
		if err != nil {
			t.Fatal(err)
		}
		at, err := e.plantAt(&probe{}, pl.Entry, hookRole)
		if err != nil {
			t.Fatal(err)
		}
		at.hook = func(e *Engine, c *hitContext) error {
			look(e, c)
			return nil
		}
		hooked++
	}
	if hooked != 1 {
		t.Fatalf("%d functions are called %s", hooked, name)
	}
	for h, err := range e.Hits(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if h.Exit != nil && h.Exit.Status != 0 {
			t.Errorf("exit status %d", h.Exit.Status)
		}
	}
}
