package events

import (
	"strings"
	"unicode/utf8"
)

// leastWrap is the width below which lines of words are not readable.
const leastWrap = 20

// Wrap breaks a text between words into lines of a width. One that is too small for
// words leaves it as it is.
func Wrap(text string, width int) []string {
	if width < leastWrap {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
