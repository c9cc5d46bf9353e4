//go:build !man

// Gtrace traces a Go process from outside: it starts a program or attaches to a
// running one and streams its calls, returns and exceptions.
//
// This package is the command line: flags, wiring, signals, exit status and
// hints. It knows neither ptrace nor DWARF. The engine is opened, used and
// closed on the main goroutine, or, where several processes are traced, on one for
// each; the few others only cancel the context.
package main

import (
	"os"

	"gtrace/session/engine/ptrace"
)

func main() {
	ptrace.Guard() // does not return in a process that guards a target
	os.Exit(newApp().main(os.Args[1:]))
}
