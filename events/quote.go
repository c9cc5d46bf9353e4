package events

import (
	"strconv"
	"strings"
)

// Quote writes s as a Go string, as [strconv.Quote] does, with what nobody sees
// escaped too.
func Quote(s string) string {
	quoted := strconv.Quote(s)
	if !strings.ContainsFunc(quoted, IsUnseen) {
		return quoted
	}
	var b strings.Builder
	for _, r := range quoted {
		if IsUnseen(r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
