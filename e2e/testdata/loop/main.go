// Loop calls one function many times, on one or several threads, and prints how
// long a call took.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

type item struct{ ID, Count int }

//go:noinline
func work(id int, name string, it *item) (int, error) {
	if id < 0 {
		return 0, fmt.Errorf("%s: negative id %d", name, id)
	}
	sum := 0
	for i := range 10 {
		sum += i * id
	}
	return sum + it.Count, nil
}

func main() {
	calls, err1 := strconv.Atoi(os.Args[1])
	threads, err2 := strconv.Atoi(os.Args[2])
	if err1 != nil || err2 != nil {
		fmt.Fprintln(os.Stderr, "usage: loop CALLS THREADS")
		os.Exit(2)
	}
	start := time.Now()
	var group sync.WaitGroup
	for range threads {
		group.Go(func() {
			for i := range calls / threads {
				if _, err := work(i, "item", &item{i, 2}); err != nil {
					panic(err)
				}
			}
		})
	}
	group.Wait()
	fmt.Println(time.Since(start).Nanoseconds() / int64(calls))
}
