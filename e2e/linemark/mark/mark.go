// Package mark is linked into programs that say before each line that they run
// it. What they say is a call, which a tracer sees as it sees the lines; the
// values that variables have then are written to a file, for a tracer must not
// be believed about values that it has read itself.
package mark

import (
	"encoding/json"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"gtrace/e2e/progen/calllog"
)

// A Record is what is written at a mark: the variables, by name, in Go syntax.
// One that has no line is of a function that begins, or ends if it has no name.
type Record struct {
	Goroutine int64             `json:"g"`
	Line      int               `json:"line,omitempty"`
	Func      string            `json:"func,omitempty"`
	Vars      map[string]string `json:"vars,omitempty"`
	Only      bool              `json:"only,omitempty"` // the variables: a line is not about to run
}

var out = sync.OnceValue(func() *os.File {
	name := os.Getenv("MARKLOG")
	if name == "" {
		name = os.DevNull
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		panic(err)
	}
	return f
})

// Here says that the line on which it is called is about to run. The variables
// are given as names and values in turn. It returns true.
//
//go:noinline
func Here(line int, vars ...any) bool { return write(line, vars, false) }

// Next says that the line runs next, which is not the one on which it is called.
//
//go:noinline
func Next(line int, vars ...any) bool { return write(line, vars, false) }

// Had says only which values variables have within a line. It returns true.
//
//go:noinline
func Had(line int, vars ...any) bool { return write(line, vars, true) }

// With says the same, and returns a value.
//
//go:noinline
func With[T any](value T, line int, vars ...any) T {
	write(line, vars, true)
	return value
}

// Enter says that a function begins. It returns what says that the function ends.
func Enter(name string) (leave func()) {
	put(Record{Goroutine: goroutine(), Func: name})
	return func() { put(Record{Goroutine: goroutine()}) }
}

func write(line int, vars []any, only bool) bool {
	r := Record{Goroutine: goroutine(), Line: line, Only: only}
	for i := 0; i < len(vars); i += 2 {
		if r.Vars == nil {
			r.Vars = map[string]string{}
		}
		r.Vars[vars[i].(string)] = calllog.Format(vars[i+1])
	}
	put(r)
	return true
}

func put(r Record) {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	if _, err := out().Write(append(text, '\n')); err != nil {
		panic(err)
	}
}

func goroutine() int64 {
	var buf [64]byte
	head := string(buf[:runtime.Stack(buf[:], false)])
	id, err := strconv.ParseInt(strings.Fields(head)[1], 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}
