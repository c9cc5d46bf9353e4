package events

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// A Flusher is a [Sink] that may hold events back to print them better. Flush
// writes them out now. Unlike the methods of Sink it may be called from
// another goroutine, as from a timer.
type Flusher interface {
	Flush() error
}

// Copy writes every event of seq to dst until seq ends or either fails, and
// returns the first error. It leaves dst open. An event that comes with an
// error is not written.
func Copy(dst Sink, seq iter.Seq2[Event, error]) error {
	for e, err := range seq {
		if err != nil {
			return err
		}
		if err := dst.Write(e); err != nil {
			return err
		}
	}
	return nil
}

// Tee returns a Sink that passes every event to each of sinks, in order. One
// that fails does not keep the event from the others; the errors are joined.
// It is a [Flusher] and flushes those of sinks that are.
func Tee(sinks ...Sink) Sink {
	return tee(sinks)
}

type tee []Sink

func (t tee) Write(e Event) error {
	var errs error
	for _, s := range t {
		if err := s.Write(e); err != nil {
			errs = errors.Join(errs, err)
		}
	}
	return errs
}

func (t tee) Flush() error {
	var errs error
	for _, s := range t {
		if f, ok := s.(Flusher); ok {
			errs = errors.Join(errs, f.Flush())
		}
	}
	return errs
}

func (t tee) Close() error {
	var errs error
	for _, s := range t {
		errs = errors.Join(errs, s.Close())
	}
	return errs
}

// lineWriter writes whole lines, each in one call. After a failure the output
// may end in the middle of a line, so every later write fails the same way.
type lineWriter struct {
	w   io.Writer
	err error
}

func (l *lineWriter) write(b []byte) error {
	if l.err != nil || len(b) == 0 {
		return l.err
	}
	n, err := l.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		l.err = fmt.Errorf("write event: %w", err)
	}
	return l.err
}

// keepBuffer is the capacity above which a sink gives a line's buffer back
// rather than keep it for the next line.
const keepBuffer = 64 << 10

// reuse returns b emptied for the next line.
func reuse(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b[:0]
}
