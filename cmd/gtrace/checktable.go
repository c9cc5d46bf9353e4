package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"gtrace/events"
)

// statusColors are the colours of the words, as parameters of SGR.
var statusColors = map[status]string{good: "32", warning: "33", bad: "1;31"}

// statusWidth is that of the longest word.
const statusWidth = len(warning)

// printChecks writes the checks for people, in as many columns as there are; 0: as it
// takes. A hint stands where it comes first, and on one line, so that it can be copied.
func printChecks(w io.Writer, checks []check, colored bool, columns int) error {
	name := 0
	for _, c := range checks {
		name = max(name, len(c.Name))
	}
	indent := statusWidth + gap + name + gap
	told := map[string]bool{}
	var b strings.Builder
	for _, c := range checks {
		word := fmt.Sprintf("%-*s", statusWidth, c.Status)
		if colored {
			word = "\x1b[" + statusColors[c.Status] + "m" + word + "\x1b[m"
		}
		fmt.Fprintf(&b, "%s  %-*s  ", word, name, c.Name)
		for i, line := range events.Wrap(printable(c.Found), columns-indent) {
			if i > 0 {
				b.WriteString(strings.Repeat(" ", indent))
			}
			b.WriteString(line + "\n")
		}
		for _, hint := range c.Hints {
			if told[hint] {
				continue
			}
			told[hint] = true
			hint, at := "hint: "+printable(hint), indent
			if columns > 0 && at+utf8.RuneCountInString(hint) > columns {
				at = statusWidth + gap
			}
			b.WriteString(strings.Repeat(" ", at) + hint + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
