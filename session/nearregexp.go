package session

import (
	"iter"
	"regexp"
	"strings"
	"unicode"
)

// asRegexp writes a pattern with what only a regular expression has as one, or returns
// "".
func asRegexp(text string) string {
	switch {
	case strings.ContainsAny(text, `^$\`):
		return "/" + text + "/"
	case !strings.ContainsAny(text, "[|+?{"):
		return ""
	}
	var b strings.Builder
	for i := range len(text) {
		repeats := i+1 < len(text) && strings.IndexByte("*+?", text[i+1]) >= 0
		switch c := text[i]; {
		case c == '.' && !repeats:
			b.WriteString(`\.`)
		case c == '*' && (i == 0 || text[i-1] != '.'):
			b.WriteString(".*")
		default:
			b.WriteByte(c)
		}
	}
	return "/^" + b.String() + "$/"
}

// wordPattern finds what is a word in a regular expression: no class, and not the
// letter of an escape.
var wordPattern = regexp.MustCompile(`\\.|\[[^\]]*\]|[A-Za-z]{4,}`)

// nearRegexps returns a regular expression with one of its words spelled as names of
// the program have it.
func nearRegexps(all []candidate, module, text string) []string {
	near := newRanking()
	words := wordsOf(all, module)
	for _, at := range wordPattern.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		if text[at[0]] == '\\' || text[at[0]] == '[' {
			continue
		}
		for other, own := range words {
			if d := distance(word, other); d > 0 && d <= tolerance(len(word)) {
				if !own {
					d++
				}
				near.add(text[:at[0]]+inCaseOf(word, other)+text[at[1]:], d)
			}
		}
	}
	return near.names()
}

// inCaseOf writes other with a small or large letter first, as word has it.
func inCaseOf(word, other string) string {
	first := []rune(other[:1])[0]
	if unicode.IsLower(rune(word[0])) {
		return string(unicode.ToLower(first)) + other[1:]
	}
	return string(unicode.ToUpper(first)) + other[1:]
}

// wordsOf returns the words that names of functions are made of, as Handle and Request
// of HandleRequest, and whether the main module has them.
func wordsOf(all []candidate, module string) map[string]bool {
	words := make(map[string]bool)
	for i := range all {
		c := &all[i]
		own := c.isBelow(module)
		for word := range humps(c.local) {
			words[word] = words[word] || own
		}
	}
	return words
}

// humps yields the words of a name, and its parts of several words.
func humps(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		part, word := 0, 0 // where they begin
		for i := 1; i <= len(name); i++ {
			last := i == len(name) || !isLetter(name[i]) || !isLetter(name[i-1])
			if !last && (!isUpper(name[i]) || isUpper(name[i-1])) {
				continue
			}
			if isLetter(name[word]) && !yield(name[word:i]) {
				return
			}
			if last && part < word && !yield(name[part:i]) {
				return
			}
			if word = i; last {
				part = i
			}
		}
	}
}

func isLetter(c byte) bool { return isUpper(c) || c >= 'a' && c <= 'z' }
func isUpper(c byte) bool  { return c >= 'A' && c <= 'Z' }
