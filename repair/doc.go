// Package repair compares the machine code of a running process with the files
// that it was loaded from, and puts back what a tracer that was killed has left
// there: breakpoints.
//
// It reads and writes through /proc and needs no ptrace: the process runs on all
// the while. It knows ELF and the symbol tables in it; nothing of Go's runtime,
// of probes, or of how the breakpoints came about. It works for programs in any
// language that are built for amd64.
//
// A [Process] is used by one goroutine at a time. What it has opened stays open
// until Close; should the process end or execute another program meanwhile, its
// memory reads as ended, and is never that of another.
package repair
