package session

import (
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A pattern is what a user writes to choose functions.
//
// Names are compared in plain form: without brackets of type arguments and
// without the parentheses and star of a receiver, so that main.T.Method and
// main.(*T).Method are the same method and main.Map is every instance of it. In
// a name, * stands for anything but a slash, so that it stays inside a package,
// ... for anything, and a final /... for a package and all below it.
type pattern struct {
	text string
	// whole matches a function by its full name, its package or its file.
	whole func(*candidate) bool
	// tail matches the end of a function's name, for a name that is written
	// without its package or with the last elements of it, and the end of a
	// package's path. It is nil where only whole makes sense.
	tail func(*candidate) bool
	// lines are those that a pattern names which is about lines; nil for others.
	lines *span
}

// A span is a range of lines of a file.
type span struct{ first, last int }

// everyLine is what the name of a file says of lines.
var everyLine = span{1, math.MaxInt}

// parsePattern reads a pattern. An error says what is wrong with it.
func parsePattern(text string) (pattern, error) {
	file, lines, isLines := splitLines(text)
	switch {
	case text == "":
		return pattern{}, errors.New("empty pattern")
	case isLines:
		return linePattern(text, file, lines)
	case strings.HasSuffix(file, ".go"):
		p, err := filePattern(file)
		p.lines = &everyLine
		return p, err
	case text[0] == '/':
		return regexpPattern(text)
	default:
		return namePattern(text)
	}
}

// splitLines splits server.go:40-60 into the file and the lines.
func splitLines(text string) (file, lines string, ok bool) {
	file, lines, ok = strings.Cut(text, ".go:")
	if !ok || strings.Trim(lines, "0123456789-") != "" {
		return text, "", false
	}
	return file + ".go", lines, true
}

// linePattern matches the functions that stand in a file; which of them have the
// lines is not known before their code is looked at.
func linePattern(text, file, lines string) (pattern, error) {
	p, err := filePattern(file)
	if err != nil {
		return pattern{}, err
	}
	from, to, isRange := strings.Cut(lines, "-")
	first, err1 := strconv.Atoi(from)
	last, err2 := first, error(nil)
	if isRange {
		last, err2 = strconv.Atoi(to)
	}
	if err1 != nil || err2 != nil || first < 1 || last < first {
		return pattern{}, fmt.Errorf("pattern %q: lines are written as server.go:42 or server.go:40-60", text)
	}
	p.text, p.lines = text, &span{first, last}
	return p, nil
}

// filePattern matches files by their last elements.
func filePattern(text string) (pattern, error) {
	if !utf8.ValidString(text) {
		return pattern{}, fmt.Errorf("pattern %q: not UTF-8", text)
	}
	glob := path.Clean(text)
	head := "(?:^|/)"
	if path.IsAbs(glob) {
		head = "^"
	}
	re := regexp.MustCompile(head + globRegexp(glob) + "$")
	return pattern{text: text, whole: func(c *candidate) bool { return re.MatchString(c.File) }}, nil
}

// regexpPattern matches names as a traceback prints them, anywhere in the name.
func regexpPattern(text string) (pattern, error) {
	expr, ok := strings.CutSuffix(text[1:], "/")
	if !ok {
		return pattern{}, fmt.Errorf("pattern %q: at %d: a regular expression ends with /", text, len(text))
	}
	re, err := regexp.Compile(expr)
	if syn, ok := errors.AsType[*syntax.Error](err); ok {
		at := 1 + max(0, strings.LastIndex(expr, syn.Expr))
		return pattern{}, fmt.Errorf("pattern %q: at %d: %s: %q", text, at, syn.Code, syn.Expr)
	}
	if err != nil {
		return pattern{}, fmt.Errorf("pattern %q: %w", text, err)
	}
	return pattern{text: text, whole: func(c *candidate) bool { return re.MatchString(c.Name) }}, nil
}

func namePattern(text string) (pattern, error) {
	name := unescape(text)
	if !utf8.ValidString(name) {
		return pattern{}, fmt.Errorf("pattern %q: not UTF-8", text)
	}
	if pkg, ok := strings.CutSuffix(name, "/..."); ok && !strings.ContainsAny(pkg, "*") && !strings.Contains(pkg, "...") {
		return packagePattern(text, pkg), nil
	}
	plain := plainName(name)
	if plain != name && strings.Contains(strings.ReplaceAll(name, "[...]", ""), "[") {
		return instancePattern(text, name), nil
	}
	if !strings.Contains(plain, "*") && !strings.Contains(plain, "...") {
		return exactPattern(text, plain), nil
	}
	return globPattern(text, plain), nil
}

func exactPattern(text, plain string) pattern {
	same := func(name string) bool { return name == plain }
	ends := func(name string) bool {
		head, ok := strings.CutSuffix(name, plain)
		return ok && (strings.HasSuffix(head, ".") || strings.HasSuffix(head, "/"))
	}
	return pattern{
		text:  text,
		whole: func(c *candidate) bool { return c.matches(same) },
		tail:  func(c *candidate) bool { return c.matches(ends) },
	}
}

func globPattern(text, plain string) pattern {
	glob := globRegexp(plain)
	whole := regexp.MustCompile("^(?:" + glob + ")$")
	tail := regexp.MustCompile("[./](?:" + glob + ")$")
	return pattern{
		text:  text,
		whole: func(c *candidate) bool { return c.matches(whole.MatchString) },
		tail:  func(c *candidate) bool { return c.matches(tail.MatchString) },
	}
}

// packagePattern matches a package and those below it.
func packagePattern(text, pkg string) pattern {
	return pattern{
		text:  text,
		whole: func(c *candidate) bool { return c.isBelow(pkg) || c.Package == pkg },
		tail:  func(c *candidate) bool { return c.isAmong(pkg) },
	}
}

// instancePattern matches one instance of a generic function, by the name that
// the linker gives it.
func instancePattern(text, name string) pattern {
	return pattern{text: text, whole: func(c *candidate) bool {
		return name == c.Symbol || name == c.Name
	}}
}

// globRegexp translates a glob into the source of a regular expression.
func globRegexp(glob string) string {
	var b strings.Builder
	for glob != "" {
		switch {
		case strings.HasPrefix(glob, "..."):
			b.WriteString(".*")
			glob = glob[3:]
		case glob[0] == '*':
			b.WriteString("[^/]*")
			glob = glob[1:]
		default:
			n := strings.IndexAny(glob[1:], ".*") + 1
			if n == 0 {
				n = len(glob)
			}
			b.WriteString(regexp.QuoteMeta(glob[:n]))
			glob = glob[n:]
		}
	}
	return b.String()
}
