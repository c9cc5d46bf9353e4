package events

import "time"

// A Filter chooses calls. A call is shown with all of its events, or not at all.
//
// Keep is asked once about each call. When NeedsEnd says so, it gets all events
// of the call in their order, the last of which is the return; otherwise only
// the first one, which is the call event unless the call is partial. An
// exception that belongs to no call is asked about by itself. Keep must not
// change the events, nor keep the slice.
type Filter interface {
	NeedsEnd() bool
	Keep(call []Event) bool
}

// Failed returns a Filter that keeps calls which returned an error, or which a
// panic or Goexit took away.
func Failed() Filter { return ends(failed) }

// Succeeded returns a Filter that keeps the calls which [Failed] does not.
func Succeeded() Filter {
	return ends(func(end *Event) bool { return !failed(end) })
}

// Slower returns a Filter that keeps calls which took at least d. Where it is
// not known how long a call took, it is left out.
func Slower(d time.Duration) Filter {
	return ends(func(end *Event) bool { return end.HasDuration && end.Duration >= d })
}

// Labelled returns a Filter that keeps the calls of goroutines with a profiler
// label of that value.
func Labelled(key, value string) Filter { return labelled{key, value} }

type labelled struct{ key, value string }

func (labelled) NeedsEnd() bool { return false }

func (l labelled) Keep(call []Event) bool {
	value, ok := call[0].Labels[l.key]
	return ok && value == l.value
}

// failed tells how a call ended; an exception of no call is a failure too.
func failed(end *Event) bool {
	return end.Kind == Exception || end.Unwound || end.Error != ""
}

// ends is a Filter that looks at the last event of a call.
type ends func(*Event) bool

func (ends) NeedsEnd() bool           { return true }
func (f ends) Keep(call []Event) bool { return f(&call[len(call)-1]) }
