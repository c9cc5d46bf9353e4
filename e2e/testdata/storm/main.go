// Storm calls small functions from several goroutines while everything that can
// disturb a tracer goes on: a CPU profile at 1 kHz, garbage collection, signals,
// growing stacks, faults in a function's first instruction, child processes. It
// checks every result itself and says how many were wrong.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	workers = 4
	rounds  = 500
)

type pair struct{ a, b int }

//go:noinline
func leaf(p *pair) int { return p.b } // its first instruction faults for nil

//go:noinline
func add(a, b int) int { return a + b }

//go:noinline
func frame(a int) (r int) {
	defer func() {
		if recover() != nil {
			r = -1
		}
	}()
	if a%10 == 0 {
		return leaf(nil)
	}
	return leaf(&pair{a, 2 * a})
}

//go:noinline
func deep(n int) int {
	var buf [256]byte
	buf[n%256] = 1
	if n == 0 {
		return 0
	}
	return deep(n-1) + int(buf[n%256])
}

var wrong, signals atomic.Int64

func main() {
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		panic(err)
	}
	notify := make(chan os.Signal, 100)
	signal.Notify(notify, syscall.SIGUSR1)
	go func() {
		for range notify {
			signals.Add(1)
		}
	}()
	go func() {
		for {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	}()
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() { work(w) })
	}
	group.Wait()
	pprof.StopCPUProfile()
	for deadline := time.Now().Add(time.Second); signals.Load() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("wrong:", wrong.Load(), "signals:", signals.Load() > 0)
}

func check(ok bool) {
	if !ok {
		wrong.Add(1)
	}
}

func work(w int) {
	for i := range rounds {
		check(add(i, w) == i+w)
		want := 2 * i
		if i%10 == 0 {
			want = -1
		}
		check(frame(i) == want)
		if i%100 == 0 {
			check(deep(150) == 150)
			check(syscall.Kill(os.Getpid(), syscall.SIGUSR1) == nil)
		}
		if w == 0 && i%250 == 0 {
			check(exec.Command("true").Run() == nil)
		}
	}
}
