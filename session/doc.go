// Package session turns what an engine observes into the stream of events that
// a user reads: it chooses functions by patterns, plants probes in them, pairs
// entries with returns, follows panics and errors through the frames they pass,
// and ends the stream in order.
//
// It knows no terminal, no command line and no engine in particular. A Session
// is used from the goroutine that opened its engine, and lives until the caller
// closes that engine; it holds no other resource.
package session
