//go:build !withcgo

package main

//go:noinline
func next(n int) int { return n + 1 }
