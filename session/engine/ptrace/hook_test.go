//go:build linux && amd64

package ptrace

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gtrace/session/engine"
)

// compile builds a program and returns its path.
func compile(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	src, prog := filepath.Join(dir, "main.go"), filepath.Join(dir, "prog")
	if err := os.WriteFile(src, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", prog, src).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return prog
}

// launch starts a program, to be traced.
func launch(t *testing.T, prog string, args ...string) *Engine {
	t.Helper()
	e, err := Run(Launch{Path: prog, Args: args})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// raises leaves calls in every way but by returning. What it does last ends it, in a way
// that is its argument.
const raises = `package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

type oops struct{ code int }

func (o oops) Error() string { return "oops" }

var none []int

//go:noinline
func guard(f func()) {
	defer func() { _ = recover() }()
	f()
}

//go:noinline
func text() { panic("text") }

//go:noinline
func number() { panic(7) }

//go:noinline
func fault() { println(none[3]) }

//go:noinline
func pointer() { println(*(*int)(nil)) }

//go:noinline
func failure() { panic(oops{3}) }

//go:noinline
func wrapped() { panic(errors.New("wrapped")) }

//go:noinline
func nothing() { panic(nil) }

//go:noinline
func leave() { runtime.Goexit() }

//go:noinline
func again() {
	defer func() { panic("second") }()
	panic("first")
}

//go:noinline
func grow(n int) int {
	var pad [1 << 10]byte
	pad[n%len(pad)] = 1
	return grow(n+1) + int(pad[0])
}

func main() {
	for _, f := range []func(){text, number, fault, pointer, failure, wrapped, nothing, again} {
		guard(f)
	}
	var wg sync.WaitGroup
	wg.Go(leave)
	wg.Wait()
	switch os.Args[1] {
	case "unlock":
		new(sync.Mutex).Unlock()
	case "overflow":
		debug.SetMaxStack(1 << 16)
		grow(0)
	case "die":
		text()
	}
}
`

// TestHooks compares what is seen of exceptions with what the program does.
func TestHooks(t *testing.T) {
	const common = `panic string "text" main.text
recovered main.guard
panic int 7 main.number
recovered main.guard
runtime runtime.boundsError runtime error: index out of range [3] with length 0 main.fault
recovered main.guard
runtime runtime.errorString runtime error: invalid memory address or nil pointer dereference main.pointer
recovered main.guard
panic main.oops main.oops{code:3} main.failure
recovered main.guard
panic *errors.errorString wrapped main.wrapped
recovered main.guard
runtime *runtime.PanicNilError panic called with nil argument (use GODEBUG=panicnil=1 to disable) main.nothing
recovered main.guard
panic string "first" main.again
panic string "second" main.again.func1
recovered main.guard
goexit main.leave
all gone
`
	prog := compile(t, raises)
	for end, want := range map[string]string{
		"unlock":   "fatal sync: unlock of unlocked mutex internal/sync.fatal\nall gone\n",
		"overflow": "fatal stack overflow main.grow\nall gone\n",
		"die":      "panic string \"text\" main.text\nall gone\n",
	} {
		t.Run(end, func(t *testing.T) {
			e := launch(t, prog, end)
			if _, err := e.Plant(engine.Probe{What: engine.Panics}); err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for h, err := range e.Hits(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				tell(&got, h)
			}
			if got.String() != common+want {
				t.Errorf("got\n%s\nwant\n%s", &got, common+want)
			}
		})
	}
}

// tell writes what is seen of an exception.
func tell(to *strings.Builder, h engine.Hit) {
	switch {
	case h.Raise != nil:
		words := []string{string(h.Raise.Class), h.Raise.Type, h.Raise.Value}
		if h.Raise.Origin != nil {
			words = append(words, h.Raise.Origin.Func)
		}
		fmt.Fprintln(to, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	case h.Unwind != nil && h.Unwind.Recovered:
		by := "?"
		if h.Unwind.By != nil {
			by = h.Unwind.By.Func
		}
		fmt.Fprintln(to, "recovered", by)
	case h.Unwind != nil && h.Unwind.All:
		fmt.Fprintln(to, "all gone")
	}
}

// TestHookElsewhere asks for calls that are not where they should be, as with a version
// of Go that is not known yet, and for functions that the linker has left out.
func TestHookElsewhere(t *testing.T) {
	e := launch(t, compile(t, panicking))
	p := &probe{}
	nothing := func(*Engine, *hitContext) error { return nil }
	if err := e.plantCall(p, "runtime.gopanic", "runtime.newproc", nothing); !errors.Is(err, engine.ErrGoVersion) {
		t.Errorf("a call that is not there: %v", err)
	}
	if err := e.plantCall(p, "main.leftOut", "runtime.gopanic", nothing); err != nil {
		t.Errorf("of a function that is not there: %v", err)
	}
	if len(p.planted) > 0 || len(e.places) > 0 {
		t.Errorf("%d places were planted", len(e.places))
	}
}
