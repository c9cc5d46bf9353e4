//go:build linux && amd64

package ptrace

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"gtrace/session/engine"
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
