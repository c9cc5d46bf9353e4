package leash

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Run(m.Run)) }

var (
	leaves = flag.Bool("leaves", false, "have TestLeaves leave processes")
	forget = flag.Bool("forget", false, "and end")
)

// leaving has this program run TestLeaves.
var leaving = []string{"-leaves", "-test.run=^TestLeaves$"}

// TestLeaves is what the tests below run.
func TestLeaves(t *testing.T) {
	if !*leaves {
		t.Skip("run by others")
	}
	// One that ends with nothing, one in a session of its own with a child, one that
	// stands still.
	cmd := exec.Command("sh", "-c", `trap "" INT TERM HUP QUIT
		sleep 1000 & setsid sh -c 'sleep 1000 & sleep 1000' & sleep 1000 & kill -STOP $!
		echo ready; sleep 1000`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("it does not start")
	}
	fmt.Println("leaves", os.Getenv(Variable), t.TempDir())
	if *forget {
		_ = cmd.Process.Release()
		return
	}
	time.Sleep(time.Hour)
}

// TestKeep keeps a directory from what is removed when tests are cut short.
func TestKeep(t *testing.T) {
	dir, err := os.MkdirTemp("", "gtrace-keep-")
	if err != nil {
		t.Fatal(err)
	}
	kept := Keep(dir)
	defer os.RemoveAll(kept)
	if rest, ok := strings.CutPrefix(kept, os.Getenv(Variable)); ok {
		t.Errorf("%s is kept as %s there", dir, rest)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	if got := Keep(kept); got != kept {
		t.Errorf("%s, which is not removed, is kept as %s", kept, got)
	}
}

// TestCut ends tests in every way there is, in the middle of what they do. What
// they have started must end, and their files be gone.
func TestCut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		flag string
		cut  func(t *testing.T, cmd *exec.Cmd)
	}{
		{"SIGKILL", "", signal(syscall.SIGKILL)},
		{"SIGQUIT", "", signal(syscall.SIGQUIT)},
		{"SIGTERM", "", signal(syscall.SIGTERM)},
		{"SIGINT", "", signal(syscall.SIGINT)},
		{"the group", "", func(t *testing.T, cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }},
		{"timeout", "-test.timeout=2s", func(*testing.T, *exec.Cmd) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd, dir := startLeaves(t, exec.Command("/proc/self/exe", append(leaving, tt.flag)...))
			for len(Started(dir)) < 5 {
				time.Sleep(10 * time.Millisecond)
			}
			tt.cut(t, cmd)
			if err := cmd.Wait(); err == nil {
				t.Error("the tests have ended in order")
			}
			awaitNothing(t, dir)
		})
	}
}

// TestGoCommand kills what has the name of a go command and runs tests: nobody
// waits for them any more.
func TestGoCommand(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(shell)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "go")
	if err := os.WriteFile(name, code, 0o700); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd, dir := startLeaves(t, exec.Command(name, append([]string{"-c", `"$0" "$@" & wait`, self}, leaving...)...))
	signal(syscall.SIGKILL)(t, cmd)
	_ = cmd.Wait()
	awaitNothing(t, dir)
}

// awaitNothing waits until nothing is left of tests, or this test's time is over.
func awaitNothing(t *testing.T, dir string) {
	t.Helper()
	for len(Started(dir)) > 0 || exists(t, dir) {
		time.Sleep(10 * time.Millisecond)
	}
}

// TestForgotten ends tests in order, but for what they have left: that is an error,
// and ends.
func TestForgotten(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("/proc/self/exe", append(leaving, "-forget")...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Errorf("the tests end with %v, want 1", err)
	}
	if n := strings.Count(string(out), "sleep 1000"); !strings.Contains(string(out), "left processes running") || n < 5 {
		t.Errorf("it does not tell what was left:\n%s", out)
	}
	_, rest, _ := strings.Cut(string(out), "leaves ")
	if dir, _, _ := strings.Cut(rest, " "); len(Started(dir)) > 0 || exists(t, dir) {
		t.Errorf("there are still %v, or %s", Started(dir), dir)
	}
}

func signal(sig syscall.Signal) func(*testing.T, *exec.Cmd) {
	return func(t *testing.T, cmd *exec.Cmd) {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Error(err)
		}
	}
}

// startLeaves runs TestLeaves in a process of its own until it has started
// something, and returns the directory of its files.
func startLeaves(t *testing.T, cmd *exec.Cmd) (_ *exec.Cmd, dir string) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "leaves" {
			return cmd, f[1]
		}
	}
	t.Fatal("it has started nothing")
	return nil, ""
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}
