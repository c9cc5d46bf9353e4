// Besieged calls work for ever, while what its second argument says happens to it:
//
//	timer  a signal comes two thousand times a second
//	forks  at SIGUSR1 it makes a copy of itself, which calls work as well, and
//	       writes its PID beside the first argument, a file for how often work
//	       was called
package main

import (
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var calls atomic.Int64

//go:noinline
func work(n int) int { return n + 1 }

func timer() {
	alarms := make(chan os.Signal, 1)
	signal.Notify(alarms, syscall.SIGALRM)
	interval := struct{ every, first syscall.Timeval }{
		every: syscall.Timeval{Usec: 500}, first: syscall.Timeval{Usec: 500},
	}
	const wallClock = 0
	if _, _, errno := syscall.Syscall(syscall.SYS_SETITIMER, wallClock, uintptr(unsafe.Pointer(&interval)), 0); errno != 0 {
		panic(errno)
	}
}

// forks copies the process. The copy has one thread, so that the runtime must not
// be asked for anything there.
func forks(pids string) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			pid, _, errno := syscall.RawSyscall(syscall.SYS_FORK, 0, 0, 0)
			if errno != 0 {
				panic(errno)
			}
			if pid == 0 {
				pause := syscall.Timespec{Nsec: 1e6}
				for n := 0; work(n) == n+1; n++ {
					syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
				}
				syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 3, 0, 0)
			}
			write(pids, int64(pid))
		}
	}()
}

func write(file string, n int64) {
	if os.WriteFile(file+".new", strconv.AppendInt(nil, n, 10), 0o600) == nil {
		_ = os.Rename(file+".new", file)
	}
}

func main() {
	switch file := os.Args[1]; os.Args[2] {
	case "timer":
		timer()
	case "forks":
		forks(file + ".child")
	}
	go func() {
		for n := 0; ; n++ {
			if work(n) != n+1 {
				os.Exit(3)
			}
			calls.Add(1)
		}
	}()
	for ; ; time.Sleep(5 * time.Millisecond) {
		write(os.Args[1], calls.Load())
	}
}
