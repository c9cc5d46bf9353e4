package session

import (
	"maps"
	"slices"
	"time"

	"gtrace/events"
)

// Of what goes wrong in a call, a trace knows several kinds: an error or a panic
// leaves it; a panic was recovered in it; an error was returned to it, or to a call
// in it, which returned none itself; it has answered a request with a status of 500
// or more. Each is a failure of the outermost traced call around it, and is told
// when that ends. A call that never ends, as that of a worker, would have none: from
// its first second on its failures are told at the next return in it, and an error
// that was returned to it is one.

// A failureWatch looks for the failures of outermost calls. It is asked about every
// event, also of calls that filters leave out.
type failureWatch struct {
	outermost map[int64]*outermostCall // by goroutine
	early     time.Duration            // for how long failures wait for the end
}

// An outermostCall is an open one with the calls inside of it.
type outermostCall struct {
	begun  time.Time // zero: before it could be seen
	last   time.Time // when something was seen of it
	failed bool
	// owed tells, by depth, the calls to which one inside has returned an error.
	owed []bool
}

func newFailureWatch() *failureWatch {
	return &failureWatch{outermost: make(map[int64]*outermostCall), early: maxWait}
}

// fires reports whether something that the program has done is the moment to tell of
// a failure.
func (w *failureWatch) fires(done []events.Event) bool {
	fires := false
	for i := range done {
		fires = w.see(&done[i]) || fires
	}
	return fires
}

func (w *failureWatch) see(e *events.Event) bool {
	switch {
	case e.Kind == events.Exception && e.Call == events.NoCall:
		return true
	case e.Call == events.NoCall || e.Kind == events.Lost:
		return false
	}
	o := w.of(e)
	switch e.Kind {
	case events.Call:
		if e.Depth == 0 {
			o.begun = e.Time
		}
	case events.Exception:
		switch e.Exception.Class {
		case events.ClassPanic, events.ClassRuntime, events.ClassFatal:
			o.failed = true
		}
	case events.Return:
		o.returned(e)
		if e.Depth == 0 {
			delete(w.outermost, e.Goroutine)
			return o.failed
		}
		if e.Time.Sub(o.begun) > w.early && (o.failed || o.owed[0]) {
			o.failed, o.owed[0] = false, false
			return true
		}
	}
	return false
}

// of returns the outermost call around an event's.
func (w *failureWatch) of(e *events.Event) *outermostCall {
	o := w.outermost[e.Goroutine]
	if o == nil || e.Kind == events.Call && e.Depth == 0 {
		if o == nil && len(w.outermost) >= maxOutermost {
			w.forget()
		}
		o = new(outermostCall)
		w.outermost[e.Goroutine] = o
	}
	o.last = e.Time
	for len(o.owed) <= e.Depth {
		o.owed = append(o.owed, false)
	}
	return o
}

// maxOutermost bounds how many outermost calls are remembered. Those of goroutines that
// have ended without a return that was seen would stay for ever.
const maxOutermost = 1 << 15

// forget drops the half of the calls of which nothing was seen for longest.
func (w *failureWatch) forget() {
	seen := make([]int64, 0, len(w.outermost))
	for _, o := range w.outermost {
		seen = append(seen, o.last.UnixNano())
	}
	slices.Sort(seen)
	old := seen[len(seen)/2]
	maps.DeleteFunc(w.outermost, func(_ int64, o *outermostCall) bool { return o.last.UnixNano() <= old })
}

func (o *outermostCall) returned(e *events.Event) {
	switch {
	case e.Error != "" && e.Depth > 0:
		o.owed[e.Depth-1] = true
	case e.Error != "", e.Depth == 0 && e.Unwound, o.owed[e.Depth] && !e.Unwound:
		o.failed = true
	}
	o.owed[e.Depth] = false
}

// blame says that the outermost call of a goroutine, if there is one, has failed.
func (w *failureWatch) blame(goroutine int64) {
	if o := w.outermost[goroutine]; o != nil {
		o.failed = true
	}
}
