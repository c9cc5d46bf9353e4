// Package eventstest checks that a stream of events keeps the promises which
// every stream makes. All tests of gtrace share it.
package eventstest

import (
	"iter"

	"gtrace/events"
)

// A Validator checks a stream of events, one by one.
type Validator struct {
	// Kinds are the kinds of event the stream was asked for. Empty: all.
	Kinds []events.Kind
}

// Check checks the next event.
func (v *Validator) Check(e events.Event) error { return nil }

// Finish checks what can be said only after the last event.
func (v *Validator) Finish() error { return nil }

// Validate checks a whole stream.
func Validate(seq iter.Seq2[events.Event, error], kinds ...events.Kind) error {
	v := Validator{Kinds: kinds}
	for e, err := range seq {
		if err != nil {
			return err
		}
		if err := v.Check(e); err != nil {
			return err
		}
	}
	return v.Finish()
}
