//go:build linux && amd64

package ptrace

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
)

func TestCheck(t *testing.T) {
	sleep := exec.Command("sleep", "60")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = sleep.Process.Kill()
		_ = sleep.Wait()
	}()
	for _, tt := range []struct {
		pid  int
		want error
	}{
		{os.Getpid(), engine.ErrNotSupported},
		{sleep.Process.Pid, engine.ErrNotGo},
		{1<<31 - 2, engine.ErrNoProcess},
	} {
		if err := Check(tt.pid); !errors.Is(err, tt.want) {
			t.Errorf("%d: %v, want %v", tt.pid, err, tt.want)
		}
	}
}

// TestTry also demands that nothing of the child is left.
func TestTry(t *testing.T) {
	trial := Try()
	if errors.Is(trial.Trace, engine.ErrPermission) && !strings.Contains(os.Getenv("GTRACE_REQUIRE"), "ptrace") {
		t.Skip(trial.Trace)
	}
	if trial.Trace != nil || trial.Write != nil {
		t.Error(trial)
	}
	if pid, err := unix.Wait4(-1, nil, unix.WALL|unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("child %d is left: %v", pid, err)
	}
}

func TestCheckVersion(t *testing.T) {
	oldest, newest := program.GoVersions()
	for version, ok := range map[string]bool{
		oldest: true, oldest + ".3": true, newest: true, newest + ".1": true,
		"go1.20": false, "go1.99": false, "": true,
	} {
		if err := program.CheckVersion(version); (err == nil) != ok || err != nil && !errors.Is(err, engine.ErrGoVersion) {
			t.Errorf("%q: %v", version, err)
		}
	}
}
