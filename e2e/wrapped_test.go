package e2e

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gtrace/events"
)

// TestWrapped traces random programs whose functions are so small that the compiler
// inlines them into the wrappers through which they are called: of method values, of
// methods behind interfaces and promoted ones, of go and defer statements. They
// panic, recover, panic again, call Goexit and follow nil pointers, and log what they
// do. What is seen must be the same, optimised or not.
func TestWrapped(t *testing.T) {
	require(t, "ptrace")
	for n := range times(1) {
		if *seed >= 0 {
			n = *seed
		}
		for _, mode := range []string{"opt", "debug"} {
			t.Run(fmt.Sprintf("%d-%s", n, mode), func(t *testing.T) {
				t.Parallel()
				traceWrapped(t, newWrappedProgram(uint64(n)), n, mode)
			})
		}
		if *seed >= 0 {
			break
		}
	}
}

// The ways in which a function of a wrapped program is called.
const (
	byValue = iota // a method value
	byPointer
	byInterface // of a method with a value receiver, on a pointer
	byEmbedding // promoted from an embedded struct
	byClosure
	byDefer
	byGo
	byGuard // it recovers
	callWays
)

// What a function does in the end.
const (
	endsInReturn = iota
	endsInPanic
	endsInFault
	endsInGoexit
	endsInAnother // of a guard, when it has recovered
)

// A wrappedFunc is a function that is called once. At most one call of it is made.
type wrappedFunc struct {
	way, ends int
	calls     []int // of others, by index
}

type wrappedProgram struct {
	rnd   *rand.Rand
	funcs []wrappedFunc
}

func newWrappedProgram(seed uint64) *wrappedProgram {
	p := &wrappedProgram{rnd: rand.New(rand.NewPCG(seed, 8))}
	p.add(byGuard, 0, false)
	for len(p.funcs) < 60 {
		p.funcs[0].calls = append(p.funcs[0].calls, p.add(byGuard, 1, false))
	}
	return p
}

// add makes a function with all that it calls, and returns its index. What is called
// in a goroutine may call Goexit.
func (p *wrappedProgram) add(way, depth int, inGo bool) int {
	i := len(p.funcs)
	p.funcs = append(p.funcs, wrappedFunc{way: way})
	var calls []int
	for range p.rnd.IntN(4) {
		if next := p.rnd.IntN(callWays); depth < 5 && depth > 0 {
			calls = append(calls, p.add(next, depth+1, inGo || next == byGo))
		}
	}
	ends := endsInReturn
	switch roll := p.rnd.IntN(10); {
	case depth == 0:
	case way == byGuard && roll < 3 && depth > 1:
		ends = endsInAnother
	case way == byGo || way == byGuard:
	case roll < 2:
		ends = endsInPanic
	case roll < 4 && way <= byEmbedding:
		ends = endsInFault
	case roll < 5 && inGo:
		ends = endsInGoexit
	}
	if way == byGo && len(calls) > 0 { // nobody would recover
		guard := len(p.funcs)
		p.funcs = append(p.funcs, wrappedFunc{way: byGuard, calls: calls})
		calls = []int{guard}
	}
	p.funcs[i].calls, p.funcs[i].ends = calls, ends
	return i
}

// name returns what the trace calls a function.
func (p *wrappedProgram) name(i int) string {
	return fmt.Sprintf([]string{
		"main.T.m%d", "main.(*T).m%d", "main.T.m%d", "main.T.m%d", "main.mk%d.func1", "main.d%d", "main.g%d", "main.guard%d",
	}[p.funcs[i].way], i)
}

const wrappedHead = `package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

type T struct{ k int }

type E struct {
	pad [2]int
	T
}

var (
	mu   sync.Mutex
	none *int
)

func log(what string, i, n int) {
	mu.Lock()
	defer mu.Unlock()
	fmt.Fprintln(os.Stdout, what, i, n)
}

//go:noinline
func hold(f func(int) int) func(int) int { return f }

//go:noinline
func at(i, n int) (r int) {
	log("call", i, n)
	what := "unwound"
	defer func() { log(what, i, n*3) }()
	run[i]()
	what = ends[i]
	return n * 3
}

//go:noinline
func again(i int, r any) {
	if r != nil {
		log("recovered", i, 0)
	}
	if r != nil && ends[i] == "again" {
		panic(fmt.Sprint("again ", i))
	}
}

func main() {
	run[0]()
	for runtime.NumGoroutine() > 1 {
		time.Sleep(time.Millisecond)
	}
}
`

