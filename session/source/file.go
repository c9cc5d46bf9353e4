package source

import (
	"go/token"
	"strings"
	"sync"
)

// A File is a source file, or what stands for one that was not found.
type File struct {
	problem string
	isGo    bool
	text    string
	lines   []string

	parse   sync.Once
	extents extents
	meaning sync.Once // of the names in it
}

// Problem says why there are no lines, or why they may not be those that run;
// empty when all is well. It is for the user, once a file.
func (f *File) Problem() string { return f.problem }

// Line returns line n, counted from 1, with its indentation and without its end.
// It is empty when unknown.
func (f *File) Line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return strings.TrimSuffix(f.lines[n-1], "\r")
}

// Blank reports whether a line has no statement that runs there: it only closes
// what was opened before, braces and parentheses, or it is a label, default, or a
// switch without anything to compare.
// What the compiler puts there is the end of a function, or a jump. It needs no
// parser: no line of a multi-line string or comment that looks so begins a
// statement either.
func (f *File) Blank(line int) bool {
	const closing = "})]"
	text := strings.TrimSpace(f.Line(line))
	if label, rest, ok := strings.Cut(text, ":"); ok && token.IsIdentifier(label) || label == "default" {
		rest = strings.TrimSpace(rest)
		return rest == "" || strings.HasPrefix(rest, "//")
	}
	if head, _, _ := strings.Cut(text, "//"); strings.TrimSpace(head) == "switch {" {
		return true
	}
	rest := strings.TrimLeft(text, closing+",; \t")
	if !strings.ContainsAny(text[:len(text)-len(rest)], closing) {
		return false
	}
	for strings.HasPrefix(rest, "/*") {
		_, after, ok := strings.Cut(rest, "*/")
		if !ok {
			return true
		}
		rest = strings.TrimSpace(after)
	}
	return rest == "" || strings.HasPrefix(rest, "//")
}

// Declared returns the last line of the statement, or of the part of a header,
// that declares and sets a variable at a line: on the lines up to there the
// variable has no value yet. It is the line itself for any other line, and in a
// file that cannot be read or parsed. When a line declares several variables, as
// "if v := f(); …" and a multi-line literal in its block written behind it, the
// last line counts for all. Parameters of a function literal have their values
// from its first line on: do not ask for them.
//
// The cases of a type switch need no statement: the compiler has their variable
// at the line of the case.
func (f *File) Declared(line int) (last int) {
	return max(line, f.measured().declared[line])
}

// Statement returns the line on which the statement begins that a line is part
// of, or the line itself. A statement of several lines is run in pieces, as the
// compiler likes. A function literal in it is no part of it.
func (f *File) Statement(line int) (first int) {
	if first, ok := f.measured().begin[line]; ok {
		return first
	}
	return line
}

func (f *File) measured() *extents {
	f.parse.Do(func() {
		if f.isGo {
			f.extents = measure(f.text)
		}
	})
	return &f.extents
}
