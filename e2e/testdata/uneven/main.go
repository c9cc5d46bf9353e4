// Uneven calls one function as often as it can and another one rarely, until it
// has been traced for a time or its standard input ends, and prints how often it has
// called each.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var sink atomic.Int64

// hot does about a microsecond of work.
//
//go:noinline
func hot(n int) int {
	sum := n
	for i := range 500 {
		sum += i * sum
	}
	return sum
}

var errOdd = errors.New("odd")

//go:noinline
func inner(n int) error {
	if n%2 == 1 {
		return errOdd
	}
	return nil
}

//go:noinline
func rare(n int) error {
	if err := inner(n); err != nil {
		return fmt.Errorf("rare %d: %w", n, err)
	}
	return nil
}

// never is not called.
//
//go:noinline
func never(n int) int { return n + 1 }

// awaitTracer returns when a tracer is there: on a busy machine it may come late.
func awaitTracer() {
	for !isTraced() {
		time.Sleep(10 * time.Millisecond)
	}
}

func isTraced() bool {
	status, _ := os.ReadFile("/proc/self/status")
	return !strings.Contains(string(status), "TracerPid:\t0\n")
}

func main() {
	long, err1 := time.ParseDuration(os.Args[1])
	threads, err2 := strconv.Atoi(os.Args[2])
	if err1 != nil || err2 != nil {
		fmt.Fprintln(os.Stderr, "usage: uneven DURATION THREADS")
		os.Exit(2)
	}
	if threads < 0 {
		sink.Add(int64(never(threads)))
	}
	launched := isTraced() // by its tracer, which may be gone soon
	fmt.Println("ready")
	var over atomic.Bool
	go func() {
		if !launched {
			awaitTracer()
		}
		time.Sleep(long)
		over.Store(true)
	}()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		over.Store(true)
	}()
	var hots atomic.Int64
	var group sync.WaitGroup
	for range threads {
		group.Go(func() {
			for n := 0; !over.Load(); n++ {
				sink.Add(int64(hot(n)))
				hots.Add(1)
			}
		})
	}
	rares := 0
	for !over.Load() {
		_ = rare(rares)
		rares++
		time.Sleep(10 * time.Millisecond)
	}
	group.Wait()
	fmt.Println("hot", hots.Load(), "rare", rares)
}
