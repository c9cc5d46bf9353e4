//go:build linux && amd64

package ptrace

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lock keeps the test on the OS thread that ptrace wants.
func lock(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
}

func start(t *testing.T, script string) *Process {
	t.Helper()
	lock(t)
	cmd := exec.Command("sh", "-c", script)
	p, err := Start(cmd)
	if errors.Is(err, unix.EPERM) && !strings.Contains(os.Getenv("GTRACE_REQUIRE"), "ptrace") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func next(t *testing.T, p *Process) Stop {
	t.Helper()
	s, err := p.Next()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEnds(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		want         Stop
	}{
		{"exit status", "exit 3", Stop{Cause: Exited, Status: 3}},
		{"children", "for i in 1 2 3; do true; done; (exit 2); exit 4", Stop{Cause: Exited, Status: 4}},
		{"signal", "kill -TERM $$; sleep 10", Stop{Cause: Killed, Signal: unix.SIGTERM}},
		{"killed", "kill -KILL $$", Stop{Cause: Killed, Signal: unix.SIGKILL}},
		{"signal handled", "trap 'exit 5' USR1; kill -USR1 $$; sleep 10", Stop{Cause: Exited, Status: 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, tt.script)
			got := next(t, p)
			got.Thread = nil
			if got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			if again := next(t, p); again.Cause != tt.want.Cause {
				t.Errorf("asked again: %+v", again)
			}
			if err := p.Detach(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestExec(t *testing.T) {
	p := start(t, "exec sh -c 'exit 6'")
	if s := next(t, p); s.Cause != Execed {
		t.Fatalf("%+v, want the report of an exec", s)
	}
	if s, err := p.Wait(); err != nil || s.Cause != Exited || s.Status != 6 {
		t.Errorf("it ended with %+v, %v, want status 6", s, err)
	}
}

// TestLeave lets go of a started process, which runs on.
func TestLeave(t *testing.T) {
	p := start(t, "sleep 0.2; exit 7")
	time.AfterFunc(50*time.Millisecond, p.Interrupt)
	if _, err := p.Next(); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("%v, want an interrupt", err)
	}
	if err := p.Detach(); err != nil {
		t.Fatal(err)
	}
	if tracer := tracerOf(p.PID); tracer != 0 {
		t.Errorf("%d still traces it", tracer)
	}
	if s, err := p.Wait(); err != nil || s.Status != 7 {
		t.Errorf("it ended with %+v, %v, want status 7", s, err)
	}
}

// TestAttach attaches to a process and lets go of it, many times.
func TestAttach(t *testing.T) {
	lock(t)
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for range 50 {
		p, err := Attach(cmd.Process.Pid)
		if errors.Is(err, unix.EPERM) && !strings.Contains(os.Getenv("GTRACE_REQUIRE"), "ptrace") {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Threads() != 1 {
			t.Errorf("%d threads, want 1", p.Threads())
		}
		if err := p.Detach(); err != nil {
			t.Fatal(err)
		}
	}
	// It takes up its system call again, which needs a moment.
	var status string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		if status = string(data); strings.Contains(status, "State:\tS") && strings.Contains(status, "TracerPid:\t0") {
			return
		}
	}
	t.Errorf("after 50 times it is not as it was:\n%s", status)
}

func TestAttachNone(t *testing.T) {
	lock(t)
	if _, err := Attach(1 << 22); err == nil {
		t.Error("attached to a process that does not exist")
	}
}

// TestMoved checks the copies of instructions: relative addresses keep meaning
// the same place, and the jump leads behind the original.
func TestMoved(t *testing.T) {
	b := &breakpoint{addr: 0x401000, insn: Insn{Effect: Copied, Length: 7, Code: []byte{0x48, 0x8d, 0x05, 0x10, 0, 0, 0}, Relative: 3}}
	code, ok := moved(b, 0x3f0000)
	// 0x401007+0x10 is 0x11010 from 0x3f0007; 0x401007 is 0x10ffb from 0x3f000c.
	want := "\x48\x8d\x05\x10\x10\x01\x00\xe9\xfb\x0f\x01\x00"
	if !ok || string(code) != want {
		t.Errorf("% x, %v, want % x", code, ok, want)
	}
	if _, ok := moved(b, 0x7f0000000000); ok {
		t.Error("an address out of reach was accepted")
	}
}
