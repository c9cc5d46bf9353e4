package session

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

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

// DefaultMaxProbes is how many functions a session traces at most when its
// Config does not say.
const DefaultMaxProbes = 1000

// A Session turns the hits of one engine into events.
type Session struct {
	eng    engine.Engine
	start  events.StartInfo
	pairer *pairer
	gate   *gate
	lost   uint64
	phase  phase

	// queue holds the events of the last hit; those from next on have not been
	// yielded yet, because the caller left the loop in between.
	queue []events.Event
	next  int
}

// A phase is how far the stream has come.
type phase uint8

const (
	fresh   phase = iota // the start record is to come
	running              // events are to come
	ended                // nothing is to come
)

// New selects the functions that cfg asks for and plants a probe in each. When
// it fails, what it has planted is removed again. It wraps a [NoMatchError], a
// [TooManyError] or an [InlinedError] when the patterns are at fault.
func New(eng engine.Engine, cfg Config) (*Session, error) {
	target := eng.Target()
	sel, err := Select(eng.Functions(), target.Module, cfg.Trace, cfg.Ignore)
	if err != nil {
		return nil, err
	}
	if most := maxProbes(cfg); len(sel.Functions) > most {
		return nil, &TooManyError{Patterns: sel.Patterns, Count: len(sel.Functions), Max: most}
	}
	planted, err := plant(eng, sel.Functions, neededCapture(cfg))
	if err != nil {
		return nil, err
	}
	target = eng.Target() // planting may have stopped it for longer
	return &Session{
		eng: eng,
		start: events.StartInfo{
			Version:   cfg.Version,
			Engine:    target.Engine,
			PID:       target.PID,
			Program:   target.Program,
			GoVersion: target.GoVersion,
			Patterns:  sel.Patterns,
			Functions: planted.functions,
			Probes:    len(planted.probes),
			Stopped:   target.Stopped,
			Notes:     append(sel.Notes, planted.notes...),
		},
		pairer: newPairer(cfg.Capture.Stack),
		gate:   newGate(cfg),
	}, nil
}

// Events lets the target run and yields what it does, from a start record to an
// end record, whatever ends the trace. Breaking out of the loop leaves the
// target stopped where the engine can stop it; ranging again goes on with the
// next event. Cancelling ctx ends the trace for the reason that a [*Stop] as
// its cause gives, or as interrupted. An error comes after the end record.
func (s *Session) Events(ctx context.Context) iter.Seq2[events.Event, error] {
	return func(yield func(events.Event, error) bool) {
		if s.phase == fresh {
			s.phase = running
			start := s.start
			if !yield(events.Event{Kind: events.Start, Time: time.Now(), Start: &start}, nil) {
				return
			}
		}
		if s.phase != running {
			return
		}
		end, err := s.run(ctx, yield)
		if end == nil {
			return
		}
		s.phase = ended
		if yield(s.end(end), nil) && err != nil {
			yield(events.Event{}, err)
		}
	}
}

// run yields events until the trace ends, and returns why and with which error,
// or nil when the loop body broke off.
func (s *Session) run(ctx context.Context, yield func(events.Event, error) bool) (*events.Event, error) {
	if end, more := s.drain(yield); !more {
		return end, nil
	}
	for h, err := range s.eng.Hits(ctx) {
		if err != nil {
			return s.failed(ctx, err)
		}
		if h.Kind == engine.Ended {
			return exited(&h), nil
		}
		if !s.gate.admits(&h) {
			continue
		}
		s.queue, s.next = s.pairer.add(&h), 0
		if end, more := s.drain(yield); !more {
			return end, nil
		}
	}
	return s.failed(ctx, errNoEnd)
}

// errNoEnd is an engine's breach of its contract.
var errNoEnd = errors.New("the engine stopped without saying why")

// drain yields the events of the last hit that have not been. It reports
// whether the target may run on; if not, the trace has reached its limit, or
// the loop body broke off and there is no end.
func (s *Session) drain(yield func(events.Event, error) bool) (end *events.Event, more bool) {
	for s.next < len(s.queue) && !s.gate.full() {
		e := &s.queue[s.next]
		s.next++
		if !s.gate.passes(e) {
			continue
		}
		if e.Kind == events.Lost {
			s.lost += e.Lost.Count
		}
		if !yield(*e, nil) {
			return nil, false
		}
	}
	if s.gate.full() {
		return endFor(events.EndInfo{Reason: events.ReasonLimit}), false
	}
	return nil, true
}

// failed tells a trace that was told to end from one that could not go on.
func (s *Session) failed(ctx context.Context, err error) (*events.Event, error) {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
		return stopped(cause), nil
	}
	target := s.start.Program
	if s.start.PID != 0 {
		target = fmt.Sprintf("%s (pid %d)", target, s.start.PID)
	}
	err = fmt.Errorf("trace %s: %w", target, err)
	return endFor(events.EndInfo{Reason: events.ReasonError, Message: err.Error()}), err
}
