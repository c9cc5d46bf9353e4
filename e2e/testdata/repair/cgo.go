//go:build withcgo

package main

// int answer(void) { return 42; }
import "C"

var _ = C.answer()
