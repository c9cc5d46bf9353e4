package filter

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A source is an expression as the user wrote it, and as it is compiled: the
// language has no durations, so that each becomes the name of a constant.
type source struct {
	text      string
	compiled  string
	durations []time.Duration
	spans     []span
}

// A span is a stretch of runes that stands elsewhere, and has another length,
// in what is compiled.
type span struct{ at, length, compiledAt, compiledLength int }

// durationPrefix begins the names of the constants; what follows is a number.
const durationPrefix = "__duration"

var durationLiteral = regexp.MustCompile(`^(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|μs|ms|s|m|h))+`)

func newSource(text string) *source {
	s := &source{text: text}
	var b strings.Builder
	runes, compiled := 0, 0
	copyOf := func(part string) {
		n := utf8.RuneCountInString(part)
		runes, compiled = runes+n, compiled+n
		b.WriteString(part)
	}
	for rest := text; rest != ""; {
		n := token(rest)
		word := rest[:n]
		rest = rest[n:]
		literal := durationLiteral.FindString(word)
		d, err := time.ParseDuration(literal)
		if err != nil || literal != word {
			copyOf(word)
			continue
		}
		name := fmt.Sprint(durationPrefix, len(s.durations))
		s.durations = append(s.durations, d)
		sp := span{at: runes, length: utf8.RuneCountInString(word), compiledAt: compiled, compiledLength: len(name)}
		s.spans = append(s.spans, sp)
		b.WriteString(name)
		runes, compiled = runes+sp.length, compiled+sp.compiledLength
	}
	s.compiled = b.String()
	return s
}

// token returns how many bytes at the begin of text belong together: a quoted
// string, a comment, a word with what follows its first letter or digit, or one
// rune.
func token(text string) int {
	switch first := text[0]; {
	case first == '"' || first == '\'' || first == '`':
		return quoted(text)
	case strings.HasPrefix(text, "//"):
		return until(text, "\n")
	case strings.HasPrefix(text, "/*"):
		return until(text, "*/")
	}
	r, n := utf8.DecodeRuneInString(text)
	if !isWord(r) {
		return n
	}
	number := unicode.IsDigit(r)
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		next, _ := utf8.DecodeRuneInString(text[n+size:])
		// The dot of 1.5s, but not those of 1..5.
		if !isWord(r) && !(number && r == '.' && unicode.IsDigit(next)) {
			break
		}
		n += size
	}
	return n
}

func isWord(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return i + 1
		case text[i] == '\\' && text[0] != '`':
			i++
		}
	}
	return len(text)
}

func until(text, end string) int {
	if i := strings.Index(text, end); i >= 0 {
		return i + len(end)
	}
	return len(text)
}

// origin returns where the user wrote what is compiled at a place.
func (s *source) origin(at int) int {
	shift := 0
	for _, sp := range s.spans {
		if at < sp.compiledAt {
			break
		}
		if at < sp.compiledAt+sp.compiledLength {
			return sp.at
		}
		shift = sp.at + sp.length - sp.compiledAt - sp.compiledLength
	}
	return max(0, min(at+shift, utf8.RuneCountInString(s.text)))
}

// duration returns the constant of that name.
func (s *source) duration(name string) (time.Duration, bool) {
	number, ok := strings.CutPrefix(name, durationPrefix)
	if !ok {
		return 0, false
	}
	for i, d := range s.durations {
		if fmt.Sprint(i) == number {
			return d, true
		}
	}
	return 0, false
}
