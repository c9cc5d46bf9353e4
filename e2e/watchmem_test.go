package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// debugRegisters is where they stand in the kernel's struct user.
const debugRegisters = 848

// watchFlags watch what busy writes from all of its threads, with and without
// probes beside.
var watchFlags = [][]string{
	{"--watch-mem", "main.calls.v"},
	{"--watch-mem", "main.calls.v", "-e", "write", "-t", "main.main"},
}

// TestWatchKilled kills gtrace with SIGKILL while all threads of the target write
// to memory that it watches. The processor goes on to send a SIGTRAP for each of
// these writes: the target must live with that, and be rid of it soon.
func TestWatchKilled(t *testing.T) {
	require(t, "ptrace", "watchpoints")
	t.Parallel()
	crowded(t)
	for n, build := range []string{"optimised", "debug"} {
		for i, flags := range watchFlags {
			if n == i && *long == 1 {
				continue // a half will do
			}
			t.Run(build+strconv.Itoa(i), func(t *testing.T) {
				b := startBusy(t, build)
				for range times(2) {
					g := b.traced(t, flags...)
					time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
					g.kill(t)
					b.isFree(t)
					b.watchesNothing(t)
					b.advances(t)
				}
			})
		}
	}
}

// TestWatchKilledGuards kills the guard too: the target must live with what is
// left on it, until gtrace repair takes it away.
func TestWatchKilledGuards(t *testing.T) {
	require(t, "ptrace", "watchpoints")
	t.Parallel()
	crowded(t)
	for n := range times(1) {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			b := startBusy(t, "optimised")
			g := b.traced(t, watchFlags[n%2]...)
			if err := g.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rand.IntN(5_000)) * time.Microsecond)
			for _, pid := range guardsOf(t, b.pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			g.kill(t)
			for range 3 {
				b.advances(t)
			}
			if watched, err := watchingThreads(b.pid); err != nil || watched == 0 {
				t.Errorf("%d threads have watchpoints (%v): was it mended?", watched, err)
			}
			b.advances(t)
			startTracer(t, "repair", "--write", strconv.Itoa(b.pid)).wait(t)
			b.isFree(t)
			b.watchesNothing(t)
			b.advances(t)
		})
	}
}

// TestWatchDetach leaves a target while all of its threads write to what is
// watched.
func TestWatchDetach(t *testing.T) {
	require(t, "ptrace", "watchpoints")
	t.Parallel()
	b := startBusy(t, "optimised")
	for i := range times(2) {
		g := startTracer(t, append([]string{"attach", "-q", "-o", os.DevNull, "-n", strconv.Itoa(50 + 50*i%300), strconv.Itoa(b.pid)}, watchFlags[i%2]...)...)
		if got := g.wait(t); got != 0 {
			t.Fatalf("exit status %d\n%s", got, g.messages.String())
		}
		b.isFree(t)
		b.watchesNothing(t)
		b.advances(t)
	}
}

// TestWatchSeccomp refuses to watch the memory of a target that cannot be made to
// survive the death of its tracer.
func TestWatchSeccomp(t *testing.T) {
	require(t, "ptrace", "watchpoints")
	t.Parallel()
	filter := buildTarget(t, "opt", "filter")
	p := startSomeone(t, filter)
	by := []string{gtrace(t)}
	if canSuspend() == nil {
		g := startTracer(t, "attach", "-q", "-o", os.DevNull, "--for", "100ms", "--watch-mem", "os.Stdout", "-t", "main.main", strconv.Itoa(p.pid))
		if got := g.wait(t); got != 0 {
			t.Errorf("exit status %d\n%s", got, g.messages.String())
		}
		if err := lookPath("setpriv"); err != nil {
			t.Skip(err)
		}
		by = []string{"setpriv", "--bounding-set=-sys_admin", gtrace(t)}
	}
	for _, tt := range []struct {
		expr, message string
		status        int
	}{
		{"os.Args", "24 bytes", 2},
		{"os.ErrProcessDone.s", "", 2},
		{"os.Stdout", "seccomp", 125},
	} {
		line := append(by[:len(by):len(by)], "attach", "--watch-mem", tt.expr, "-t", "main.main", strconv.Itoa(p.pid))
		g := startCommand(t, exec.Command(line[0], line[1:]...))
		if got := g.wait(t); got != tt.status || !strings.Contains(g.messages.String(), tt.message) {
			t.Errorf("%s: exit status %d, want %d\n%s", tt.expr, got, tt.status, g.messages.String())
		}
	}
	if n, err := watchingThreads(p.pid); err != nil || n > 0 {
		t.Errorf("%d threads have watchpoints; %v", n, err)
	}
}

// watchesNothing checks that no thread of the process has watchpoints.
func (b *busy) watchesNothing(t *testing.T) {
	t.Helper()
	if n, err := watchingThreads(b.pid); err != nil || n > 0 {
		t.Fatalf("%d threads still have watchpoints; %v", n, err)
	}
}

// watchingThreads counts the threads of a process that have watchpoints. Each is
// stopped for a moment.
func watchingThreads(pid int) (int, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	count := 0
	for _, task := range tasks {
		tid, _ := strconv.Atoi(filepath.Base(task))
		control, cerr := debugControl(tid)
		if cerr != nil && !errors.Is(cerr, syscall.ESRCH) {
			err = errors.Join(err, fmt.Errorf("thread %d: %w", tid, cerr))
		}
		if control&0xff != 0 {
			count++
		}
	}
	return count, err
}

// debugControl reads the register that says what a thread watches.
func debugControl(tid int) (control uint64, err error) {
	err = visit(tid, func() error {
		return ptrace(syscall.PTRACE_PEEKUSR, tid, debugRegisters+7*8, uintptr(unsafe.Pointer(&control)))
	})
	return control, err
}

func ptrace(request, tid int, addr, data uintptr) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// visit stops a thread of another process for as long as do takes.
func visit(tid int, do func() error) error {
	const seize, interrupt, wall = 0x4206, 0x4207, 0x40000000
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := ptrace(seize, tid, 0, 0); err != nil {
		return err
	}
	if err := ptrace(interrupt, tid, 0, 0); err != nil {
		return err
	}
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(tid, &ws, wall, nil); err != nil || !ws.Stopped() {
		return errors.Join(err, syscall.ESRCH)
	}
	err := do()
	sig := uintptr(0)
	if ws>>16 == 0 { // a signal, which the thread shall get
		sig = uintptr(ws.StopSignal())
	}
	return errors.Join(err, ptrace(syscall.PTRACE_DETACH, tid, 0, sig))
}

// canWatch tries whether the processor watches memory: whether its registers can
// be set, in a process of our own.
func canWatch() error {
	if err := canTrace(); err != nil {
		return err
	}
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		return err
	}
	err := visit(cmd.Process.Pid, func() error {
		return ptrace(syscall.PTRACE_POKEUSR, cmd.Process.Pid, debugRegisters, 4096)
	})
	return errors.Join(err, cmd.Process.Kill(), killed(cmd.Wait()))
}

// killed leaves out the error that a process was killed, which it was to be.
func killed(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}
