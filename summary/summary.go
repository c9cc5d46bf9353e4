// Package summary adds the events of a stream up: how often each function was
// called, how its calls ended and how long they took.
//
// It is a sink beside those of package events, and knows no more than they do:
// neither processes nor terminals. What it keeps depends on the number of
// functions and of calls that are open at once, not on the length of the stream.
package summary

import (
	"io"

	"gtrace/events"
)

// Options changes what a [Sink] writes. The zero value is the default.
type Options struct {
	Sort   Column // by which the rows are sorted
	Events bool   // write the events too
	JSON   bool   // a line of JSON for each function instead of a table
	Color  bool   // use colours
	Prefix string // put before every line of text
	Names  *events.Names
	// Width returns the columns that the output has, 0 for unlimited; nil: unlimited.
	Width      func() int
	Histograms []string // functions whose latencies are drawn
}

// A Sink counts the events of a stream, and writes what it has counted when the
// stream ends. It is a [events.Flusher].
type Sink struct {
	w    io.Writer
	next events.Sink
	opts Options
	tally
}

// New returns a Sink that writes to w, before the end of the stream, one row for
// each function that was called. Next gets the records about the stream itself,
// and all events where opts says so; it should write to w too.
func New(w io.Writer, next events.Sink, opts Options) *Sink {
	return &Sink{w: w, next: next, opts: opts, tally: newTally(opts.Histograms)}
}

// Write counts one event.
func (s *Sink) Write(e events.Event) error {
	s.add(&e)
	switch e.Kind {
	case events.End:
		if err := s.report(); err != nil {
			return err
		}
	case events.Start, events.Exec, events.Lost, events.Left:
	default:
		if !s.opts.Events {
			return nil
		}
	}
	return s.next.Write(e)
}

// Flush writes what the next sink holds back.
func (s *Sink) Flush() error {
	if f, ok := s.next.(events.Flusher); ok {
		return f.Flush()
	}
	return nil
}

// Close closes the next sink.
func (s *Sink) Close() error { return s.next.Close() }

func (s *Sink) report() error {
	if err := s.Flush(); err != nil {
		return err
	}
	rows := s.rows(s.opts.Sort)
	var b []byte
	if s.opts.JSON {
		b = appendJSON(b, rows)
	} else {
		b = appendText(b, rows, &s.opts)
	}
	_, err := s.w.Write(b)
	return err
}
