package eventstest

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Where words end. Those of functions in frames may hold parentheses.
const (
	wordStops  = " ,()"
	nameStops  = ":=!" + wordStops
	valueStops = "!" + wordStops
	funcStops  = "@ "
	fileStops  = ":" + wordStops
)

// formatWord appends s, in quotes unless it is plain and free of stops.
func formatWord(b []byte, s, stops string) []byte {
	if plain(s) && !strings.ContainsAny(s, stops) {
		return append(b, s...)
	}
	return quote(b, s)
}

// quote prefers back quotes where they spare escapes.
func quote(b []byte, s string) []byte {
	if strings.ContainsAny(s, `"\`) && strconv.CanBackquote(s) {
		return append(append(append(b, '`'), s...), '`')
	}
	return strconv.AppendQuote(b, s)
}

func plain(s string) bool {
	if s == "" || s[0] == '"' || s[0] == '`' || !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) })
}

// bareFunc reports whether Parse takes s, unquoted, for the function's name.
func bareFunc(s string) bool {
	if !plain(s) || strings.ContainsAny(s[:1], "#@!") || strings.HasPrefix(s, "->") {
		return false
	}
	p := parser{s: s}
	if p.funcWord() != s {
		return false
	}
	_, isGoroutine := goroutineWord(s)
	return !isGoroutine && !isFlag(s)
}

func goroutineWord(s string) (int64, bool) {
	n, ok := strings.CutPrefix(s, "g")
	if !ok {
		return 0, false
	}
	g, err := strconv.ParseInt(n, 10, 64)
	return g, err == nil
}

// isFlag reports whether s is a word that stands for itself.
func isFlag(s string) bool {
	return s == "unwound" || s == "partial" || s == "recovered"
}
