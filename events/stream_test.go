package events_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// lineCounter fails on a write that is not whole lines.
type lineCounter struct{ writes int }

func (c *lineCounter) Write(b []byte) (int, error) {
	c.writes++
	if !bytes.HasSuffix(b, []byte("\n")) {
		return 0, fmt.Errorf("torn line %q", b)
	}
	return len(b), nil
}

func TestWholeLines(t *testing.T) {
	for _, newSink := range []func(io.Writer) events.Sink{
		events.JSON,
		func(w io.Writer) events.Sink { return events.Text(w, events.TextOptions{Color: true, Width: wide(40)}) },
		func(w io.Writer) events.Sink { return events.Snoop(w, events.TextOptions{Color: true}) },
	} {
		var c lineCounter
		sink := newSink(&c)
		list := shop(t)
		for _, e := range list {
			before := c.writes
			if err := sink.Write(e); err != nil {
				t.Fatal(err)
			}
			if c.writes > before+1 {
				t.Errorf("%d writes for %s", c.writes-before, eventstest.Format(e))
			}
		}
	}
}

type shortWriter struct{ err error }

func (w shortWriter) Write(b []byte) (int, error) { return len(b) / 2, w.err }

func TestWriteErrors(t *testing.T) {
	boom := errors.New("boom")
	e := events.Event{Kind: events.Lost, Lost: &events.LostInfo{Count: 1}}
	for _, tt := range []struct{ err, want error }{{nil, io.ErrShortWrite}, {boom, boom}} {
		for _, sink := range []events.Sink{
			events.JSON(shortWriter{tt.err}),
			events.Text(shortWriter{tt.err}, events.TextOptions{}),
			events.Snoop(shortWriter{tt.err}, events.TextOptions{}),
		} {
			if err := sink.Write(e); !errors.Is(err, tt.want) {
				t.Errorf("%T: Write = %v, want %v", sink, err, tt.want)
			}
			if err := sink.Close(); !errors.Is(err, tt.want) {
				t.Errorf("%T: Close = %v, want %v", sink, err, tt.want)
			}
		}
	}
}
