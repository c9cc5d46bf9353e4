package e2e

import (
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

	"golang.org/x/sys/unix"
)

// end kills gtrace and every guard that it has at once: stopped, it starts no other.
func (g *tracer) end(t *testing.T, pid int) {
	t.Helper()
	g.signal(t, syscall.SIGSTOP)
	for _, guard := range guardsOf(t, pid) {
		_ = syscall.Kill(guard, syscall.SIGKILL)
	}
	g.kill(t)
}

// repaired has repair take away what is left on a process.
func repaired(t *testing.T, pid int) {
	t.Helper()
	repair := startTracer(t, "repair", "--write", strconv.Itoa(pid))
	if got := repair.wait(t); got != 0 {
		t.Errorf("repair: exit status %d\n%s", got, repair.messages.String())
	}
	if err := free(pid); err != nil {
		t.Errorf("repair has left: %v", err)
	}
}

// TestPlantedProtected kills gtrace and its guard as soon as the first breakpoint
// stands in a process, whose threads have a signal pending most of the time. There
// must be no moment at which it would not live on.
func TestPlantedProtected(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	for _, mode := range []string{"opt", "debug"} {
		prog := buildTarget(t, mode, "besieged")
		for n := range times(2) {
			t.Run(mode+" "+strconv.Itoa(n), func(t *testing.T) {
				b := startProgress(t, []string{prog}, "timer")
				g := startTracer(t, "attach", "-t", "main.work", "-o", os.DevNull, strconv.Itoa(b.pid))
				await(t, "a breakpoint", func() bool { return pristine(b.pid) != nil || len(g.done) > 0 })
				g.end(t, b.pid)
				b.advances(t)
				repaired(t, b.pid)
				b.advances(t)
			})
		}
	}
}

// TestBothKilled kills gtrace and its guard while it maps and installs what protects
// the process, again and again: nothing may be left that the next trace or repair
// does not take away.
func TestBothKilled(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	b := startBusy(t, "opt")
	for n := range times(4) {
		g := startTracer(t, "attach", "-t", "main.*", "-o", os.DevNull, strconv.Itoa(b.pid))
		await(t, "a guard", func() bool { return len(guardsOf(t, b.pid)) > 0 || len(g.done) > 0 })
		time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
		g.end(t, b.pid)
		b.advances(t)
		if n%2 == 0 {
			next := startTracer(t, "attach", "-t", "main.*", "-n", "50", "-o", os.DevNull, strconv.Itoa(b.pid))
			switch got := next.exits(t); {
			case got == 126 && strings.Contains(next.messages.String(), "hint: gtrace repair"): // breakpoints were left
			case got != 0:
				t.Fatalf("attach: exit status %d\n%s", got, next.messages.String())
			default:
				if err := free(b.pid); err != nil {
					t.Errorf("the next trace has left: %v", err)
				}
			}
		}
		repaired(t, b.pid)
		b.advances(t)
	}
}

// TestGuardFirst kills the guard, and gtrace a moment later: the next guard may have
// been told nothing yet.
func TestGuardFirst(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	for n := range times(2) {
		t.Run(strconv.Itoa(n), func(t *testing.T) { // which ends what it starts
			b := startBusy(t, "opt")
			g := b.traced(t)
			for _, guard := range guardsOf(t, b.pid) {
				_ = syscall.Kill(guard, syscall.SIGKILL)
			}
			time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
			g.kill(t)
			await(t, "the guard to end", func() bool { return len(guardsOf(t, b.pid)) == 0 })
			b.advances(t)
			repaired(t, b.pid)
			b.advances(t)
		})
	}
}

// TestGuardToldNothing has a guard come to a process that gtrace and its own guard
// have left, and hear nothing but the end: it learns from the process.
func TestGuardToldNothing(t *testing.T) {
	require(t, "ptrace")
	b := startBusy(t, "opt")
	g := b.traced(t)
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", b.pid), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	g.end(t, b.pid)
	if pristine(b.pid) == nil {
		t.Fatal("no breakpoint is left")
	}
	journal, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	guard := exec.Command(gtrace(t))
	guard.Args = []string{"gt-guard", strconv.Itoa(b.pid)}
	guard.ExtraFiles = []*os.File{journal, mem}
	if said, err := guard.CombinedOutput(); err != nil || !strings.Contains(string(said), "which runs on") {
		t.Errorf("%v\n%s", err, said)
	}
	if err := free(b.pid); err != nil {
		t.Error(err)
	}
	b.advances(t)
}

