package e2e

import (
	"errors"
	"flag"
	"fmt"
	gobuild "go/build"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/gotooltest"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"gtrace/leash"
)

var (
	update = flag.Bool("update", false, "rewrite the expected output in the scripts")
	long   = flag.Int("long", 1, "do what tests do again and again `N` times as often")
)

// times returns how often to do what short tests do n times.
func times(n int) int { return n * *long }

// scratch holds what the tests of this run share: the gtrace binary.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(leash.Run(func() int { return runTests(m) }))
}

func runTests(m *testing.M) int {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		// These tests wait more than they compute; on busy cores, as many are run as
		// get a fair share of them.
		_ = flag.Set("test.parallel", strconv.Itoa(max(4, runtime.GOMAXPROCS(0))))
	}
	// Tests may run under nohup: a signal that is ignored here would be ignored
	// by every gtrace they start, and one that is caught is not.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	dir, err := os.MkdirTemp("", "gtrace-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	if testing.CoverMode() != "" && os.Getenv("GOCOVERDIR") == "" {
		os.Setenv("GOCOVERDIR", dir)
	}
	return m.Run()
}

// gtrace returns the path of the binary, built once as the test itself was:
// with the race detector, or for coverage.
func gtrace(t *testing.T) string {
	t.Helper()
	path, err := buildGtrace()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var buildGtrace = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "bin", "gtrace")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	if testing.CoverMode() != "" {
		args = append(args, "-cover", "-covermode="+testing.CoverMode(), "-coverpkg=gtrace/...")
	}
	out, err := exec.Command("go", append(args, "gtrace/cmd/gtrace")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build gtrace: %w\n%s", err, out)
	}
	return path, nil
})

// require skips the test when this machine lacks a feature, or fails it when
// GTRACE_REQUIRE names the feature.
func require(t *testing.T, features ...string) {
	t.Helper()
	for _, f := range features {
		has, err := available(f)
		if err != nil {
			t.Fatal(err)
		}
		if !has {
			t.Skipf("this machine lacks %s", f)
		}
	}
}

// available tells whether this machine has a feature. It is an error when
// GTRACE_REQUIRE names one that is missing.
func available(feature string) (bool, error) {
	probe, ok := features[feature]
	if !ok {
		return false, fmt.Errorf("unknown condition %s", feature)
	}
	err := probe()
	if err != nil && slices.Contains(strings.Split(os.Getenv("GTRACE_REQUIRE"), ","), feature) {
		return false, fmt.Errorf("GTRACE_REQUIRE names %s: %w", feature, err)
	}
	return err == nil, nil
}

// features maps the name of each feature to what finds out whether it is here.
var features = map[string]func() error{
	"ptrace":      sync.OnceValue(canTrace),
	"cgo":         sync.OnceValue(func() error { return lookPath("gcc") }),
	"race":        sync.OnceValue(func() error { return lookPath("gcc") }),
	"strace":      sync.OnceValue(func() error { return lookPath("strace") }),
	"root":        sync.OnceValue(isRoot),
	"watchpoints": sync.OnceValue(canWatch),
	// To suspend the seccomp filters of a target.
	"suspend": sync.OnceValue(canSuspend),
	"mount":   sync.OnceValue(canMount),
	"gdb":     sync.OnceValue(func() error { return lookPath("gdb") }),
	"dlv":     sync.OnceValue(func() error { return lookPath(delve()) }),
}

func lookPath(name string) error {
	_, err := exec.LookPath(name)
	return err
}

func isRoot() error {
	if os.Geteuid() != 0 {
		return errors.New("this is another user")
	}
	return nil
}

func canSuspend() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	const sysAdmin = 1 << 21
	_, rest, _ := strings.Cut(string(status), "\nCapEff:\t")
	held, _, _ := strings.Cut(rest, "\n")
	if set, err := strconv.ParseUint(held, 16, 64); err != nil || set&sysAdmin == 0 {
		return errors.New("CAP_SYS_ADMIN is missing")
	}
	if !strings.Contains(string(status), "\nSeccomp:\t0\n") {
		return errors.New("this process is under a filter itself")
	}
	return nil
}

// delve is the path of dlv, which may be where go install puts it. To build the
// one that is pinned takes a while: that is for the long form.
var delve = sync.OnceValue(func() string {
	if *long > 1 {
		path := filepath.Join(scratch, "bin", "dlv")
		build := exec.Command("go", "build", "-modfile=../tools/go.mod", "-o", path, "github.com/go-delve/delve/cmd/dlv")
		build.Stderr = os.Stderr
		_ = build.Run() // then it is missing
		return path
	}
	path, err := exec.LookPath("dlv")
	if err == nil {
		return path
	}
	return filepath.Join(gobuild.Default.GOPATH, "bin", "dlv")
})

func canMount() error {
	dir, err := os.MkdirTemp("", "gtrace-mount-")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		return err
	}
	return unix.Unmount(dir, 0)
}

func canTrace() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command("true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	// Wait sees the stop at exec first, and the end only after a detach.
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &status, 0, nil); err != nil {
		return err
	}
	if err := syscall.PtraceDetach(cmd.Process.Pid); err != nil {
		return err
	}
	return cmd.Wait()
}

func TestScript(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	bin := filepath.Dir(gtrace(t))
	p := testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     true,
		Deadline:            time.Now().Add(10 * time.Minute),
		Cmds:                commands(),
		Condition:           available,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
			env.Setenv("GOCOVERDIR", os.Getenv("GOCOVERDIR"))
			env.Setenv("GOFLAGS", "-buildvcs=false")
			env.Setenv(leash.Variable, os.Getenv(leash.Variable))
			return nil
		},
	}
	if err := gotooltest.Setup(&p); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, p)
}
