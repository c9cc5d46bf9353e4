//go:build linux && amd64

package ptrace

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

	"gtrace/session/engine"
	"gtrace/session/engine/ptrace/proc"
)

// TestUnlessEnded is about processes that end while they are looked at: whatever
// could not be read of them, that is the reason.
func TestUnlessEnded(t *testing.T) {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if err := unlessEnded(pid, engine.ErrNoDebugInfo); !errors.Is(err, engine.ErrNoDebugInfo) {
		t.Errorf("it runs: %v", err)
	}
	_ = in.Close()
	for !exiting(strconv.Itoa(pid)) {
		time.Sleep(time.Millisecond) // until it is a zombie
	}
	check := func(when string) {
		for _, reason := range []error{engine.ErrNoDebugInfo, engine.ErrNotGo, engine.ErrDamaged, engine.ErrPermission} {
			err := unlessEnded(pid, reason)
			if !errors.Is(err, engine.ErrNoProcess) || errors.Is(err, reason) || !strings.Contains(err.Error(), "it has just ended") {
				t.Errorf("%s, %v: %v", when, reason, err)
			}
		}
	}
	check("zombie")
	_ = cmd.Wait()
	check("gone")
}

// TestUnlessTraced is about processes that another tracer takes while they are looked
// at: the kernel says no more than that it is not permitted.
func TestUnlessTraced(t *testing.T) {
	cmd := exec.Command("cat")
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	pid := cmd.Process.Pid
	refused := refusal(unix.EPERM)
	if err := unlessTraced(pid, refused); err != refused {
		t.Errorf("nobody traces it: %v", err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p, err := proc.Attach(pid)
	if err != nil {
		t.Skip(err)
	}
	err = unlessTraced(pid, fmt.Errorf("take back: %w", refused))
	if !errors.Is(err, engine.ErrTraced) || !strings.Contains(err.Error(), fmt.Sprintf("(pid %d)", os.Getpid())) {
		t.Errorf("it is traced: %v", err)
	}
	if err := unlessTraced(pid, engine.ErrNotGo); err != engine.ErrNotGo {
		t.Errorf("it is traced, and refused for another reason: %v", err)
	}
	if err := p.Detach(); err != nil {
		t.Error(err)
	}
}
