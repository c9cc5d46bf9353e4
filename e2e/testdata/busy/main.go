// Busy calls small functions on several threads for ever, checks what they
// return, and writes to a file how often it has called them. It exits with
// status 3 when a result is wrong. Its arguments are the file and, if it is not
// to be 4, the number of goroutines; with a third, it starts to count there, and
// replaces itself by exec again and again.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

var calls atomic.Int64

var errOdd = errors.New("odd")

type point struct{ x, y int }

//go:noinline
func half(n int) (int, error) {
	if n%2 == 1 {
		return 0, errOdd
	}
	return n / 2, nil
}

//go:noinline
func (p *point) move(dx, dy int) *point { return &point{p.x + dx, p.y + dy} }

//go:noinline
func deferred(n int) (r int) {
	defer func() { r += n }()
	return n
}

//go:noinline
func work(n int) {
	h, err := half(n)
	p := (&point{n, 1}).move(1, n)
	if (err != nil) != (n%2 == 1) || err == nil && h != n/2 || p.x != n+1 || p.y != n+1 || deferred(n) != 2*n {
		fmt.Fprintln(os.Stderr, "wrong result for", n)
		os.Exit(3)
	}
	calls.Add(1)
}

func loop() {
	for n := 0; ; n++ {
		work(n)
		if n%64 == 0 {
			runtime.Gosched()
		}
	}
}

func replace() {
	time.Sleep(300 * time.Millisecond)
	args := []string{os.Args[0], os.Args[1], os.Args[2], strconv.FormatInt(calls.Load(), 10)}
	fmt.Fprintln(os.Stderr, syscall.Exec(os.Args[0], args, os.Environ()))
	os.Exit(3)
}

func main() {
	loops := 4
	if len(os.Args) > 2 {
		loops, _ = strconv.Atoi(os.Args[2])
	}
	if len(os.Args) > 3 {
		n, _ := strconv.ParseInt(os.Args[3], 10, 64)
		calls.Store(n)
		go replace()
	}
	for range loops {
		go loop()
	}
	for next := os.Args[1] + ".new"; ; time.Sleep(5 * time.Millisecond) {
		if os.WriteFile(next, strconv.AppendInt(nil, calls.Load(), 10), 0o600) == nil {
			_ = os.Rename(next, os.Args[1])
		}
	}
}
