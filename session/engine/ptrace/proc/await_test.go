//go:build linux && amd64

package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/arch/x86/x86asm"
	"golang.org/x/sys/unix"
)

// asTarget is set in the environment of a test binary that is to be traced.
const asTarget = "GTRACE_TEST_TARGET"

// init, as the leader is sure to run it.
func init() {
	switch os.Getenv(asTarget) {
	case "":
	case "forks":
		for {
			fmt.Println(exec.Command("true").Run())
		}
	default:
		runtime.LockOSThread()
		go beat()
		select {}
	}
}

var beats int

// beat calls tick from a thread that is not the leader.
func beat() {
	runtime.LockOSThread()
	fmt.Println(unix.Gettid())
	for {
		tick()
		time.Sleep(time.Millisecond)
		tickBlocked()
		time.Sleep(time.Millisecond)
	}
}

// tickBlocked calls tick with all signals blocked.
func tickBlocked() {
	var all, before unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &all, &before)
	tick()
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
}

//go:noinline
func tick() { beats++ }

// unused is text that the target does not execute.
//
//go:noinline
func unused(n int) {
	fmt.Println(n, n+1, n+2, n+3, n+4, n+5, n+6, n+7)
	fmt.Println(n, n-1, n-2, n-3, n-4, n-5, n-6, n-7)
}

// attachBeat attaches to a process with a thread that calls tick, and returns
// that thread too.
func attachBeat(t *testing.T) (*Process, *Thread) {
	t.Helper()
	lock(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asTarget+"=1", "GODEBUG=asyncpreemptoff=1") // no signals but ours
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
	var id int
	if _, err := fmt.Fscan(out, &id); err != nil {
		t.Fatal(err)
	}
	p, err := Attach(cmd.Process.Pid)
	if errors.Is(err, unix.EPERM) && !strings.Contains(os.Getenv("GTRACE_REQUIRE"), "ptrace") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Detach() })
	if p.threads[id] == nil {
		t.Fatalf("process %d has no thread %d", p.PID, id)
	}
	return p, p.threads[id]
}

// awaitStopped waits until a thread stands in a stop, which it does not collect.
// The others run on, whatever they meet.
func awaitStopped(t *testing.T, p *Process, th *Thread) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !isStopped(th.ID); time.Sleep(time.Millisecond) {
		for id := range p.threads {
			if id == th.ID {
				continue
			}
			serve(t, p, id)
		}
		if time.Now().After(deadline) {
			t.Fatalf("thread %d does not stop", th.ID)
		}
	}
}

func isStopped(id int) bool {
	stat := statOf(fmt.Sprint(id))
	return len(stat) > 0 && stat[0] == "t"
}

// reap is what goes on while the leader is waited for. Its own stops do not matter.
func reap(t *testing.T, p *Process) {
	t.Helper()
	if serve(t, p, p.PID) {
		return
	}
	if err := p.reapEnded(); err != nil {
		t.Fatal(err)
	}
}

