// Processes does what is hard on a tracer of processes, as its argument says:
//
//	threads   makes threads that call a function and end, all the time
//	forks     makes children that call a function in a copy of its memory
//	leader    ends its first thread and runs on in others
//
// It ends by itself, and exits with 0 if nothing of it was harmed.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

//go:noinline
func work(i int) int { return i + 1 }

// over is set when standard input ends.
var over atomic.Bool

func awaitEnd() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	over.Store(true)
}

func main() {
	runtime.LockOSThread()
	if os.Args[1] != "leader" {
		go awaitEnd()
	}
	fmt.Println("ready")
	switch os.Args[1] {
	case "threads":
		threads()
	case "forks":
		forks()
	case "leader":
		leader()
	}
}

func threads() {
	for !over.Load() {
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				runtime.LockOSThread() // it ends with the goroutine
				work(i)
			})
		}
		group.Wait()
	}
}

func forks() {
	for !over.Load() {
		pid, _, errno := syscall.RawSyscall(syscall.SYS_FORK, 0, 0, 0)
		if errno != 0 {
			panic(errno)
		}
		if pid == 0 {
			work(1)
			syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
		}
		var status syscall.WaitStatus
		_, err := syscall.Wait4(int(pid), &status, 0, nil)
		for err == syscall.EINTR {
			_, err = syscall.Wait4(int(pid), &status, 0, nil)
		}
		if status.Signaled() {
			fmt.Println("a child was killed by", status.Signal())
			os.Exit(1)
		}
	}
}

func leader() {
	go func() {
		for n := 0; !over.Load(); n++ {
			if work(n) != n+1 {
				os.Exit(1)
			}
			time.Sleep(10 * time.Millisecond)
		}
		os.Exit(0)
	}()
	_, _ = os.Stdin.Read(make([]byte, 1)) // when it is asked to
	go awaitEnd()
	syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
}