// source returns the text of the program.
func (p *wrappedProgram) source() string {
	var b, table, ends strings.Builder
	b.WriteString(wrappedHead)
	for i, f := range p.funcs {
		body := fmt.Sprintf("return at(%d, n+t.k)", i)
		if f.ends == endsInFault {
			body = fmt.Sprintf("r := at(%d, n+t.k); *none = r; return r", i)
		}
		switch f.way {
		case byValue, byInterface, byEmbedding:
			fmt.Fprintf(&b, "\nfunc (t T) m%d(n int) int { %s }\n", i, body)
		case byPointer:
			fmt.Fprintf(&b, "\nfunc (t *T) m%d(n int) int { %s }\n", i, body)
		case byClosure:
			fmt.Fprintf(&b, "\n//go:noinline\nfunc mk%d(k int) func(int) int { return func(n int) int { return at(%d, n+k) } }\n", i, i)
		case byDefer:
			fmt.Fprintf(&b, "\nfunc d%d(n int) { at(%d, n) }\n", i, i)
		case byGo:
			fmt.Fprintf(&b, "\nfunc g%d(n int) { at(%d, n) }\n", i, i)
		case byGuard:
			fmt.Fprintf(&b, "\n//go:noinline\nfunc guard%d() {\n\tdefer func() { again(%d, recover()) }()\n\tat(%d, 0)\n}\n", i, i, i)
		}
		if f.way == byInterface || f.way == byEmbedding {
			fmt.Fprintf(&b, "\ntype I%d interface{ m%d(int) int }\n\n//go:noinline\nfunc call%d(x I%d) { x.m%d(%d) }\n", i, i, i, i, i, i)
		}
		fmt.Fprintf(&b, "\n//go:noinline\nfunc run%d() {\n", i)
		for _, c := range f.calls {
			b.WriteString(p.call(c))
		}
		switch f.ends {
		case endsInPanic:
			fmt.Fprintf(&b, "\tpanic(\"panic %d\")\n", i)
		case endsInGoexit:
			b.WriteString("\truntime.Goexit()\n")
		}
		b.WriteString("}\n")
		fmt.Fprintf(&table, "\t\trun%d,\n", i)
		fmt.Fprintf(&ends, "\t%q,\n", []string{"return", "return", "faults", "return", "again"}[f.ends])
	}
	fmt.Fprintf(&b, "\nvar run []func()\n\nfunc init() {\n\trun = []func(){\n%s\t}\n}\n\nvar ends = []string{\n%s}\n", &table, &ends)
	return b.String()
}

// call returns the statement that calls a function.
func (p *wrappedProgram) call(i int) string {
	switch p.funcs[i].way {
	case byValue:
		return fmt.Sprintf("\thold(T{%d}.m%d)(%d)\n", i, i, i)
	case byPointer:
		return fmt.Sprintf("\thold((&T{%d}).m%d)(%d)\n", i, i, i)
	case byInterface:
		return fmt.Sprintf("\tcall%d(&T{%d})\n", i, i)
	case byEmbedding:
		return fmt.Sprintf("\tcall%d(&E{T: T{%d}})\n", i, i)
	case byClosure:
		return fmt.Sprintf("\thold(mk%d(%d))(%d)\n", i, i, i)
	case byDefer:
		return fmt.Sprintf("\tdefer d%d(%d)\n", i, i)
	case byGo:
		return fmt.Sprintf("\tgo g%d(%d)\n", i, i)
	}
	return fmt.Sprintf("\tguard%d()\n", i)
}

// A wrappedCall is what is known of the call of a function.
type wrappedCall struct {
	calls   int
	ended   string // return or unwound
	result  string
	recover bool
	faulted bool // it followed a nil pointer, and that was seen where it was written
}

