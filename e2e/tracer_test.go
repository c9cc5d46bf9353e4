package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
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
	return startCommand(t, exec.Command(gtrace(t), args...))
}

// startCommand starts a command that is gtrace, or becomes it.
func startCommand(t *testing.T, cmd *exec.Cmd) *tracer {
	t.Helper()
	g := &tracer{cmd: cmd, done: make(chan error, 1)}
	if cmd.Stderr == nil {
		cmd.Stderr = &g.messages
	}
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

func (g *tracer) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := g.cmd.Process.Signal(sig); err != nil {
		t.Error(err)
	}
}

// exits is wait for a gtrace that must end by itself and not be killed, after
// which its guard would mend the process.
func (g *tracer) exits(t *testing.T) int {
	t.Helper()
	status := g.wait(t)
	if !g.cmd.ProcessState.Exited() {
		t.Errorf("it was killed: %v", g.cmd.ProcessState)
	}
	return status
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
