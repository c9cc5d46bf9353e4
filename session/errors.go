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
	Near    []string // patterns that look like it and choose something, nearest first; at most five
	// Optimized tells that a function may be missing because every call of it was
	// inlined, which leaves nothing behind.
	Optimized bool

	chooses func(pattern string) bool
}

// Chooses reports whether another pattern would choose something.
func (e *NoMatchError) Chooses(pattern string) bool { return e.chooses != nil && e.chooses(pattern) }

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
	return fmt.Sprintf("no call of %s can be seen, as all were inlined", some(names(e.Functions)))
}
