//go:build linux && amd64

package ptrace_test

import (
	"os"
	"testing"

	"gtrace/session/engine"
	"gtrace/session/engine/enginetest"
	"gtrace/session/engine/ptrace"
)

func TestConformance(t *testing.T) {
	enginetest.Run(t, func(t *testing.T, p enginetest.Program) engine.Engine {
		e, err := ptrace.Run(ptrace.Launch{Path: p.Path(t), Args: []string{p.Mode}, Stderr: os.Stderr})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			// A program that was not traced to its end may wait for ever.
			_ = e.Close()
			if _, ended := e.Ended(); !ended {
				_ = e.Signal(os.Kill)
				_, _, _ = e.Wait()
			}
		})
		return e
	})
}