// logged reads what the program says of its calls.
func (p *wrappedProgram) logged(t *testing.T, log string) []wrappedCall {
	list := make([]wrappedCall, len(p.funcs))
	for line := range strings.Lines(log) {
		var what string
		var i, n int
		if _, err := fmt.Sscan(line, &what, &i, &n); err != nil {
			t.Fatalf("log: %q: %v", line, err)
		}
		c := &list[i]
		switch what {
		case "call":
			c.calls++
		case "recovered":
			c.recover = p.funcs[i].ends != endsInAnother
			c.ended = map[bool]string{true: "return", false: "unwound"}[c.recover]
		case "faults":
			c.ended, c.faulted = "unwound", true
		case "return", "unwound", "again":
			c.ended = strings.Replace(what, "again", "return", 1)
			if p.funcs[i].way <= byClosure && what == "return" {
				c.result = fmt.Sprint(n)
			}
		}
	}
	return list
}

// traced gathers the same from a stream, and checks what else it says of each call.
func (p *wrappedProgram) traced(t *testing.T, stream []events.Event, source string, optimized bool) []wrappedCall {
	list := make([]wrappedCall, len(p.funcs))
	index := map[string]int{}
	for i := range p.funcs {
		index[p.name(i)] = i
	}
	for _, e := range stream {
		i, ok := index[e.Func]
		if !ok || i == 0 {
			continue
		}
		c := &list[i]
		switch e.Kind {
		case events.Call:
			c.calls++
			p.checkArgs(t, i, e, optimized)
		case events.Return:
			c.ended, c.recover = map[bool]string{true: "unwound", false: "return"}[e.Unwound], e.Recovered
			if len(e.Results) == 1 {
				c.result = e.Results[0].Value
			}
		case events.Exception:
			if p.funcs[i].ends != endsInFault || e.Exception.Class != events.ClassRuntime || e.Exception.Origin.Func != e.Func {
				continue
			}
			before, _, _ := strings.Cut(source, fmt.Sprintf("r := at(%d, ", i))
			if want := strings.Count(before, "\n") + 1; e.Exception.Origin.Line != want || e.Line != want {
				t.Errorf("%s: the fault is told to be on line %d, of %d, and is on %d", e.Func, e.Exception.Origin.Line, e.Line, want)
			}
			list[i].faulted = true
		}
	}
	return list
}

// checkArgs checks the arguments of a call, which are made of the function's number.
func (p *wrappedProgram) checkArgs(t *testing.T, i int, e events.Event, optimized bool) {
	var got []string
	for _, a := range e.Args {
		got = append(got, a.Value)
	}
	number, receiver := fmt.Sprint(i), fmt.Sprintf("main.T{k:%d}", i)
	var want []string
	switch p.funcs[i].way {
	case byValue, byInterface, byEmbedding:
		want = []string{receiver, number}
	case byPointer:
		want = []string{"&" + receiver, number}
	case byClosure, byDefer, byGo:
		want = []string{number}
	}
	unknown := optimized && len(got) == 1 && got[0] == "<optimized out>" && (p.funcs[i].way == byDefer || p.funcs[i].way == byGo)
	if !unknown && !slices.Equal(got, want) {
		t.Errorf("%s(%s), want %s", e.Func, strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

func traceWrapped(t *testing.T, p *wrappedProgram, seed int, mode string) {
	dir := keepOnFailure(t, fmt.Sprintf("gtrace-wrapped-%d-%s-", seed, mode))
	source := p.source()
	for name, text := range map[string]string{"main.go": source, "go.mod": "module prog\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	goTool(t, dir, append(slices.Clone(buildModes[mode]), "-o", "prog", ".")...)
	ctx, cancel := context.WithTimeout(t.Context(), generatedLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, gtrace(t), "run", "-q", "-t", "main.*", "--format", "json", "-o", "trace.jsonl", "./prog")
	cmd.Dir = dir
	var log, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &problems
	if err := cmd.Run(); err != nil || problems.Len() > 0 {
		t.Fatalf("%v\n%s", err, &problems)
	}
	if err := validateFile(filepath.Join(dir, "trace.jsonl")); err != nil {
		t.Errorf("validate: %v", err)
	}
	file, err := os.Open(filepath.Join(dir, "trace.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stream, err := readStream(bufio.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	got, want := p.traced(t, stream, source, mode == "opt"), p.logged(t, log.String())
	for i := range p.funcs {
		if got[i] != want[i] && i > 0 {
			t.Errorf("%s: seen %+v, logged %+v", p.name(i), got[i], want[i])
		}
	}
}
