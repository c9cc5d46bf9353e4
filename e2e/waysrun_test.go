package e2e

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestWaysOutOfRun ends the trace of a program that gtrace has launched. The
// program must get on, without probes, until it ends by itself, and gtrace wait
// for that.
func TestWaysOutOfRun(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	closed := func(t *testing.T) *os.File {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.Close() })
		r.Close()
		return w
	}
	prog := buildTarget(t, "opt", "onrequest")
	const own = 3 // the program's exit status
	for _, tt := range []struct {
		name   string
		flags  []string
		fault  string                    // of gtrace
		stderr func(*testing.T) *os.File // nil: kept
		signal syscall.Signal
		status int
		says   []string
	}{
		{name: "limit", flags: []string{"-n", "500"}, status: own, says: []string{"tracing ended at --limit; waiting for PID "}},
		{name: "no reader", stderr: closed, status: own},
		{name: "stalled pipe", flags: stall, stderr: unreadPipe, status: 125},
		{name: "disk full", flags: []string{"-o", "/dev/full"}, status: 125, says: []string{"write /dev/full: no space left on device", "tracing ended; waiting for PID "}},
		{name: "panic in the sink", flags: []string{"-o", "/dev/null"}, fault: "sink:333", status: 125, says: []string{"internal error: fault sink", "tracing ended; waiting for PID "}},
		{name: "panic in the engine", flags: []string{"-o", "/dev/null"}, fault: "hit:333", status: 125, says: []string{"internal error: fault hit", "tracing ended; waiting for PID "}},
		{name: "SIGSEGV", flags: []string{"-o", "/dev/null"}, signal: syscall.SIGSEGV, status: own, says: []string{"tracing ended by SIGSEGV; waiting for PID "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append(append([]string{"run", "-t", "main.work"}, tt.flags...), prog)
			cmd := exec.Command(gtrace(t), args...)
			if tt.fault != "" {
				cmd = faulty(t, tt.fault, args...)
			}
			if tt.stderr != nil {
				cmd.Stderr = tt.stderr(t)
			}
			program := converse(t, cmd)
			g := startCommand(t, cmd)
			program.hears(t, "ready")
			program.pid = childOf(t, cmd.Process.Pid, prog)
			if tt.signal != 0 {
				g.signal(t, tt.signal)
			}
			program.ask(t, 5000)
			program.hears(t, "5000")
			awaitRelease(t, program.pid)
			released(t, program)
			if err := program.in.(io.Closer).Close(); err != nil {
				t.Error(err)
			}
			if got := g.exits(t); got != tt.status {
				t.Errorf("exit status %d, want %d", got, tt.status)
			}
			for _, want := range tt.says {
				if !strings.Contains(g.messages.String(), want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if t.Failed() {
				t.Logf("it says\n%.3000s", g.messages.String())
			}
		})
	}
}

// childOf returns the child of a process that runs a program.
func childOf(t *testing.T, parent int, program string) int {
	t.Helper()
	exes, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, exe := range exes {
		if path, err := os.Readlink(exe); err != nil || path != program {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(exe), "status"))
		if err == nil && strings.Contains(string(status), "\nPPid:\t"+strconv.Itoa(parent)+"\n") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(exe)))
			return pid
		}
	}
	t.Fatalf("process %d has no child that runs %s", parent, program)
	return 0
}

// awaitRelease waits until a process is not traced any more.
func awaitRelease(t *testing.T, pid int) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err = untouched(pid); err == nil && len(guardsOf(t, pid)) == 0 {
			return
		}
	}
	t.Errorf("it is still traced: %v", err)
}
