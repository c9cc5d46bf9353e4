package session

import (
	"context"
	"iter"

	"gtrace/events"
	"gtrace/session/engine"
)

// Config says what to trace. Its zero value traces every function of the
// target's main module.
type Config struct {
	Trace, Ignore []string       // patterns; empty Trace: the target's main module
	Kinds         []events.Kind  // kinds to report; nil: call, return, exception
	Goroutines    []int64        // nil: all
	Capture       engine.Capture // what to read at a probe
	MaxProbes     int            // 0: 1000
	Limit         uint64         // events; 0: no limit
	Version       string         // of gtrace, for the start record
}

// A Session turns the hits of one engine into events.
type Session struct {
	eng engine.Engine
	cfg Config
}

// New selects the functions that cfg asks for and plants probes in them.
func New(eng engine.Engine, cfg Config) (*Session, error) {
	return &Session{eng: eng, cfg: cfg}, nil
}

// Events lets the target run and yields what it does, from a start to an end
// record.
func (s *Session) Events(ctx context.Context) iter.Seq2[events.Event, error] {
	return func(yield func(events.Event, error) bool) {}
}
