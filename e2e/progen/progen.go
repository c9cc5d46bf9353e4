// Package progen generates random Go programs that log their own calls. What a
// tracer sees of such a program from outside can then be compared with what it
// says itself: [Expect] turns a log into the events that should have been seen.
//
// A program is a function of its seed. What it does when it runs also depends
// on how its goroutines are scheduled; its log tells.
package progen

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

//go:embed calllog/calllog.go
var calllogSource string

//go:embed calllog/format.go
var formatSource string

// A Program is the source of a program: its files by path.
type Program map[string]string

// Generate returns the program of a seed. It makes about the given number of
// calls and writes its log to the file that the environment variable CALLLOG
// names.
func Generate(seed uint64, calls int) Program {
	g := newGenerator(seed)
	g.declareTypes()
	g.declareFunctions()
	for i := range g.funcs {
		g.define(i)
	}
	g.printf("%s", builtins)
	g.defineMain(seed, calls)
	return g.program()
}

func newGenerator(seed uint64) *generator {
	return &generator{rand: rand.New(rand.NewPCG(seed, 0))}
}

func (g *generator) program() Program {
	return Program{
		"go.mod":             "module prog\n\ngo 1.26\n",
		"main.go":            header + g.out.String(),
		"calllog/calllog.go": calllogSource,
		"calllog/format.go":  formatSource,
	}
}

const header = `package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"sync"

	"prog/calllog"
)

var (
	_ = errors.New
	_ = fmt.Errorf
	_ fs.PathError
	_ = os.Exit
	_ = runtime.Goexit
	_ = strconv.Itoa
)

`

// A generator holds the program so far.
type generator struct {
	rand  *rand.Rand
	out   strings.Builder
	types []*typ
	odd   []*typ // see declareOddTypes
	funcs []*function
	names int // identifiers given out
}

func (g *generator) printf(format string, args ...any) { fmt.Fprintf(&g.out, format, args...) }

// chance is true in one of n cases.
func (g *generator) chance(n int) bool { return g.rand.IntN(n) == 0 }

// fresh returns a new identifier.
func (g *generator) fresh(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// pick returns one of its arguments.
func pick[T any](g *generator, choices ...T) T { return choices[g.rand.IntN(len(choices))] }

// WriteTo writes the program's files below dir.
func (p Program) WriteTo(dir string) error {
	for name, text := range p {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}
