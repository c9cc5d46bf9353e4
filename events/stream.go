package events

import (
	"fmt"
	"io"
)

// A Flusher is a [Sink] that may hold events back to print them better. Flush
// writes them out now. Unlike the methods of Sink it may be called from
// another goroutine, as from a timer.
type Flusher interface {
	Flush() error
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
