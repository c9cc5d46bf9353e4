// Package leash ends what the tests of a package have started when the tests end,
// whatever ends them: a SIGKILL or the go command's limit of time, after which no
// cleanup runs, no less than a test that forgets.
//
// A second process waits for that. It knows what was started by a variable of the
// environment, which is handed on from process to process, and temporary files by
// their directory. A process with an environment of its own, as gtrace's guard is,
// has to end by itself.
package leash

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// Variable is what a test has to set, to the value it has, when it gives a process
// an environment that is not its own.
const Variable = "GTRACE_TESTS"

// Run is for TestMain: it runs tests and returns their exit status. Unless all that
// they have started has ended, that is 1 at least.
func Run(tests func() int) int {
	switch os.Args[0] {
	case name:
		return begin()
	case holder:
		return hold()
	}
	dir, err := os.MkdirTemp("", "gtrace-tests-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer removeEmpty(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // other users' processes run programs in there
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	end, err := start(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the process that ends what tests leave:", err)
		return 1
	}
	os.Setenv("TMPDIR", dir)
	os.Setenv(Variable, dir)
	status := tests()
	if left := end(); len(left) > 0 {
		fmt.Fprintf(os.Stderr, "the tests have left processes running:\n%s", left)
		return max(status, 1)
	}
	return status
}

// Keep moves a file or a directory that a test has made in the directory for temporary
// files to where that is not removed, however the tests end, and returns its new name.
func Keep(name string) string {
	dir := os.Getenv(Variable)
	if dir == "" || filepath.Dir(name) != dir {
		return name
	}
	kept := filepath.Join(filepath.Dir(dir), filepath.Base(name))
	if err := os.Rename(name, kept); err != nil {
		return name
	}
	return kept
}

// removeEmpty removes a directory, unless tests that failed have kept something there.
func removeEmpty(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		_ = os.Remove(filepath.Join(dir, e.Name()))
	}
	_ = os.Remove(dir)
}

// start starts the other process. To be called at the end of the tests, end returns
// what it has found then.
func start(dir string) (end func() []byte, err error) {
	alive, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer alive.Close()
	found, report, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer report.Close()
	// By one that ends: tests may look at the children of their process.
	if err := again(alive, report, name, dir, strconv.Itoa(os.Getpid())).Run(); err != nil {
		return nil, err
	}
	return func() []byte {
		_, _ = write.Write(inOrder)
		_ = write.Close()
		left, _ := io.ReadAll(found)
		return left
	}, nil
}

// again returns a command that runs this program with other arguments.
func again(in, out *os.File, args ...string) *exec.Cmd {
	return &exec.Cmd{
		Path: "/proc/self/exe", Args: args, Dir: "/", Env: []string{"GOMAXPROCS=1"}, Stdin: in, Stdout: out,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true}, // what ends the tests' group does not end it
	}
}
