//go:build linux && amd64

package proc

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asLeaderless is set in the environment of a test binary that is to end its first
// thread alone, and to run on until its standard input ends.
const asLeaderless = "GTRACE_TEST_LEADERLESS"

func init() {
	if os.Getenv(asLeaderless) == "" {
		return
	}
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	time.Sleep(10 * time.Millisecond) // the goroutine has a thread then
	_, _, _ = unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
}

// TestMapsWithoutLeader reads the maps of a process whose first thread has ended.
func TestMapsWithoutLeader(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asLeaderless+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	for {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(status), "State:\tZ") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	n := 0
	if err := eachMapping(pid, func(mapping) bool { n++; return true }); err != nil || n < 3 {
		t.Errorf("%d mappings: %v", n, err)
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
