// Package calllog is linked into generated programs, which call it to write
// down what they do: each entry and exit, panic and recovery, in the order in
// which each goroutine comes to it. It is not traced itself. It imports the
// standard library only, for its source is copied into the program's module.
package calllog

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Record is one line of the log.
type Record struct {
	Goroutine int64   `json:"g"`
	Op        string  `json:"op"` // enter, exit, close, panic, recover
	ID        int     `json:"id,omitempty"`
	Func      string  `json:"func,omitempty"`
	Values    []Value `json:"values,omitempty"`
	Class     string  `json:"class,omitempty"` // panic: as gtrace names it
	Type      string  `json:"type,omitempty"`
	Text      string  `json:"text,omitempty"`
	// Errors identifies the error in the last result and those it wraps,
	// innermost first.
	Errors []string `json:"errors,omitempty"`
}

// A Value is an argument or a result.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Error string `json:"error,omitempty"`
}

var (
	out  = sync.OnceValue(open)
	ids  atomic.Int64
	fuel atomic.Int64
	dice atomic.Uint64

	mu     sync.Mutex
	guards = map[int64]int{} // open guards by goroutine
)

func open() *os.File {
	f, err := os.OpenFile(os.Getenv("CALLLOG"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		panic(err)
	}
	return f
}

// write appends a record in one system call, so that no lock is needed and
// nothing is lost when the program dies.
func write(r Record) {
	r.Goroutine = goroutine()
	line, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	if _, err := out().Write(append(line, '\n')); err != nil {
		panic(err)
	}
}

// goroutine returns the id of the current goroutine.
func goroutine() int64 {
	var buf [64]byte
	head := string(buf[:runtime.Stack(buf[:], false)])
	id, err := strconv.ParseInt(strings.Fields(head)[1], 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}

// Start sets how many calls the program may make and the seed of its choices.
func Start(calls int64, seed uint64) {
	fuel.Store(calls)
	dice.Store(seed)
}

// Fuel takes one call from what is left.
func Fuel() bool { return fuel.Add(-1) >= 0 }

// Pick is true in one of n cases.
func Pick(n uint64) bool {
	x := dice.Add(0x9e3779b97f4a7c15)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return (x^x>>31)%n == 0
}

// Enter logs the entry of the calling function with its arguments, given as
// names and values in turn, and returns an id for the call.
//
//go:noinline
func Enter(args ...any) int {
	id := int(ids.Add(1))
	write(Record{Op: "enter", ID: id, Func: caller(), Values: values(args)})
	return id
}

// caller returns the name of the function that called into this package, as a
// traceback prints it.
func caller() string {
	var pcs [1]uintptr
	runtime.Callers(3, pcs[:])
	frame, _ := runtime.CallersFrames(pcs[:]).Next()
	return frame.Function
}

// Exit logs that a call is about to return these results.
//
//go:noinline
func Exit(id int, results ...any) { leave("exit", id, results) }

// Close logs, from the last deferred call of a function, what it returns if it
// is not being left by a panic.
//
//go:noinline
func Close(id int, results ...any) { leave("close", id, results) }

func leave(op string, id int, results []any) {
	r := Record{Op: op, ID: id, Values: values(results)}
	if len(results) > 0 {
		if err, ok := results[len(results)-1].(error); ok {
			r.Errors, r.Type = identities(err), typeName(reflect.TypeOf(err))
		}
	}
	write(r)
}

// Panic logs that panic(v) is about to run. What the runtime has thrown keeps its
// class when it is thrown again.
//
//go:noinline
func Panic(v any) {
	r := Record{Op: "panic", Class: "panic", Type: typeName(reflect.TypeOf(v)), Text: Format(v)}
	if err, ok := v.(error); ok {
		r.Text = err.Error()
	}
	if _, ok := v.(runtime.Error); ok {
		r.Class = "runtime"
	}
	write(r)
}

// Fault logs that a run-time panic is about to happen.
//
//go:noinline
func Fault(typ, text string) {
	write(Record{Op: "panic", Class: "runtime", Type: typ, Text: text})
}

// Goexit logs that runtime.Goexit is about to run.
//
//go:noinline
func Goexit() { write(Record{Op: "panic", Class: "goexit"}) }

// Recovered logs that a deferred call of call id has recovered v, unless v is
// nil.
//
//go:noinline
func Recovered(id int, v any) {
	if v != nil {
		write(Record{Op: "recover", ID: id})
	}
}

// Guard counts the open calls of this goroutine that recover panics.
func Guard(n int) {
	mu.Lock()
	defer mu.Unlock()
	guards[goroutine()] += n
}

// Raise is true in one of n cases, but only below a call that recovers.
func Raise(n uint64) bool {
	mu.Lock()
	defer mu.Unlock()
	return guards[goroutine()] > 0 && Pick(n)
}

// kept is one of the values given to Keep.
var kept atomic.Pointer[any]

// Keep makes what p points to escape to the heap.
func Keep(p any) { kept.Store(&p) }

// mortal holds the goroutines that may end by runtime.Goexit.
var mortal = map[int64]bool{}

// Mortal lets this goroutine end by runtime.Goexit.
func Mortal() {
	mu.Lock()
	defer mu.Unlock()
	mortal[goroutine()] = true
}

// Quit is true in one of n cases, at most once, on a goroutine that is mortal
// and not below a call that recovers.
func Quit(n uint64) bool {
	mu.Lock()
	defer mu.Unlock()
	g := goroutine()
	quit := mortal[g] && guards[g] == 0 && Pick(n)
	if quit {
		delete(mortal, g)
	}
	return quit
}

// Join waits until no other goroutine is left.
func Join() {
	for runtime.NumGoroutine() > 1 {
		time.Sleep(time.Millisecond)
	}
}

// Same returns v. The compiler does not know that.
//
//go:noinline
func Same[T any](v T) T { return v }

// values pairs names with values.
func values(pairs []any) []Value {
	var out []Value
	for p := range slices.Chunk(pairs, 2) {
		v := Value{Name: p[0].(string), Value: Format(p[1])}
		if err, ok := p[1].(error); ok {
			v.Error = err.Error()
		}
		out = append(out, v)
	}
	return out
}

// identities names an error and those it wraps, innermost first.
func identities(err error) []string {
	if err == nil {
		return nil
	}
	var out []string
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		out = identities(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			out = append(out, identities(inner)...)
		}
	}
	return append(out, fmt.Sprintf("%T %p", err, err))
}
