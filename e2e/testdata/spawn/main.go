// Spawn starts children on two threads until its standard input ends. It exits
// with status 3 when one of them does not end as it should.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"sync"

	"gtrace/e2e/testdata/rounds"
)

//go:noinline
func spawn() {
	if out, err := exec.Command(os.Args[0], "child").Output(); err != nil || string(out) != "child\n" {
		fmt.Fprintf(os.Stderr, "a child said %q and ended with %v\n", out, err)
		os.Exit(3)
	}
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("child")
		return
	}
	rounds.Until(func(int) {
		var both sync.WaitGroup
		both.Go(spawn)
		both.Go(spawn)
		both.Wait()
	})
}