// TestNoGuardLeft kills every guard, until no other one comes: the trace ends, and
// says why.
func TestNoGuardLeft(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	b := startBusy(t, "opt")
	g := b.traced(t)
	for len(g.done) == 0 {
		for _, guard := range guardsOf(t, b.pid) {
			_ = syscall.Kill(guard, syscall.SIGKILL)
		}
		time.Sleep(time.Millisecond)
	}
	if got := g.exits(t); got != 125 || !strings.Contains(g.messages.String(), "has no guard any more") {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
	b.isFree(t)
	b.advances(t)
}

// TestUnprotected attaches to a process that may map no more memory. It is one that
// needs none itself.
func TestUnprotected(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	calls := filepath.Join(t.TempDir(), "calls")
	out, err := os.Create(calls)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(buildTarget(t, "opt", "patient"), "die")
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	awaitSize(t, calls, 200) // it has the threads that it needs
	size := statusNumber(t, cmd.Process.Pid, "VmSize") << 10
	const area = 2 << 20
	if err := unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: size + area - 64<<10, Max: unix.RLIM_INFINITY}, nil); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(cmd.Process.Pid)
	doctor(t, nil, 1, gtrace(t), "doctor", "--format", "json", pid)["protection"].want(t, "fail", "RLIMIT_AS", "--unprotected "+pid)
	g := startTracer(t, "attach", "-t", "main.*", pid)
	if got := g.exits(t); got != 126 || !strings.Contains(g.messages.String(), "hint: gtrace attach --unprotected -t 'main.*' "+pid) {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
	isFree := func() bool { return free(cmd.Process.Pid) == nil }
	await(t, "the process to be free", isFree)
	g = startTracer(t, "attach", "--unprotected", "-t", "main.*", "-n", "50", "-o", os.DevNull, pid)
	if got := g.exits(t); got != 0 {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
	await(t, "the process to be free", isFree)
	info, err := os.Stat(calls)
	if err != nil {
		t.Fatal(err)
	}
	awaitSize(t, calls, info.Size()+10)
}

// TestFiltered traces from under a seccomp filter, which cannot be suspended then. A
// program that gtrace starts has the same; one that is attached to might have
// another, which would end it.
func TestFiltered(t *testing.T) {
	require(t, "ptrace")
	filter := filepath.Join(t.TempDir(), "filter")
	goTool(t, ".", "build", "-o", filter, "./testdata/filter")
	under := []string{filter, strconv.Itoa(unix.SYS_ACCT)}
	b := startBusyBy(t, under, "opt")
	pid := strconv.Itoa(b.pid)
	gtraceUnder := func(args ...string) *tracer {
		line := slices.Concat(under, []string{gtrace(t)}, args)
		return startCommand(t, exec.Command(line[0], line[1:]...))
	}
	g := gtraceUnder("attach", "-t", "main.*", pid)
	if got := g.exits(t); got != 126 || !strings.Contains(g.messages.String(), "hint: gtrace attach --unprotected -t 'main.*' "+pid) {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
	g = gtraceUnder("attach", "--unprotected", "-t", "main.*", "-n", "50", "-o", os.DevNull, pid)
	if got := g.exits(t); got != 0 {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
	b.isFree(t)
	b.advances(t)

	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	progress := filepath.Join(t.TempDir(), "progress")
	g = gtraceUnder("run", "-t", "main.work", "--format", "json", "-o", trace, buildTarget(t, "opt", "besieged"), "--", progress, "timer")
	awaitSize(t, trace, 2000)
	for _, pid := range running(t, buildTarget(t, "opt", "besieged")) {
		if !hasArea(pid) {
			t.Error("the program that was started is not protected")
		}
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	if got := g.exits(t); got != 128+15 {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
}

// TestStopped ends traces of a process that was stopped: in order, and by SIGKILL.
// It must stay stopped, with nothing left on it.
func TestStopped(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, how := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(how.String(), func(t *testing.T) {
			b := startBusy(t, "opt")
			g := b.traced(t)
			if err := syscall.Kill(b.pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			stands := func() bool { return strings.HasPrefix(stateOf(b.pid), "t") || strings.HasPrefix(stateOf(b.pid), "T") }
			await(t, "the process to stop", stands)
			g.signal(t, how)
			g.wait(t)
			await(t, "nothing to be left", func() bool { return pristine(b.pid) == nil && !hasArea(b.pid) })
			await(t, "the guard to end", func() bool { return len(guardsOf(t, b.pid)) == 0 })
			await(t, "the process to stand stopped", func() bool { return strings.HasPrefix(stateOf(b.pid), "T") })
			if err := syscall.Kill(b.pid, syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			b.advances(t)
			b.isFree(t)
		})
	}
}

// TestForked has a traced process make a copy of itself that executes nothing else:
// it must have nothing of tracing.
func TestForked(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, mode := range []string{"opt", "debug"} {
		t.Run(mode, func(t *testing.T) {
			b := startProgress(t, []string{buildTarget(t, mode, "besieged")}, "forks")
			g := b.traced(t)
			if err := syscall.Kill(b.pid, syscall.SIGUSR1); err != nil {
				t.Fatal(err)
			}
			child := b.child(t)
			await(t, "the child to be let go", func() bool { return untouched(child) == nil })
			if err := free(child); err != nil {
				t.Errorf("the child: %v", err)
			}
			g.interrupt(t)
			b.isFree(t)
			b.advances(t)
			if err := free(child); err != nil {
				t.Errorf("the child: %v", err)
			}
		})
	}
}

// TestForkedKilled kills gtrace while the process makes a copy of itself.
func TestForkedKilled(t *testing.T) {
	require(t, "ptrace")
	prog := buildTarget(t, "opt", "besieged")
	for n := range times(2) {
		t.Run(strconv.Itoa(n), func(t *testing.T) { // which ends what it starts
			b := startProgress(t, []string{prog}, "forks")
			g := b.traced(t)
			if err := syscall.Kill(b.pid, syscall.SIGUSR1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rand.IntN(1500)) * time.Microsecond)
			g.kill(t)
			child := b.child(t)
			await(t, "the child to be free", func() bool { return free(child) == nil })
			b.isFree(t)
			b.advances(t)
		})
	}
}

// child returns the copy that the process makes of itself. All that it makes end with
// the test. A signal that gtrace had in its hands when it was killed is lost with it:
// then the process is asked again.
func (b *busy) child(t *testing.T) (pid int) {
	t.Helper()
	t.Cleanup(func() {
		lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", b.pid))
		for _, list := range lists {
			pids, _ := os.ReadFile(list)
			for field := range strings.FieldsSeq(string(pids)) {
				child, _ := strconv.Atoi(field)
				_ = syscall.Kill(child, syscall.SIGKILL)
			}
		}
	})
	asked := time.Now()
	await(t, "a child", func() bool {
		if time.Since(asked) > 2*time.Second {
			asked = time.Now()
			_ = syscall.Kill(b.pid, syscall.SIGUSR1)
		}
		data, _ := os.ReadFile(b.progress + ".child")
		pid, _ = strconv.Atoi(string(data))
		return pid != 0
	})
	return pid
}

// TestKilledStart kills gtrace while it starts a program: that must have begun, or
// not be there.
func TestKilledStart(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	prog := filepath.Join(t.TempDir(), "started")
	data, err := os.ReadFile(buildTarget(t, "opt", "besieged"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(prog, data, 0o700); err != nil {
		t.Fatal(err)
	}
	begun := 0
	for n := range times(6) {
		progress := filepath.Join(t.TempDir(), "progress")
		cmd := exec.Command(gtrace(t), "run", "-q", "-t", "main.work", "-o", os.DevNull, prog, "--", progress, "timer")
		cmd.Stderr = os.Stderr // not a pipe, which the program would keep open
		g := startCommand(t, cmd)
		await(t, "a program", func() bool { return len(running(t, prog)) > 0 || len(g.done) > 0 })
		time.Sleep(time.Duration(rand.IntN([]int{300, 3000, 30_000}[n%3])) * time.Microsecond)
		g.kill(t)
		var left []int
		await(t, "a program that runs, or none", func() bool {
			left = running(t, prog)
			_, err := os.Stat(progress)
			return len(left) == 0 || err == nil
		})
		for _, pid := range left {
			begun++
			await(t, "the program to be let go", func() bool { return free(pid) == nil })
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		await(t, "the program to end", func() bool { return len(running(t, prog)) == 0 })
	}
	t.Logf("%d of %d had begun", begun, times(6))
}

// running returns the processes of a program.
func running(t *testing.T, prog string) []int {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, link := range links {
		pid, _ := strconv.Atoi(strings.Split(link, "/")[2])
		if exe, _ := os.Readlink(link); exe == prog && !strings.HasPrefix(stateOf(pid), "Z") {
			found = append(found, pid)
		}
	}
	return found
}

// stateOf returns what /proc says that a process does.
func stateOf(pid int) string { return statusText(pid, "State") }

func statusNumber(t *testing.T, pid int, key string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimSuffix(statusText(pid, key), " kB"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func statusText(pid int, key string) string {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "\n"+key+":")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}
