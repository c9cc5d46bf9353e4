package filter

import (
	"errors"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/file"

	"gtrace/diag"
)

// An Error says what is wrong with an expression, and where.
type Error = diag.Error

// describe makes an Error of one of the compiler's.
func (s *source) describe(err error) *Error {
	x, ok := errors.AsType[*file.Error](err)
	if !ok { // it is about the whole
		return s.error(0, 0, reword(err.Error()))
	}
	from := x.From
	if strings.HasPrefix(x.Message, "unexpected token EOF") {
		from = len([]rune(s.compiled))
	}
	return s.error(from, max(x.To, from+1), reword(x.Message))
}

// error makes an Error of a place in what is compiled.
func (s *source) error(from, to int, reason string) *Error {
	begin, end := s.origin(from), s.origin(to)
	return &Error{Expr: s.text, Offset: begin, Length: max(1, end-begin), Reason: reason}
}

var rewordings = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`time\.Duration`), "duration"},
	{regexp.MustCompile(`\bfilter\.(\w+)`), "$1"},
	{regexp.MustCompile(`\b(?:u?int\d*|float64)([^\w(]|$)`), "number$1"},
	{regexp.MustCompile(`\bbool\b`), "true or false"},
	{regexp.MustCompile(`^expected (.*), but got (.*)$`), "this is of type $2, and not $1: compare it with something"},
	{regexp.MustCompile(`^unexpected token EOF$`), "something is missing at the end"},
	{regexp.MustCompile(`^bad number syntax.*$`), "a number that cannot be read; units of a duration are ns, us, ms, s, m and h"},
	{regexp.MustCompile(`^unexpected token \w+\("(.*)"\)$`), `unexpected "$1"`},
	{regexp.MustCompile(`^unexpected "="$`), `unexpected "=": to compare, write ==`},
	{regexp.MustCompile(`^reflect: .*|^.*invalid memory address.*$`), "there is no value"},
	{regexp.MustCompile(`^literal not terminated$`), "the quote is not closed"},
	{regexp.MustCompile(`^(invalid operation: .*duration and number\))$`), "$1: write a unit, as 10ms"},
}

// reword says the compiler's words in those of the user.
func reword(message string) string {
	for _, r := range rewordings {
		message = r.pattern.ReplaceAllString(message, r.by)
	}
	return message
}
