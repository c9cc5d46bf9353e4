package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"
)

// A tracer is a running gtrace.
type tracer struct {
	cmd      *exec.Cmd
	messages bytes.Buffer
	done     chan error
}

func startTracer(t *testing.T, args ...string) *tracer {
	t.Helper()
	g := &tracer{cmd: exec.Command(gtrace(t), args...), done: make(chan error, 1)}
	g.cmd.Stderr = &g.messages
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { g.done <- g.cmd.Wait() }()
	return g
}

// wait returns the exit status.
func (g *tracer) wait(t *testing.T) int {
	t.Helper()
	select {
	case err := <-g.done:
		status, err := exitStatus(err)
		if err != nil {
			t.Fatal(err)
		}
		return status
	case <-time.After(patience):
		_ = g.cmd.Process.Kill()
		<-g.done
		t.Fatalf("gtrace did not end\n%s", g.messages.String())
		return -1
	}
}

// kill ends gtrace in the one way that it cannot catch.
func (g *tracer) kill(t *testing.T) {
	t.Helper()
	if err := g.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-g.done
}

// interrupt ends a trace as Ctrl-C does.
func (g *tracer) interrupt(t *testing.T) {
	t.Helper()
	if err := g.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if got := g.wait(t); got != 130 {
		t.Errorf("gtrace: exit status %d, want 130\n%s", got, g.messages.String())
	}
}
