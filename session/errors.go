package session

import (
	"fmt"
	"strings"
)

// A NoMatchError is a pattern that no function of the target matches.
type NoMatchError struct {
	Pattern string
	Near    []string // names that look like it, nearest first; at most five
}

func (e *NoMatchError) Error() string {
	msg := fmt.Sprintf("no function matches %q", e.Pattern)
	if len(e.Near) > 0 {
		msg += "; near it: " + strings.Join(e.Near, ", ")
	}
	return msg
}

// A TooManyError is a selection with more functions than probes are allowed.
type TooManyError struct {
	Patterns []string
	Count    int // functions selected
	Max      int // probes allowed
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("%s matches %d functions, more than the %d probes allowed: narrow the pattern, or raise --max-probes",
		strings.Join(e.Patterns, " "), e.Count, e.Max)
}
