// Package dlv is the ptrace engine: it reads programs through Delve and
// controls processes through ptrace.
package dlv

import (
	"context"
	"iter"
	"os"

	"gtrace/session/engine"
)

// Launch says how to start a program.
type Launch struct {
	Path                  string
	Args                  []string // without the program's own name
	Dir                   string
	Env                   []string
	Stdin, Stdout, Stderr *os.File
}

type Engine struct{}

func Run(l Launch) (*Engine, error)    { return nil, engine.ErrNotSupported }
func Attach(pid int) (*Engine, error)  { return nil, engine.ErrNotSupported }
func Open(path string) (*Image, error) { return nil, engine.ErrNotSupported }

type Image struct{}

func (i *Image) Functions() []*engine.Function { return nil }
func (i *Image) Module() string                { return "" }
func (i *Image) GoVersion() string             { return "" }
func (i *Image) Close() error                  { return nil }

func (e *Engine) Target() engine.Target         { return engine.Target{} }
func (e *Engine) Functions() []*engine.Function { return nil }
func (e *Engine) Plant(engine.Probe) (engine.ProbeID, error) {
	return 0, engine.ErrNotSupported
}
func (e *Engine) Unplant(engine.ProbeID) error { return engine.ErrNotSupported }
func (e *Engine) Hits(context.Context) iter.Seq2[engine.Hit, error] {
	return func(func(engine.Hit, error) bool) {}
}
func (e *Engine) Close() error                                 { return nil }
func (e *Engine) Wait() (status int, signal string, err error) { return 0, "", nil }
func (e *Engine) Signal(os.Signal) error                       { return nil }
