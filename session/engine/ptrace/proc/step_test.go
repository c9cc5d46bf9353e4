//go:build linux && amd64

package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// exits is code of a program that ends with status 7, behind an instruction that
// is stepped over.
var exits = []byte{
	0x90,             // NOP
	0x90,             // NOP
	0xbf, 7, 0, 0, 0, // MOVL $7, DI
	0xb8, 0xe7, 0, 0, 0, // MOVL $SYS_EXIT_GROUP, AX
	0x0f, 0x05, 0xeb, 0xfe, // SYSCALL; JMP to itself
}

// TestSteppedKilled has a tracer die after it has made a process, of which a thread has
// made a step, one that needs no tracer. It must not make another step: nothing is
// there to handle the signal of that. What waits for it must reach it.
func TestSteppedKilled(t *testing.T) {
	for _, tt := range []struct {
		name   string
		signal unix.Signal
		want   string
	}{
		{"", 0, "exit status 7"},
		{"a signal waits", unix.SIGTERM, "signal: terminated"},
		{"a signal that is ignored waits", unix.SIGURG, "exit status 7"},
		{"a stop waits", unix.SIGSTOP, "exit status 7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command("sleep", "60")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			pid := cmd.Process.Pid
			t.Cleanup(func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			})
			awaitCall(t, pid, unix.SYS_CLOCK_NANOSLEEP)
			entry := entryOf(t, pid)
			var ended *Stop
			die(t, func() error {
				p, err := Attach(pid)
				if err != nil {
					return err
				}
				defer func() { ended = p.ended }()
				err = p.StopAll()
				if err == nil {
					err = stepExits(p, entry, tt.signal)
				}
				if err == nil {
					err = p.undo()
				}
				return err
			})
			if ended != nil { // before its tracer did, which has seen it
				if got := outcome(ended); got != tt.want {
					t.Errorf("it ended with %s, want %s", got, tt.want)
				}
				return
			}
			if tt.signal == unix.SIGSTOP {
				awaitState(t, pid, "T")
				if err := unix.Kill(pid, unix.SIGCONT); err != nil {
					t.Fatal(err)
				}
			}
			if err := cmd.Wait(); err == nil || err.Error() != tt.want {
				t.Errorf("it ended with %v, want %s", err, tt.want)
			}
		})
	}
}

// outcome says how a process ended, as package exec does.
func outcome(s *Stop) string {
	if s.Signal != 0 {
		return "signal: " + s.Signal.String()
	}
	return fmt.Sprintf("exit status %d", s.Status)
}

// stepExits makes the one thread of a stopped process step into code that exits,
// when it is about to get a signal.
func stepExits(p *Process, entry uint64, sig unix.Signal) error {
	th := p.threads[p.PID]
	var regs unix.PtraceRegs
	err := unix.PtraceGetRegs(p.PID, &regs)
	if err == nil {
		_, err = p.WriteMemory(entry, exits)
	}
	regs.Rip, regs.Orig_rax = entry, ^uint64(0)
	if err == nil {
		err = unix.PtraceSetRegs(p.PID, &regs)
	}
	if err == nil && sig != 0 {
		err = unix.Kill(p.PID, sig)
	}
	if err == nil {
		err = p.step(th)
	}
	return err
}

// die runs what traces a process in a thread that ends afterwards, as does one that was
// killed: the kernel lets go of what it traces.
func die(t *testing.T, trace func() error) {
	t.Helper()
	result := make(chan error)
	tid := 0
	var run func()
	run = func() {
		runtime.LockOSThread() // for ever: the thread ends with its goroutine
		if tid = unix.Gettid(); tid == os.Getpid() {
			go run() // the first one would not
			select {}
		}
		result <- trace()
	}
	go run()
	err := <-result
	if errors.Is(err, unix.EPERM) && !strings.Contains(os.Getenv("GTRACE_REQUIRE"), "ptrace") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); unix.Access("/proc/self/task/"+strconv.Itoa(tid), unix.F_OK) == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("thread %d does not end", tid)
		}
	}
}

// awaitState waits until a process is in a state.
func awaitState(t *testing.T, pid int, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); stateOf(pid, pid) != want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is in state %s, want %s", pid, stateOf(pid, pid), want)
		}
	}
}

// TestStepGroupStopped steps a thread of a process that is being stopped. It stays
// stopped until it is continued.
func TestStepGroupStopped(t *testing.T) {
	p := attachAsleep(t)
	th := p.threads[p.PID]
	if err := unix.Kill(p.PID, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	for th.state != listening {
		serve(t, p, p.PID)
	}
	if err := p.StopAll(); err != nil || !th.group {
		t.Fatalf("it is not in a group stop: %v", err)
	}
	if err := stepExits(p, entryOf(t, p.PID), 0); err != nil {
		t.Fatal(err)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	for th.state != listening {
		serve(t, p, p.PID)
	}
	if err := unix.Kill(p.PID, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if s := next(t, p); s.Cause != Exited || s.Status != 7 {
		t.Errorf("%+v, want exit status 7", s)
	}
}
