package events_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"gtrace/events"
)

// recorder is a sink that remembers.
type recorder struct {
	got     []string
	err     error
	flushed int
	closed  int
}

func (r *recorder) Write(e events.Event) error { r.got = append(r.got, e.Kind.String()); return r.err }
func (r *recorder) Flush() error               { r.flushed++; return r.err }
func (r *recorder) Close() error               { r.closed++; return r.err }

func stream(last error, kinds ...events.Kind) iter.Seq2[events.Event, error] {
	return func(yield func(events.Event, error) bool) {
		for _, k := range kinds {
			if !yield(events.Event{Kind: k}, nil) {
				return
			}
		}
		if last != nil {
			yield(events.Event{}, last)
		}
	}
}

func TestCopy(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name       string
		write, seq error
		want       string
	}{
		{"whole", nil, nil, "start end"},
		{"the stream fails", nil, boom, "start end"},
		{"the sink fails", boom, nil, "start"},
	}
	for _, tt := range tests {
		r := &recorder{err: tt.write}
		err := events.Copy(r, stream(tt.seq, events.Start, events.End))
		if want := errors.Join(tt.write, tt.seq) != nil; errors.Is(err, boom) != want {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := strings.Join(r.got, " "); got != tt.want || r.closed != 0 {
			t.Errorf("%s: got %s, closed %d times", tt.name, got, r.closed)
		}
	}
}

func TestTee(t *testing.T) {
	boom := errors.New("boom")
	bad, good := &recorder{err: boom}, &recorder{}
	plain := struct{ events.Sink }{&recorder{}} // not a Flusher
	sink := events.Tee(bad, plain, good)
	if err := sink.Write(events.Event{Kind: events.Call}); !errors.Is(err, boom) {
		t.Errorf("Write = %v", err)
	}
	if err := sink.(events.Flusher).Flush(); !errors.Is(err, boom) {
		t.Errorf("Flush = %v", err)
	}
	if err := sink.Close(); !errors.Is(err, boom) {
		t.Errorf("Close = %v", err)
	}
	if !slices.Equal(good.got, []string{"call"}) || good.flushed != 1 || good.closed != 1 {
		t.Errorf("the second sink got %+v", good)
	}
}

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
				t.Errorf("%d writes for %s", c.writes-before, events.Format(e))
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
