// Cgo is a target that calls C, is called back by it, and goes on in several
// threads.
package main

/*
#include <stdlib.h>

int callBack(int n);

static int through(int n) { return callBack(n) + 1; }
static int square(int n) { return n * n; }
*/
import "C"

import (
	"fmt"
	"sync"
)

//export callBack
func callBack(n C.int) C.int { return C.int(double(int(n))) }

//go:noinline
func double(n int) int { return 2 * n }

//go:noinline
func viaC(n int) int { return int(C.through(C.int(n))) }

//go:noinline
func square(n int) int { return int(C.square(C.int(n))) }

func main() {
	var wg sync.WaitGroup
	results := make([]int, 4)
	for i := range results {
		wg.Go(func() { results[i] = viaC(i) + square(i) })
	}
	wg.Wait()
	fmt.Println(results)
}
