// Signals sends itself signals, and has the kernel send some, while it calls a
// traced function on several threads. It counts what arrives and says whether
// that is what was sent. Its argument says which signals:
//
//	each     those that a program may ask to be told of, one by one
//	children SIGCHLD, one for every child that ends
//	timer    SIGALRM of a timer that goes off once
//	preempt  SIGURG, by which the runtime stops a loop without calls
//	profile  SIGPROF, of a CPU profile at 1 kHz
//	pipe     SIGPIPE, for a pipe without a reader
//	trapped  SIGTRAP, sent by the program itself, which asks for it
//	trap     the same, but it is not asked for
//	breakpoint  the same, by an instruction
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"gtrace/e2e/testdata/rounds"
)

//go:noinline
func work(n int) int { return n + 1 }

//go:noinline
func send(n int, sig syscall.Signal) error {
	if n%2 == 0 {
		return syscall.Kill(os.Getpid(), sig)
	}
	return syscall.Tgkill(os.Getpid(), syscall.Gettid(), sig)
}

var quit atomic.Bool

// busy calls work on several threads until the returned function is called.
func busy(threads int) (stop func()) {
	var group sync.WaitGroup
	for range threads {
		group.Go(func() {
			for n := 0; !quit.Load(); n++ {
				if work(n) != n+1 {
					panic("work")
				}
				if n%10 == 0 {
					time.Sleep(500 * time.Microsecond)
				}
			}
		})
	}
	return func() {
		quit.Store(true)
		group.Wait()
	}
}

func main() {
	modes := map[string]func() string{
		"each": each, "children": children, "timer": timer, "preempt": preempt,
		"profile": profile, "pipe": pipe,
		"trapped": trapped, "trap": trap, "breakpoint": breakpoint,
	}
	runtime.GOMAXPROCS(6) // who waits for a signal does not wait for those who are busy
	stop := busy(2)
	verdict := modes[os.Args[1]]()
	stop()
	fmt.Println(verdict)
}

// exactly asks for a signal, has it caused again and again, each time waiting
// for it, and says how that differs from one for each cause.
func exactly(sig syscall.Signal, cause func(n int) error) string {
	notify := make(chan os.Signal, 1000)
	signal.Notify(notify, sig)
	defer signal.Stop(notify)
	caused, got := 0, 0
	rounds.Until(func(int) {
		for range 10 {
			if err := cause(caused); err != nil {
				panic(err)
			}
			caused++
			<-notify
			got++
		}
	})
	time.Sleep(doubled)
	return verdict(sig, notify, caused, got)
}

// doubled is how long a signal that comes twice may take.
const doubled = 20 * time.Millisecond

func verdict(sig syscall.Signal, notify chan os.Signal, caused, got int) string {
	if got += len(notify); got != caused {
		return fmt.Sprintf("%v: %d came, %d were sent", sig, got, caused)
	}
	return fmt.Sprintf("%v: as many as were sent", sig)
}

func each() string {
	// Not those that the runtime needs itself, or that cannot be caught.
	var all []syscall.Signal
	for sig := syscall.Signal(1); sig <= 64; sig++ {
		switch sig {
		case syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGURG, syscall.SIGPROF,
			syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE,
			syscall.SIGSEGV, syscall.SIGSYS, syscall.SIGSTKFLT, 32, 33, 34:
		default:
			all = append(all, sig)
		}
	}
	notify := make([]chan os.Signal, len(all))
	for i, sig := range all {
		notify[i] = make(chan os.Signal, 1000)
		signal.Notify(notify[i], sig)
	}
	var caused, got [65]int
	rounds.Until(func(n int) {
		for i, sig := range all {
			if err := send(n, sig); err != nil {
				panic(err)
			}
			caused[sig]++
			<-notify[i]
			got[sig]++
		}
	})
	time.Sleep(doubled)
	for i, sig := range all {
		if v := verdict(sig, notify[i], caused[sig], got[sig]); got[sig] != caused[sig] || len(notify[i]) > 0 {
			return v
		}
	}
	return fmt.Sprintf("%d signals: as many as were sent", len(all))
}

func children() string {
	child := func(int) error { return exec.Command("true").Run() }
	// At the first one the runtime tries out what the kernel can do, which makes
	// more. Nobody must count those.
	early := make(chan os.Signal, 10)
	signal.Notify(early, syscall.SIGCHLD)
	if err := child(0); err != nil {
		panic(err)
	}
	<-early
	time.Sleep(100 * time.Millisecond)
	signal.Stop(early)
	return exactly(syscall.SIGCHLD, child)
}

func timer() string {
	return exactly(syscall.SIGALRM, func(int) error {
		const real = 0
		once := [2]syscall.Timeval{1: {Usec: 200}}
		_, _, errno := syscall.RawSyscall(syscall.SYS_SETITIMER, real, uintptr(unsafe.Pointer(&once)), 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
}

func preempt() string {
	var stop atomic.Bool
	for range 2 {
		go func() {
			for !stop.Load() { // no call in which it could be stopped
			}
		}()
	}
	rounds.Until(func(int) { runtime.GC() })
	stop.Store(true)
	return "loops were preempted"
}

func profile() string {
	var out bytes.Buffer
	runtime.SetCPUProfileRate(1000)
	if err := pprof.StartCPUProfile(&out); err != nil { // it keeps the rate
		panic(err)
	}
	rounds.Until(func(int) {
		var before, now syscall.Rusage
		for _ = syscall.Getrusage(syscall.RUSAGE_SELF, &before); now.Utime.Nano() < before.Utime.Nano()+150e6; {
			spin()
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &now)
		}
	})
	pprof.StopCPUProfile()
	zip, err := gzip.NewReader(&out)
	if err != nil {
		panic(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("in the profile: spin %v", bytes.Contains(text, []byte("main.spin")))
}

//go:noinline
func spin() (n int) {
	for i := range 1_000_000 {
		n += i * i
	}
	return work(n)
}

func pipe() string {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	if err := r.Close(); err != nil {
		panic(err)
	}
	var seen []string
	rounds.Until(func(n int) {
		_, err := w.Write([]byte{0})
		if text := fmt.Sprint(err); !slices.Contains(seen, text) {
			seen = append(seen, text)
		}
	})
	// What the runtime does where it is standard output that nobody reads.
	if err := syscall.Dup2(int(w.Fd()), 1); err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, seen)
	fmt.Println("nobody reads this")
	return "and it lives"
}

// trapped asks for SIGTRAP, which a debugger lives of.
func trapped() string {
	return exactly(syscall.SIGTRAP, func(n int) error { return send(n, syscall.SIGTRAP) })
}

// trap dies of it.
func trap() string {
	rounds.Until(func(n int) { work(n) })
	runtime.LockOSThread() // it is told which thread has died
	return fmt.Sprint(send(1, syscall.SIGTRAP))
}

// breakpoint dies of it, too.
func breakpoint() string {
	rounds.Until(func(n int) { work(n) })
	runtime.Breakpoint()
	return "nobody has stopped it"
}