// serve handles the stop that a thread may stand in.
func serve(t *testing.T, p *Process, id int) (stopped bool) {
	t.Helper()
	var ws unix.WaitStatus
	got, err := wait4(id, &ws, unix.WALL|unix.WNOHANG)
	if stopped = got == id; stopped {
		err = p.observe(id, ws, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	return stopped
}

// TestSignalWhileAwaiting has a thread get a signal while something of the leader
// is waited for. It must go on afterwards, with the signal.
func TestSignalWhileAwaiting(t *testing.T) {
	p, th := attachBeat(t)
	if err := unix.Tgkill(p.PID, th.ID, unix.SIGURG); err != nil {
		t.Fatal(err)
	}
	awaitStopped(t, p, th)
	for isStopped(th.ID) && th.state == running {
		reap(t, p)
	}
	if th.state != running || len(th.pending) > 0 {
		t.Errorf("the thread was left standing: state %d, %d signals pending", th.state, len(th.pending))
	}
}

// plantTick secures a process and plants a breakpoint in its tick.
func plantTick(t *testing.T, p *Process) (addr uint64) {
	t.Helper()
	p.UseScratch(scratchAt(t, p, uint64(reflect.ValueOf(unused).Pointer())))
	for {
		if err := p.Secure(nil); err != nil || p.Unsecured() != nil {
			t.Fatalf("not secured: %v, %v", err, p.Unsecured())
		}
		if p.Secured() {
			break
		}
		// The thread stood where it cannot do so, as in the midst of a clone.
		if err := p.Resume(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	addr = uint64(reflect.ValueOf(tick).Pointer())
	code := make([]byte, 16)
	if _, err := p.ReadMemory(code, addr); err != nil {
		t.Fatal(err)
	}
	in, err := x86asm.Decode(code, 64)
	if err != nil {
		t.Fatal(err)
	}
	insn := Insn{Effect: Copied, Length: in.Len, Code: code[:in.Len], Relative: in.PCRelOff}
	if err := p.Plant(Break{addr, code[0], insn}); err != nil {
		t.Fatal(err)
	}
	return addr
}

// TestHitWhileAwaiting has a thread run into a breakpoint while something of the
// leader is waited for. It must be sent to its slot before that is collected, or
// it would die with its tracer; also if the breakpoint is removed meanwhile.
func TestHitWhileAwaiting(t *testing.T) {
	for _, removed := range []bool{false, true} {
		t.Run(fmt.Sprintf("removed %t", removed), func(t *testing.T) {
			p, th := attachBeat(t)
			addr := plantTick(t, p)
			if err := p.Resume(); err != nil {
				t.Fatal(err)
			}
			awaitStopped(t, p, th)
			if removed {
				if err := p.Unplant(addr); err != nil {
					t.Fatal(err)
				}
			}
			for len(p.reported) == 0 {
				reap(t, p)
			}
			var regs unix.PtraceRegs
			if err := unix.PtraceGetRegs(th.ID, &regs); err != nil {
				t.Fatal(err)
			}
			if b := p.breaks[addr]; b.slot == 0 || regs.Rip != b.slot {
				t.Errorf("it stands at %#x, want its slot %#x", regs.Rip, b.slot)
			}
			if removed {
				if s, ok := p.report(); ok || th.state != running {
					t.Errorf("%+v, want it to run on", s)
				}
			} else if s := next(t, p); s.Cause != Hit || s.Thread != th || s.Addr != addr {
				t.Errorf("%+v, want a hit of thread %d at %#x", s, th.ID, addr)
			}
		})
	}
}

// TestHitBlocked has a thread run into a breakpoint with SIGTRAP blocked, for
// which the kernel takes the handler of SIGTRAP away. It must be there again
// afterwards, while the process is traced and when it was let go.
func TestHitBlocked(t *testing.T) {
	p, th := attachBeat(t)
	plantTick(t, p)
	keepsHandler(t, p, th, Hit)
}

// TestWriteBlocked does the same with a watchpoint.
func TestWriteBlocked(t *testing.T) {
	p, th := attachBeat(t)
	if err := p.Unplant(plantTick(t, p)); err != nil {
		t.Fatal(err)
	}
	if err := p.CanWatch(); err != nil {
		t.Skip(err)
	}
	if err := p.Watch([]Watchpoint{{uint64(reflect.ValueOf(&beats).Pointer()), 8}}); err != nil {
		t.Fatal(err)
	}
	keepsHandler(t, p, th, Written)
}

// keepsHandler checks that the handler of SIGTRAP is there again after stops of
// th, every other one of which takes it away.
func keepsHandler(t *testing.T, p *Process, th *Thread, cause Cause) {
	t.Helper()
	hit := func(blocked bool) {
		t.Helper()
		for {
			if s := next(t, p); s.Cause != cause {
				t.Fatalf("%+v, want cause %v", s, cause)
			} else if th.blocking == blocked {
				return
			}
		}
	}
	handled := func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
		if err != nil {
			t.Fatal(err)
		}
		var caught uint64
		_, list, _ := strings.Cut(string(status), "\nSigCgt:")
		if _, err := fmt.Sscanf(list, "%x", &caught); err != nil {
			t.Fatal(err)
		}
		return caught&(1<<(unix.SIGTRAP-1)) != 0
	}
	hit(true)
	if handled() {
		t.Error("the kernel did not take the handler away: this test tests nothing")
	}
	hit(false)
	hit(true)
	hit(false)
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	if !handled() {
		t.Error("there is no handler of SIGTRAP while it is traced")
	}
	hit(true)
	if err := p.Detach(); err != nil {
		t.Fatal(err)
	}
	if !handled() {
		t.Error("there is no handler of SIGTRAP after it was let go")
	}
}
