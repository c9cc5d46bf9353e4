// Package program reads Go executables: their functions and where those begin and
// return, the calling convention, lines, types, variables. Given the registers of a
// thread and the memory of its process, a [Frame] reads the values of a call. It knows
// no engine, needs no process, and works everywhere.
//
// What the debug information says it reads through package debuginfo and through
// Delve's packages for DWARF, which are imported here alone.
package program
