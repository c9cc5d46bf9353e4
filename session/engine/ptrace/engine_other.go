//go:build !(linux && amd64)

package ptrace

import (
	"context"
	"fmt"
	"iter"
	"os"
	"runtime"

	"gtrace/session/engine"
)

var errPlatform = fmt.Errorf("%w: processes can be traced on linux/amd64 only, and this is %s/%s",
	engine.ErrNotSupported, runtime.GOOS, runtime.GOARCH)

// An Engine traces one process, on linux/amd64.
type Engine struct{}

// Run starts a program, on linux/amd64.
func Run(Launch) (*Engine, error) { return nil, errPlatform }

// Attach seizes a running process, on linux/amd64.
func Attach(int) (*Engine, error) { return nil, errPlatform }

// Check tells why Attach would refuse a process.
func Check(int) error { return errPlatform }

// Protectable says nothing where nothing can be traced.
func Protectable(int) error { return nil }

// HasLeft reports that no engine can have left anything.
func HasLeft(int) bool { return false }

// Recover removes what an engine has left, on linux/amd64.
func Recover(int) error { return errPlatform }

// Try tells that nothing can be traced here.
func Try() Trial { return Trial{Trace: errPlatform} }

// Target describes the process.
func (e *Engine) Target() engine.Target { return engine.Target{} }

// Functions returns the functions of the target.
func (e *Engine) Functions() []*engine.Function { return nil }

// Plant installs a probe.
func (e *Engine) Plant(engine.Probe) (engine.ProbeID, error) { return 0, errPlatform }

// Unplant removes a probe.
func (e *Engine) Unplant(engine.ProbeID) error { return errPlatform }

// Hits lets the target run and yields what it does.
func (e *Engine) Hits(context.Context) iter.Seq2[engine.Hit, error] {
	return func(yield func(engine.Hit, error) bool) { yield(engine.Hit{}, errPlatform) }
}

// Idle lets the target run.
func (e *Engine) Idle(context.Context) bool { return false }

// Close lets go of the target.
func (e *Engine) Close() error { return nil }

// Wait waits for the end of a target that Run has started.
func (e *Engine) Wait() (status int, signal string, err error) { return 0, "", errPlatform }

// Signal sends a signal to the target.
func (e *Engine) Signal(os.Signal) error { return errPlatform }
