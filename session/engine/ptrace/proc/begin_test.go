//go:build linux && amd64

package proc

import (
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

// asStarter is set in the environment of a test binary that is to start a program
// and to be killed then: "started" at once, "begun" when that may outlive it.
const asStarter = "GTRACE_TEST_STARTER"

func init() {
	if how := os.Getenv(asStarter); how != "" {
		runtime.LockOSThread()
		if err := startAndDie(how); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
}

func startAndDie(how string) error {
	p, err := Start(exec.Command("sleep", "60"))
	if err != nil {
		return err
	}
	if how == "begun" {
		// It stands at its first instruction, which is the loader's.
		regs := p.held[0].Regs
		s := Scratch{Addr: regs.Rip, Text: make([]byte, 1024)}
		if _, err := p.ReadMemory(s.Text, s.Addr); err != nil {
			return err
		}
		p.UseScratch(s)
		if err := p.Untie(); err != nil {
			return err
		}
		if err := p.Outlive(); err != nil {
			return err
		}
	}
	fmt.Println(p.PID)
	return unix.Kill(os.Getpid(), unix.SIGKILL)
}

// TestStartedAlone kills the tracer of a program that it has started: one that must
// not outlive it ends too, one that may has its code as it was, and runs.
func TestStartedAlone(t *testing.T) {
	for how, want := range map[string]bool{"started": false, "begun": true} {
		t.Run(how, func(t *testing.T) {
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), asStarter+"="+how)
			var messages strings.Builder
			cmd.Stderr = &messages
			out, err := cmd.Output()
			pid, nerr := strconv.Atoi(strings.TrimSpace(string(out)))
			if nerr != nil {
				t.Skipf("no program was started: %v\n%s", err, messages.String())
			}
			defer func() { _ = unix.Kill(pid, unix.SIGKILL) }()
			lives := func() bool { return !strings.Contains("ZX", stateOf(pid, pid)) }
			if want {
				awaitCall(t, pid, unix.SYS_CLOCK_NANOSLEEP)
				return
			}
			for deadline := time.Now().Add(5 * time.Second); lives(); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("process %d is there still, in state %s", pid, stateOf(pid, pid))
				}
			}
		})
	}
}

// TestStartedTied checks that the kernel kills a program that is started with its
// parent, until it is seized.
func TestStartedTied(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	p := startCommand(t, cmd)
	defer func() {
		_ = unix.Kill(p.PID, unix.SIGKILL)
		_ = p.Detach()
		_, _ = p.Wait()
	}()
	if cmd.SysProcAttr.Pdeathsig != unix.SIGKILL || p.options&unix.PTRACE_O_EXITKILL == 0 {
		t.Errorf("signal %v at the parent's death, options %#x", cmd.SysProcAttr.Pdeathsig, p.options)
	}
}
