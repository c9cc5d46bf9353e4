// Program is what the conformance suite observes. Its argument chooses what it
// does; it exits with status 3.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

//go:noinline
func work(n int) int { return n * 2 }

//go:noinline
func outer(n int) int {
	sum := 0
	for i := 1; i <= n; i++ {
		sum += work(i)
	}
	return sum
}

//go:noinline
func fail(id int) error { return fmt.Errorf("id %d: %w", id, errNegative) }

//go:noinline
func load(id int) error { return fmt.Errorf("load: %w", fail(id)) }

var errNegative = errors.New("negative")

//go:noinline
func explode() { panic("boom") }

//go:noinline
func guard() (err error) {
	defer rescue()
	explode()
	return nil
}

//go:noinline
func rescue() { _ = recover() }

//go:noinline
func leave() { runtime.Goexit() }

//go:noinline
func tumble() {
	defer rescue()
	defer explode()
	runtime.Goexit()
}

//go:noinline
func idle() { time.Sleep(time.Millisecond) }

//go:noinline
func login(user, password string, tokens int) (token string) { return user + password }

type shape struct{ n int }

//go:noinline
func (s shape) run() { sink += s.n }

type runner interface{ run() }

//go:noinline
func one() { sink++ }

var (
	sink int
	once sync.Once
)

// follow calls in all the ways there are.
//
//go:noinline
func follow(r runner) {
	defer rescue()
	defer r.run()
	one()
	r.run()
	once.Do(func() { sink += r.(shape).n })
	done := make(chan bool)
	go wait(r, done)
	<-done
	explode()
}

//go:noinline
func wait(r runner, done chan bool) {
	r.run()
	close(done)
}

func main() {
	switch os.Args[1] {
	case "calls":
		outer(3)
	case "errors":
		_ = load(-2)
	case "recover":
		_ = guard()
	case "secrets":
		login("ann", "hunter2", 5)
	case "die":
		explode()
	case "goexit":
		var wg sync.WaitGroup
		wg.Go(leave)
		wg.Wait()
		for runtime.NumGoroutine() > 1 { // Goexit is not over with the deferred calls
			time.Sleep(time.Millisecond)
		}
	case "tumble":
		var wg sync.WaitGroup
		wg.Go(tumble)
		wg.Wait()
		for runtime.NumGoroutine() > 1 {
			time.Sleep(time.Millisecond)
		}
	case "follow":
		follow(shape{2})
	case "idle":
		for start := time.Now(); time.Since(start) < 5*time.Second; {
			idle()
		}
	}
	os.Exit(3)
}
