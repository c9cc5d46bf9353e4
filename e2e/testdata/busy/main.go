// Busy calls small functions on several threads for ever, checks what they
// return, and writes to a file how often each of its goroutines has done so at
// least. It exits with status 3 when a result is wrong. Its arguments are the file
// and, if it is not to be 4, the number of goroutines; with a third, it starts to
// count there, and replaces itself by exec again and again. With the build tag
// withcgo it calls C too.
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

// calls counts all of them, laps those of each goroutine, before those of the
// process before it replaced itself.
var (
	calls  atomic.Int64
	laps   []atomic.Int64
	before int64
)

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
	if (err != nil) != (n%2 == 1) || err == nil && h != n/2 || p.x != n+1 || p.y != n+1 || deferred(n) != 2*n || next(n) != n+1 {
		fmt.Fprintln(os.Stderr, "wrong result for", n)
		os.Exit(3)
	}
	calls.Add(1)
}

func loop(lap *atomic.Int64) {
	for n := 0; ; n++ {
		work(n)
		lap.Add(1)
		if n%64 == 0 {
			runtime.Gosched()
		}
	}
}

// least returns how many laps every goroutine has made.
func least() int64 {
	least := laps[0].Load()
	for i := range laps {
		least = min(least, laps[i].Load())
	}
	return least
}

func replace() {
	time.Sleep(300 * time.Millisecond)
	args := []string{os.Args[0], os.Args[1], os.Args[2], strconv.FormatInt(before+least(), 10)}
	fmt.Fprintln(os.Stderr, syscall.Exec(os.Args[0], args, os.Environ()))
	os.Exit(3)
}

func main() {
	loops := 4
	if len(os.Args) > 2 {
		loops, _ = strconv.Atoi(os.Args[2])
	}
	laps = make([]atomic.Int64, loops)
	if len(os.Args) > 3 {
		before, _ = strconv.ParseInt(os.Args[3], 10, 64)
		go replace()
	}
	for i := range laps {
		go loop(&laps[i])
	}
	for next := os.Args[1] + ".new"; ; time.Sleep(5 * time.Millisecond) {
		if os.WriteFile(next, strconv.AppendInt(nil, before+least(), 10), 0o600) == nil {
			_ = os.Rename(next, os.Args[1])
		}
	}
}
