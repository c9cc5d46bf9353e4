//go:build withcgo

package main

// static long next(long n) { return n + 1; }
import "C"

//go:noinline
func next(n int) int { return int(C.next(C.long(n))) }
