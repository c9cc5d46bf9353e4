// Spawner starts children for ever, forked and executed, and checks how each of
// them ends. It writes to a file how often each of its goroutines has done so, and
// exits with status 3 when something is wrong. Its argument is the file.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

var calls atomic.Int64

//go:noinline
func work(n int) int { return n + 1 }

// spawn executes this program again.
//
//go:noinline
func spawn(n int) error {
	out, err := exec.Command(os.Args[0], "child", strconv.Itoa(n)).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 7 || string(out) != fmt.Sprint(n+1) {
		return fmt.Errorf("executed: %q, %w", out, err)
	}
	return nil
}

// lost executes what there is not.
//
//go:noinline
func lost() error {
	if _, err := syscall.ForkExec("/nowhere", []string{"nowhere"}, &syscall.ProcAttr{}); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("missing: %w", err)
	}
	return nil
}

// fork makes a copy of the process that calls work.
//
//go:noinline
func fork() error {
	pid, _, errno := syscall.RawSyscall(syscall.SYS_FORK, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	if pid == 0 {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, uintptr(work(8)), 0, 0)
	}
	for {
		var ws syscall.WaitStatus
		if _, err := syscall.Wait4(int(pid), &ws, 0, nil); err != syscall.EINTR {
			if ws.ExitStatus() != 9 {
				return fmt.Errorf("forked: %#x, %w", ws, err)
			}
			return nil
		}
	}
}

func loop(lap *atomic.Int64) {
	for n := 0; ; n++ {
		if err := errors.Join(spawn(n), lost(), fork()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		calls.Add(1)
		lap.Add(1)
	}
}

func main() {
	if os.Args[1] == "child" {
		n, _ := strconv.Atoi(os.Args[2])
		fmt.Print(work(n))
		os.Exit(7)
	}
	var laps [2]atomic.Int64
	for i := range laps {
		go loop(&laps[i])
	}
	for next := os.Args[1] + ".new"; ; time.Sleep(5 * time.Millisecond) {
		if os.WriteFile(next, strconv.AppendInt(nil, min(laps[0].Load(), laps[1].Load()), 10), 0o600) == nil {
			_ = os.Rename(next, os.Args[1])
		}
	}
}
