package leash

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gtrace/procstatus"

	"golang.org/x/sys/unix"
)

// Names of processes: of the one that waits, and of the one that starts it.
const (
	holder = "gt-leash"
	name   = holder + "-start"
)

// inOrder is what it is told by tests that were not cut short.
var inOrder = []byte("done")

const (
	pause = 5 * time.Millisecond
	// grace is how long a process that was killed, or left alone by its parent, may
	// take to be gone when the tests have ended in order.
	grace = 100
	// after as many rounds the rest cannot be killed.
	rounds = 2000
)

// begin starts the process that waits.
func begin() int {
	if err := again(os.Stdin, os.Stdout, append([]string{holder}, os.Args[1:]...)...).Start(); err != nil {
		return 1
	}
	return 0
}

// hold waits for the end of the tests, and then for that of what they have started,
// which it kills. It is the main function of the other process, and returns its
// exit status.
func hold() int {
	dir := os.Args[1]
	tests, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return 2
	}
	awaitEnd(tests)
	said, _ := io.ReadAll(os.Stdin)
	ended := bytes.Equal(said, inOrder)
	for n := range rounds {
		left := Started(dir)
		if len(left) == 0 {
			break
		}
		if ended && n == grace {
			for _, pid := range left {
				line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
				fmt.Println(pid, strings.ReplaceAll(string(line), "\x00", " "))
			}
		}
		if !ended || n >= grace {
			for _, pid := range left {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		time.Sleep(pause)
	}
	if !ended {
		_ = os.RemoveAll(dir)
	}
	return 0
}

// awaitEnd returns when the tests have said or lost something. If the go command
// that runs them has ended, nobody wants to know how they end, and it ends them.
func awaitEnd(tests int) {
	fds := []unix.PollFd{{Fd: 0, Events: unix.POLLIN}}
	if fd, err := unix.PidfdOpen(goCommand(tests), 0); err == nil {
		fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	for {
		if n, err := unix.Poll(fds, -1); err == nil && n > 0 {
			break
		}
	}
	if fds[0].Revents == 0 { // else it may be another's PID
		_ = syscall.Kill(tests, syscall.SIGKILL)
	}
}

// goCommand returns the parent of a process if that is a go command, else 0.
func goCommand(pid int) int {
	parent := procstatus.Of(pid).Number("PPid")
	if exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", parent)); filepath.Base(exe) != "go" {
		return 0
	}
	return parent
}

// Started returns the processes that tests with this value of Variable have started.
func Started(dir string) (pids []int) {
	mark := []byte("\x00" + Variable + "=" + dir + "\x00")
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range all {
		environ, _ := os.ReadFile(path)
		if !bytes.Contains(append([]byte{0}, environ...), mark) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
