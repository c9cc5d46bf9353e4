package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// An idle is a running process of testdata/onrequest, which stands in a system
// call unless it is asked for something.
type idle struct {
	pid   int
	in    io.Writer
	lines chan string // what it says
}

func startIdle(t *testing.T) *idle {
	t.Helper()
	cmd := exec.Command(buildTarget(t, "opt", "onrequest"))
	cmd.Stderr = os.Stderr
	i := converse(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	i.pid = cmd.Process.Pid
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	i.hears(t, "ready")
	return i
}

// converse connects the input and output of cmd, which is to be started, and
// closes them at the end of the test.
func converse(t *testing.T, cmd *exec.Cmd) *idle {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	t.Cleanup(func() {
		in.Close()
		w.Close()
		out.Close()
	})
	i := &idle{in: in, lines: make(chan string, 100)}
	go func() {
		defer close(i.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			i.lines <- s.Text()
		}
	}()
	return i
}

// ask makes it do n calls.
func (i *idle) ask(t *testing.T, n int) {
	t.Helper()
	if _, err := fmt.Fprintln(i.in, n); err != nil {
		t.Fatal(err)
	}
}

// hears waits for what it says next.
func (i *idle) hears(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-i.lines:
		if got != want {
			t.Fatalf("it says %q, want %q", got, want)
		}
	case <-time.After(patience):
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.pid))
		t.Fatalf("it does not say %q\n%s", want, status)
	}
}

func (i *idle) id() int { return i.pid }

// advances checks that it does what it is asked to.
func (i *idle) advances(t *testing.T) {
	t.Helper()
	i.ask(t, 7)
	i.hears(t, "7")
}
