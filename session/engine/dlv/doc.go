// Package dlv is the ptrace engine. It reads programs through Delve (functions,
// types, lines, inlined calls), controls processes through package ptrace, and
// prints values through package value. It is the only importer of Delve.
//
// An [Engine] belongs to the goroutine that opened it, which it locks to its OS
// thread until Close. A hit holds the one thread that hit; the rest of the
// target runs on, so a program with many threads is not slowed down by probes
// that few of them reach.
//
// Processes can be traced on linux/amd64; executables can be read everywhere.
package dlv
