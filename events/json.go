package events

import (
	"io"
	"iter"
)

// JSON returns a Sink that writes each event as one line of JSON.
func JSON(w io.Writer) Sink { return &jsonSink{out: lineWriter{w: w}} }

type jsonSink struct {
	out lineWriter
}

func (s *jsonSink) Write(e Event) error { return s.out.write([]byte(e.Kind.String() + "\n")) }

func (s *jsonSink) Close() error { return s.out.err }

// ReadJSON reads back a stream that a JSON sink has written.
func ReadJSON(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {}
}
