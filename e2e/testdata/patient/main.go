// Patient is a target that takes its time: it calls a function again and again,
// writes a dot each time, and either dies of SIGTERM or handles it.
package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

//go:noinline
func step(n int) int { return n * n }

func main() {
	if os.Args[1] == "handle" {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		go func() {
			<-c
			os.Exit(9)
		}()
	}
	for n := 0; ; n++ {
		step(n)
		os.Stdout.WriteString(".")
		time.Sleep(2 * time.Millisecond)
	}
}
