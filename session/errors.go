package session

import (
	"fmt"
	"strings"

	"gtrace/session/engine"
)

// A NoMatchError says that patterns choose no function of the target.
type NoMatchError struct {
	Pattern string
	Ignore  []string // set when these took away all that Pattern matches
	Near    []string // names that look like it, nearest first; at most five
}

func (e *NoMatchError) Error() string {
	if len(e.Ignore) > 0 {
		return fmt.Sprintf("every function that matches %q is ignored by %q", e.Pattern, strings.Join(e.Ignore, " "))
	}
	msg := fmt.Sprintf("no function matches %q", e.Pattern)
	if len(e.Near) > 0 {
		msg += "; near it: " + strings.Join(e.Near, ", ")
	}
	return msg
}

// An InlinedError says that patterns choose only functions whose every call the
// compiler inlined.
type InlinedError struct {
	Patterns  []string
	Functions []*engine.Function
}

func (e *InlinedError) Error() string {
	return fmt.Sprintf("no call of %s can be seen, as all were inlined; %s", some(names(e.Functions)), InliningRemedy)
}

// A TooManyError is a selection with more functions than probes are allowed.
type TooManyError struct {
	Patterns []string
	Count    int // functions selected
	Max      int // probes allowed
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("%q chooses %d functions, more than the %d that are allowed: narrow the pattern, or raise --max-probes to %d",
		strings.Join(e.Patterns, " "), e.Count, e.Max, e.Count)
}
