// Onrequest does nothing but what it is asked to: for each line of its input,
// which is a number, it makes so many calls and prints the number. At the end of
// its input it exits with status 3.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

//go:noinline
func work(n int) int { return n + 1 }

func main() {
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			panic(err)
		}
		done := 0
		for done < n {
			done = work(done)
		}
		fmt.Println(done)
	}
	os.Exit(3)
}
