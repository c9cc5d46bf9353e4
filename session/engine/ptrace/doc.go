// Package ptrace is the engine that holds a thread of the target at each hit. What
// there is to hit package program knows; threads, memory and breakpoints are package
// proc's.
//
// An [Engine] belongs to the goroutine that opened it, which it locks to its OS
// thread until Close. A hit holds the one thread that hit; the rest of the
// target runs on, so a program with many threads is not slowed down by probes
// that few of them reach.
//
// It traces on linux/amd64.
package ptrace
