package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A busy is a running process of testdata/busy, which does nothing but call its
// functions, and checks what they return.
type busy struct {
	cmd      *exec.Cmd
	pid      int
	progress string // file with the number of calls
	messages bytes.Buffer
}

func startBusy(t *testing.T, build string, args ...string) *busy {
	t.Helper()
	return startBusyBy(t, nil, build, args...)
}

// startBusyBy lets another command start it, which becomes it.
func startBusyBy(t *testing.T, by []string, build string, args ...string) *busy {
	t.Helper()
	if build == "optimised" {
		build = "opt"
	}
	return startProgress(t, slices.Concat(by, []string{buildTarget(t, build, "busy")}), args...)
}

// startProgress starts a program that takes the file to write its progress to as
// its first argument.
func startProgress(t *testing.T, line []string, args ...string) *busy {
	t.Helper()
	b := &busy{progress: filepath.Join(t.TempDir(), "progress")}
	line = slices.Concat(line, []string{b.progress}, args)
	b.cmd = exec.Command(line[0], line[1:]...)
	b.cmd.Stderr = &b.messages
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b.pid = b.cmd.Process.Pid
	t.Cleanup(func() {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
	})
	b.advances(t)
	return b
}

// advances waits until the process has made further calls.
func (b *busy) advances(t *testing.T) {
	t.Helper()
	before := b.calls()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if b.calls() > before {
			return
		}
		b.lives(t)
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.pid))
	t.Fatalf("process %d does not get on, after %d calls\n%s", b.pid, before, status)
}

// lives checks that the process has not ended.
func (b *busy) lives(t *testing.T) {
	t.Helper()
	// Its program cannot be told while it replaces it.
	if strings.HasPrefix(stateOf(b.pid), "Z") {
		_ = b.cmd.Wait()
		t.Fatalf("process %d has ended: %v\n%.700s", b.pid, b.cmd.ProcessState, b.messages.String())
	}
}

func (b *busy) calls() int {
	data, _ := os.ReadFile(b.progress)
	n, _ := strconv.Atoi(string(data))
	return n
}

// isFree waits until nothing of tracing is left on the process.
func (b *busy) isFree(t *testing.T) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err = b.free(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

func (b *busy) free() error { return free(b.pid) }

// traced starts a trace of the process and waits until it is under way.
func (b *busy) traced(t *testing.T, flags ...string) *tracer {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	args := append([]string{"attach", "-t", "main.*", "--format", "json", "-o", trace}, flags...)
	g := startTracer(t, append(args, strconv.Itoa(b.pid))...)
	awaitSize(t, trace, 2000)
	return g
}

// guardsOf returns the processes that guard a process.
func guardsOf(t *testing.T, pid int) []int {
	t.Helper()
	var found []int
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if data, _ := os.ReadFile(line); string(data) == fmt.Sprintf("gt-guard\x00%d\x00", pid) {
			n, _ := strconv.Atoi(strings.Split(line, "/")[2])
			found = append(found, n)
		}
	}
	return found
}

// TestKilled kills gtrace with SIGKILL, again and again, while the target hits
// its probes as fast as it can. Each time the target must run on, and soon have
// nothing left on it.
func TestKilled(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	for _, tt := range []struct {
		build string
		flags []string
	}{
		{build: "optimised"},
		{build: "debug"},
		{build: "pie"},
		{build: "optimised", flags: []string{"--pin"}},
	} {
		t.Run(strings.Join(append([]string{tt.build}, tt.flags...), " "), func(t *testing.T) {
			startBusy(t, tt.build).survives(t, times(1), tt.flags...)
		})
	}
}

// TestKilledFiltered does the same to a target under a seccomp filter.
func TestKilledFiltered(t *testing.T) {
	require(t, "ptrace", "suspend")
	t.Parallel()
	crowded(t)
	filter := buildTarget(t, "opt", "filter")
	startBusyBy(t, []string{filter}, "optimised").survives(t, times(2))
}

// survives traces the process and kills gtrace, so many times.
func (b *busy) survives(t *testing.T, rounds int, flags ...string) {
	t.Helper()
	allowed := allowedCPUs(t, b.pid)
	for range rounds {
		g := b.traced(t, flags...)
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		g.kill(t)
		b.isFree(t)
		b.advances(t)
		if got := allowedCPUs(t, b.pid); got != allowed {
			t.Fatalf("it may run on the CPUs %s, before on %s", got, allowed)
		}
	}
	t.Logf("it survived %d of %d", rounds, rounds)
}

