// Package diag says what is wrong with what a user has written: where an
// expression goes wrong, and which name was meant by one that does not exist.
package diag

import "strings"

// An Error is a mistake in an expression.
type Error struct {
	Expr   string
	Offset int // of what is wrong, in runes
	Length int // at least 1
	Reason string
}

// Error returns the reason, and below it the line of the expression with a mark
// under what is wrong.
func (e *Error) Error() string {
	before := string([]rune(e.Expr)[:e.Offset])
	begin := strings.LastIndexByte(before, '\n') + 1
	line, _, _ := strings.Cut(e.Expr[begin:], "\n")
	column := len([]rune(before[begin:]))
	width := max(1, min(e.Length, len([]rune(line))-column))
	return e.Reason + "\n  " + strings.ReplaceAll(line, "\t", " ") +
		"\n  " + strings.Repeat(" ", column) + strings.Repeat("^", width)
}
