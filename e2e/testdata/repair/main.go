// The program repair tells where its functions are, and calls work each time it
// is asked to by a line of input. Nobody calls spare.
package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
)

//go:noinline
func work(n int) int { return n*n + len(os.Args) }

//go:noinline
func spare(n int) int { return n*n*n + len(os.Args) }

func main() {
	for name, f := range map[string]any{"work": work, "spare": spare} {
		fmt.Printf("%s %#x\n", name, reflect.ValueOf(f).Pointer())
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println("work is", work(6))
	}
}
