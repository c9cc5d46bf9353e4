package events

import (
	"fmt"
	"io"
	"slices"
	"sync"
)

// TimeMode selects what the time column of text output shows.
type TimeMode uint8

// The time modes.
const (
	TimeWall     TimeMode = iota // time of day, local
	TimeRelative                 // seconds since the start of the stream
	TimeDelta                    // seconds since the line before
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
	if m := slices.Index(timeModeNames[:], name); m >= 0 {
		return TimeMode(m), nil
	}
	return TimeWall, fmt.Errorf("unknown time mode %q: use wall, relative, delta or none", name)
}

// TextOptions changes how [Text] prints. The zero value is the default.
type TextOptions struct {
	Color  bool     // use colours; whether the output takes them is for the caller to say
	Time   TimeMode // what the time column shows
	Prefix string   // put before every line
	Quiet  bool     // no lines for start and end
	Value  int      // bytes of one value, after which it is cut; 0: unlimited
	// Width returns the columns that the output has at the moment, 0 for unlimited
	// ones. [Text] shows less of values where a line would be wider; what is still
	// too wide is cut, unless an error is in it.
	Width func() int
	Names *Names // how functions are called; nil: with their whole import path
	// Columns, if not nil, stands before the tree of [Text] in place of the time
	// and the goroutine.
	Columns *Template
	Kinds   []Kind // the kinds which the stream was asked for; empty: all
}

// Text returns a Sink that prints events for people to read, as a tree of
// calls. A call with nothing inside takes one line, as does an exception
// with the return it leads to. So it holds a call or exception back until the
// next event of the same goroutine; it is a [Flusher], which prints what is
// held. What one event makes it print is one call of w.Write. Its methods may
// be called concurrently. Close does not close w.
//
// Nothing an event carries reaches w as a control character.
func Text(w io.Writer, opts TextOptions) Sink {
	kinds := func(k Kind) bool { return len(opts.Kinds) == 0 || slices.Contains(opts.Kinds, k) }
	page := newPage(opts)
	page.brackets = kinds(Call) && kinds(Return)
	return &textSink{
		out:  lineWriter{w: w},
		fold: kinds(Return),
		page: page,
	}
}

const (
	// maxHeld bounds the goroutines with something held back.
	maxHeld = 4096
	// maxOvertaken is how many events of other goroutines may pass what is
	// held. Few: the call of main.main would else stand last in a short trace.
	maxOvertaken = 8
)

type textSink struct {
	mu   sync.Mutex
	out  lineWriter
	page page
	fold bool // whether returns, which events fold into, are in the stream

	held           map[int64]*held // by goroutine
	oldest, newest *held
	free           *held
	events         uint64
}

// held is what one goroutine did last, not printed yet: a call, an exception,
// or a call and its exception.
type held struct {
	call, exception       Event
	hasCall, hasException bool

	at           uint64 // number of the event
	older, newer *held  // newer also links the free list
}

func (h *held) id() CallID {
	if h.hasCall {
		return h.call.Call
	}
	return h.exception.Call
}

func (h *held) goroutine() int64 {
	if h.hasCall {
		return h.call.Goroutine
	}
	return h.exception.Goroutine
}

func (s *textSink) Write(e Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page.reset()
	switch e.Kind {
	case Start:
		s.page.start(&e)
	case Exec:
		s.printHeld()
		s.page.exec(&e)
	case Lost:
		s.printHeld()
		s.page.lost(&e)
	case End:
		s.printHeld()
		s.page.finish(&e)
	default:
		s.event(&e)
	}
	return s.out.write(s.page.b)
}

func (s *textSink) event(e *Event) {
	if s.events++; s.oldest != nil && s.events-s.oldest.at > maxOvertaken {
		s.print(s.oldest)
	}
	if h := s.held[e.Goroutine]; h != nil {
		switch {
		case e.Kind == Exception && !h.hasException && e.Call == h.id():
			h.exception, h.hasException = *e, true
			return
		case e.Kind == Return && e.Call == h.id():
			s.page.folded(h, e)
			s.release(h)
			return
		}
		s.print(h)
	}
	// What was watched at a call must not stand under its return.
	if s.fold && e.Call != NoCall && (e.Kind == Call || e.Kind == Exception) && len(e.Watch) == 0 {
		s.hold(e)
		return
	}
	s.page.event(e)
}

func (s *textSink) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page.reset()
	s.printHeld()
	return s.out.write(s.page.b)
}

func (s *textSink) Close() error { return s.Flush() }

func (s *textSink) hold(e *Event) {
	if len(s.held) >= maxHeld {
		s.print(s.oldest)
	}
	h := s.free
	if h == nil {
		h = new(held)
	}
	s.free = h.newer
	h.at, h.older, h.newer = s.events, s.newest, nil
	if h.hasCall = e.Kind == Call; h.hasCall {
		h.call = *e
	} else {
		h.exception, h.hasException = *e, true
	}
	if s.held == nil {
		s.held = make(map[int64]*held)
	}
	s.held[e.Goroutine] = h
	if s.newest == nil {
		s.oldest = h
	} else {
		s.newest.newer = h
	}
	s.newest = h
}

func (s *textSink) printHeld() {
	for s.oldest != nil {
		s.print(s.oldest)
	}
}

func (s *textSink) print(h *held) {
	if h.hasCall {
		s.page.event(&h.call)
	}
	if h.hasException {
		s.page.event(&h.exception)
	}
	s.release(h)
}

func (s *textSink) release(h *held) {
	delete(s.held, h.goroutine())
	if h.older == nil {
		s.oldest = h.newer
	} else {
		h.older.newer = h.newer
	}
	if h.newer == nil {
		s.newest = h.older
	} else {
		h.newer.older = h.older
	}
	*h = held{newer: s.free}
	s.free = h
}
