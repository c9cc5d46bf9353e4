// Package note writes down which functions a call of main.root makes, on how many
// levels below it. What is no level for gtrace is none here: package sync and the
// runtime.
package note

import (
	"encoding/json"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// A Record is one line of the file.
type Record struct {
	Goroutine int64
	Func      string
	Level     int
}

var (
	out   *os.File
	bases sync.Map // by goroutine: the level of what has begun it, or runs a deferred call
)

// To names the file.
func To(path string) (err error) {
	out, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	return err
}

// Called notes a call of the function that it stands in.
//
//go:noinline
func Called() { write(Level(1)) }

// CalledOn notes it for a function which the stack does not tell the level of: a
// goroutine's, or one that is deferred. From there on it is known.
//
//go:noinline
func CalledOn(level int) {
	if n, root := count(1); !root {
		base := -1
		if level >= 0 {
			base = level - n
		}
		bases.Store(goroutine(), base)
	}
	write(level)
}

func write(level int) {
	if level < 0 {
		return
	}
	frame, _ := callers(2).Next()
	line, err := json.Marshal(Record{goroutine(), frame.Function, level})
	if err == nil {
		_, err = out.Write(append(line, '\n'))
	}
	if err != nil {
		panic(err)
	}
}

// Level returns the level of the function it stands in, skip functions further
// out, or -1 outside of main.root.
//
//go:noinline
func Level(skip int) int {
	n, root := count(skip + 1)
	if root {
		return n
	}
	base, ok := bases.Load(goroutine())
	if !ok || base.(int) < 0 {
		return -1
	}
	return base.(int) + n
}

// Next returns the level of what the function it stands in calls.
//
//go:noinline
func Next() int {
	if level := Level(1); level >= 0 {
		return level + 1
	}
	return -1
}

// count counts the functions around that skip functions further out: up to
// main.root, or to where the stack does not tell who has called.
func count(skip int) (n int, root bool) {
	frames := callers(skip + 1)
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "main.root":
			return n, true
		case !more, f.Function == "runtime.gopanic", f.Function == "runtime.Goexit", f.Function == "runtime.goexit":
			return n - 1, false
		case f.Func == nil: // inlined
		case strings.HasPrefix(f.Function, "runtime."), strings.HasPrefix(f.Function, "sync."), strings.HasPrefix(f.Function, "internal/sync."):
		default:
			n++
		}
	}
}

func callers(skip int) *runtime.Frames {
	var pcs [256]uintptr
	return runtime.CallersFrames(pcs[:runtime.Callers(skip+2, pcs[:])])
}

func goroutine() int64 {
	var buf [64]byte
	id, err := strconv.ParseInt(strings.Fields(string(buf[:runtime.Stack(buf[:], false)]))[1], 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}
