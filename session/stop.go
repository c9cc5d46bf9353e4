package session

import (
	"cmp"

	"gtrace/events"
)

// A Stop is why a trace was told to end. As the cause of the context that is
// given to [Session.Events], it is what the end record says.
type Stop struct {
	Reason  events.Reason
	Signal  string // e.g. SIGINT, with ReasonInterrupted
	Message string
}

// Error returns the message, or else the signal or the reason.
func (s *Stop) Error() string {
	return "trace stopped: " + cmp.Or(s.Message, s.Signal, string(s.Reason))
}
