package main

import (
	"errors"

	"gtrace/events"
)

// A processSink writes the events of each of several processes to a sink of its own,
// as if there were no other.
type processSink struct {
	open func(pid int) (events.Sink, error)
	// shared is where those of open write to, if that is one sink; they are not
	// closed then, but it is. It gets left records and the end as they are.
	shared events.Sink

	sinks map[int]events.Sink
}

// Write writes one event. The end of all is none of one process, which has had its
// own.
func (s *processSink) Write(e events.Event) error {
	if e.Kind == events.End {
		if s.shared != nil {
			return s.shared.Write(e)
		}
		return nil
	}
	sink, ok := s.sinks[e.PID]
	if !ok {
		var err error
		if sink, err = s.open(e.PID); err != nil {
			return err
		}
		if s.sinks == nil {
			s.sinks = make(map[int]events.Sink)
		}
		s.sinks[e.PID] = sink
	}
	if e.Kind == events.Left && s.shared == nil {
		e.Kind = events.End
	}
	return sink.Write(e)
}

// Flush writes what the sinks hold back.
func (s *processSink) Flush() error {
	var errs error
	for _, sink := range s.all() {
		if f, ok := sink.(events.Flusher); ok {
			errs = errors.Join(errs, f.Flush())
		}
	}
	return errs
}

// Close closes the sinks.
func (s *processSink) Close() error {
	var errs error
	for _, sink := range s.all() {
		errs = errors.Join(errs, sink.Close())
	}
	return errs
}

func (s *processSink) all() []events.Sink {
	if s.shared != nil {
		return []events.Sink{s.shared}
	}
	var list []events.Sink
	for _, sink := range s.sinks {
		list = append(list, sink)
	}
	return list
}
