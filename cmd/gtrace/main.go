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
	os.Exit(Main())
}

// Main is main for tests: it returns the exit status instead of exiting.
func Main() int { return newApp().main(os.Args[1:]) }

// main runs one command line, prints what went wrong and returns the status.
func (a *app) main(args []string) int {
	err := a.execute(args)
	a.say.report(err)
	return exitStatus(err)
}
