//go:build linux && amd64

package ptrace

import (
	"os"
	"testing"

	"gtrace/session/engine"
)

const panicking = `package main

//go:noinline
func careful() (r any) {
	defer func() { r = recover() }()
	panic("oh")
}

func main() { careful() }
`

// TestPanicCosts checks what is done for a panic before there is one, and whose time
// it is that the runtime spends on its own stack while it recovers.
func TestPanicCosts(t *testing.T) {
	e, err := Run(Launch{Path: compile(t, panicking), Stderr: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, f := range e.Functions() {
		if f.Name != "main.careful" {
			continue
		}
		if _, err := e.Plant(engine.Probe{What: engine.Calls, Func: f}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Plant(engine.Probe{What: engine.Panics}); err != nil {
		t.Fatal(err)
	}
	for _, f := range e.Functions() {
		if f.Name != "main.careful" && f.Name != "runtime.gopanic" && f.Name != "runtime.goexit" {
			continue
		}
		if e.im.PrepareFrames(f) {
			t.Errorf("%s is left to be read for the first panic", f.Name)
		}
	}
	seen := map[engine.HitKind]int{}
	for h, err := range e.Hits(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		seen[h.Kind]++
		if h.Kind != engine.Unwound {
			continue
		}
		for _, last := range e.clock.threads {
			if last.goroutine != h.Goroutine {
				t.Errorf("the time goes to %d rather than goroutine %d", last.goroutine, h.Goroutine)
			}
		}
	}
	if seen[engine.Raised] != 1 || seen[engine.Unwound] != 1 {
		t.Errorf("hits: %v", seen)
	}
}