// TestKilledAttach attaches again at once after gtrace was killed: what the
// killed one has left, and the guard that takes it back, must not be in the way.
func TestKilledAttach(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	b := startBusy(t, "optimised")
	for n := range times(2) {
		g := b.traced(t)
		if err := g.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if n%2 == 1 {
			<-g.done // else the kernel has not ended it yet
		}
		next := startTracer(t, "attach", "-t", "main.*", "-n", "50", "-o", os.DevNull, strconv.Itoa(b.pid))
		if got := next.exits(t); got != 0 {
			t.Fatalf("after %d times: exit status %d\n%s", n, got, next.messages.String())
		}
		b.isFree(t)
		b.advances(t)
	}
}

// TestKilledGuards kills both gtrace and its guard. Nobody mends the target: it
// must live with what is left on it.
func TestKilledGuards(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	for n := range times(2) {
		t.Run(strconv.Itoa(n), killGuards)
	}
}

func killGuards(t *testing.T) {
	b := startBusy(t, "optimised")
	g := b.traced(t)
	// Stopped, the tracer does not start another guard. The threads that run
	// into probes meanwhile wait for it.
	if err := g.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(rand.IntN(5_000)) * time.Microsecond)
	for _, pid := range guardsOf(t, b.pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	g.kill(t)
	b.advances(t)
	if b.free() == nil {
		t.Error("nothing is left on it: was it mended?")
	}
	pid := strconv.Itoa(b.pid)
	doctor(t, nil, 1, gtrace(t), "doctor", "--format", "json", pid)["remains"].want(t, "fail", "a killed tracer has left")
	next := startTracer(t, "attach", "-t", "main.*", pid)
	if got := next.exits(t); got != 126 || !strings.Contains(next.messages.String(), "hint: gtrace repair "+pid) {
		t.Errorf("exit status %d\n%s", got, next.messages.String())
	}
	b.advances(t)
}

// TestSignalKilled kills gtrace while numbered signals are sent to a thread of the
// target, as fast as it handles them: none may be lost, and none come twice. What
// gtrace does with each takes so long that it is in the midst of that.
func TestSignalKilled(t *testing.T) {
	require(t, "ptrace", "cgo", "strace")
	t.Parallel()
	target := startTarget(t, buildTarget(t, "opt", "siginfo"), "queue")
	for range times(4) {
		// It is not called: gtrace has nothing to do but with signals.
		attach := []string{gtrace(t), "attach", "-q", "-t", "main.change", "-o", os.DevNull, strconv.Itoa(target.pid)}
		slow := []string{"-D", "-f", "-qq", "-o", os.DevNull, "-e", "trace=ptrace", "-e", "inject=ptrace:delay_enter=2000"}
		g := startCommand(t, exec.Command("strace", append(slow, attach...)...))
		await(t, "a breakpoint", func() bool { return pristine(target.pid) != nil || len(g.done) > 0 })
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		g.kill(t)
		await(t, "the process to be free", func() bool { return free(target.pid) == nil })
	}
	const each = "signal 39 code -1 pid 0 status 0 value 0 stray 0 handler 0\n"
	if got := target.end(); got.status != 0 || !strings.HasPrefix(string(got.stdout), each) || strings.Contains(string(got.stdout), "number") {
		t.Errorf("exit status %d\n%s%s", got.status, got.stdout, got.stderr)
	}
}

// TestGuardAgain kills the guard: another takes its place, and knows what it has
// to.
func TestGuardAgain(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	b := startBusy(t, "optimised")
	g := b.traced(t)
	first := awaitGuard(t, b.pid, 0)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitGuard(t, b.pid, first)
	g.kill(t)
	b.isFree(t)
	b.advances(t)
}

// awaitGuard waits for a guard that is not the one given.
func awaitGuard(t *testing.T, pid, not int) int {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for _, g := range guardsOf(t, pid) {
			if g != not {
				return g
			}
		}
	}
	t.Fatalf("process %d has no guard", pid)
	return 0
}

// TestGuardEnds checks that a trace that ends in order leaves no guard behind.
func TestGuardEnds(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	b := startBusy(t, "optimised")
	g := b.traced(t, "-n", "500")
	if got := g.wait(t); got != 0 {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
	if left := guardsOf(t, b.pid); len(left) != 0 {
		t.Errorf("guards are left: %v", left)
	}
	b.isFree(t)
	b.advances(t)
}

func allowedCPUs(t *testing.T, pid int) string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "Cpus_allowed_list:\t")
	list, _, _ := strings.Cut(rest, "\n")
	return list
}
