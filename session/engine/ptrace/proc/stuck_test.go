//go:build linux && amd64

package proc

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestVforkHangs lets go of a process a child of which hangs between vfork and exec. The
// thread that has made it cannot be stopped until then, and nobody waits for that.
func TestVforkHangs(t *testing.T) {
	lock(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asTarget+"=forks")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	lines.Scan()
	p, err := Attach(cmd.Process.Pid)
	if err != nil {
		t.Skip(err)
	}
	child := hang(t, p)
	if err := p.StopAll(); err != nil {
		t.Fatal(err)
	}
	stuck := 0
	for _, th := range p.threads {
		if th.stuck {
			stuck++
		} else if th.state != stopped {
			t.Errorf("thread %d runs", th.ID)
		}
	}
	if stuck != 1 {
		t.Errorf("%d threads are stuck, want one", stuck)
	}
	if err := p.Detach(); err != nil {
		t.Fatal(err)
	}
	if !p.Clings() {
		t.Error("it is said that every thread was let go")
	}
	for len(p.clinging) == 0 || unix.Kill(child, unix.SIGCONT) == nil && p.Clings() {
		time.Sleep(time.Millisecond)
	}
	for range 3 {
		if !lines.Scan() || lines.Text() != "<nil>" {
			t.Fatalf("%q, want a child that ran", lines.Text())
		}
	}
	if tracer := tracerOf(cmd.Process.Pid); tracer != 0 {
		t.Errorf("%d still traces it", tracer)
	}
}

// hang stops a child that was made by vfork before it replaces its program.
func hang(t *testing.T, p *Process) (id int) {
	t.Helper()
	for {
		pid, ws, err := p.wait(false)
		if err == nil {
			err = p.observe(pid, ws, false)
		}
		if err != nil && err != unix.EINTR {
			t.Fatal(err)
		}
		if id != 0 && pid == id && eventOf(ws) == eventStop && ws.StopSignal() == unix.SIGSTOP {
			return id
		}
		for _, c := range p.children {
			if id == 0 && !c.kept {
				id = c.id
				if err := unix.Kill(id, unix.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
