package events

import (
	"fmt"
	"io"
)

// TimeMode selects what the time column of text output shows.
type TimeMode uint8

// The time modes.
const (
	TimeWall     TimeMode = iota // time of day, local
	TimeRelative                 // since the start of the stream
	TimeDelta                    // since the line before
	TimeNone                     // no time column
)

var timeModeNames = [...]string{
	TimeWall:     "wall",
	TimeRelative: "relative",
	TimeDelta:    "delta",
	TimeNone:     "none",
}

// String returns the mode's name on the command line.
func (m TimeMode) String() string {
	if int(m) < len(timeModeNames) {
		return timeModeNames[m]
	}
	return fmt.Sprintf("TimeMode(%d)", uint8(m))
}

// ParseTimeMode returns the mode with the given name.
func ParseTimeMode(name string) (TimeMode, error) {
	for m, n := range timeModeNames {
		if n == name {
			return TimeMode(m), nil
		}
	}
	return TimeWall, fmt.Errorf("unknown time mode %q: use wall, relative, delta or none", name)
}

// TextOptions changes how [Text] prints. The zero value is the default.
type TextOptions struct {
	Color  bool     // use colours; whether the output takes them is for the caller to say
	Time   TimeMode // what the time column shows
	Prefix string   // put before every line
	Quiet  bool     // no lines for start and end
	Width  int      // columns of the output, at which lines are cut; 0: unlimited
	Kinds  []Kind   // the kinds which the stream was asked for; empty: all
}

// Text returns a Sink that prints events for people to read. It is a [Flusher].
func Text(w io.Writer, opts TextOptions) Sink {
	return &textSink{out: lineWriter{w: w}, opts: opts}
}

type textSink struct {
	out  lineWriter
	opts TextOptions
}

func (s *textSink) Write(e Event) error { return s.out.write([]byte(e.Kind.String() + "\n")) }

func (s *textSink) Flush() error { return s.out.err }

func (s *textSink) Close() error { return s.out.err }
