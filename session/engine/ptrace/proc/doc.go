// Package proc controls one Linux process and its threads: it starts or
// seizes them, plants breakpoints, waits for hits and lets go again. It knows
// nothing of Go programs or debug information.
//
// Three choices set it apart from a classic debugger's loop.
//
// Threads are seized (PTRACE_SEIZE), so nothing is stopped by signals: no
// SIGSTOP is ever sent that could be delivered late, doubled or left behind.
//
// A hit holds the one thread that hit. The others run on. That is possible
// because the planted instructions are chosen such that their effect can be
// carried out on the registers ([Effect]), so no breakpoint has to be lifted to
// let a thread pass. Where that cannot be done, all threads are stopped for the
// length of one instruction.
//
// Letting go is exact: the original bytes are written back, every thread is
// stopped once, and one that has run into a breakpoint but was not yet seen is
// set back to the instruction it meant to run.
//
// A Process belongs to the OS thread that made it, as ptrace demands: the
// caller locks its goroutine with runtime.LockOSThread. Only Interrupt may be
// called from elsewhere.
package proc
