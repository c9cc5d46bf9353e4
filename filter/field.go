package filter

import (
	"time"

	"gtrace/events"
)

// fields are what an expression is about: a call with all of its events, or
// with the first one only. The names are those of the JSON schema.
type fields struct {
	Kind      string    `expr:"kind"` // for its type: Kinds stands for it
	Time      time.Time `expr:"time"`
	Goroutine int64     `expr:"goroutine"`
	Thread    int       `expr:"thread"`
	Depth     int       `expr:"depth"`
	Call      uint64    `expr:"call"`
	Parent    uint64    `expr:"parent"`

	Func   string `expr:"func"`
	File   string `expr:"file"`
	Line   int    `expr:"line"`
	Caller place  `expr:"caller"`

	Args   values            `expr:"args"`
	Stack  []place           `expr:"stack"`
	Labels map[string]string `expr:"labels"`

	Results   values        `expr:"results"`
	Duration  time.Duration `expr:"duration"` // for its type: Took stands for it
	Error     string        `expr:"error"`
	Unwound   bool          `expr:"unwound"`
	Partial   bool          `expr:"partial"`
	Recovered bool          `expr:"recovered"`

	Exception  exception   `expr:"exception"` // the first that is no error, or else the error
	Exceptions []exception `expr:"exceptions"`

	Kinds kindSet `expr:"__kinds"` // of all events
	Took  any     `expr:"__took"`  // Duration, or nil where it is not known
}

// A kindSet says of each kind whether it is there.
type kindSet [events.End + 1]bool

type place struct {
	Func string `expr:"func"`
	File string `expr:"file"`
	Line int    `expr:"line"`
}

type exception struct {
	Class       string `expr:"class"`
	Type        string `expr:"type"`
	Value       string `expr:"value"`
	Recovered   bool   `expr:"recovered"`
	RecoveredBy place  `expr:"recovered_by"`
	Origin      place  `expr:"origin"`
}

// values are arguments or results by their names and positions.
type values map[any]any

// atEnd are the fields that are known only when a call has ended.
var atEnd = map[string]bool{
	"kind": true, "results": true, "duration": true, "error": true, "unwound": true, "recovered": true,
	"exception": true, "exceptions": true,
}

// gather returns the fields of a call; those that take time only if used.
func gather(call []events.Event, used map[string]bool) *fields {
	first := &call[0]
	f := &fields{
		Time: first.Time, Goroutine: first.Goroutine, Thread: first.Thread, Depth: first.Depth,
		Call: uint64(first.Call), Parent: uint64(first.Parent),
		Func: first.Func, File: first.File, Line: first.Line,
		Caller: placeOf(first.Caller), Partial: first.Partial, Labels: first.Labels,
	}
	if used["args"] {
		f.Args = valuesOf(first.Args)
	}
	if used["stack"] {
		for i := range first.Stack {
			f.Stack = append(f.Stack, placeOf(&first.Stack[i]))
		}
	}
	for i := range call {
		f.add(&call[i], used)
	}
	return f
}

// add takes in what one event of the call says.
func (f *fields) add(e *events.Event, used map[string]bool) {
	f.Kinds[e.Kind] = true
	switch e.Kind {
	case events.Exception:
		x := exceptionOf(e.Exception)
		if f.Exception.Class == "" || f.Exception.Class == string(events.ClassError) {
			f.Exception = x
		}
		if used["exceptions"] {
			f.Exceptions = append(f.Exceptions, x)
		}
	case events.Return:
		if e.HasDuration {
			f.Took = e.Duration
		}
		f.Error, f.Unwound, f.Recovered = e.Error, e.Unwound, e.Recovered
		if used["results"] {
			f.Results = valuesOf(e.Results)
		}
	}
}

func placeOf(f *events.Frame) place {
	if f == nil {
		return place{}
	}
	return place{Func: f.Func, File: f.File, Line: f.Line}
}

func exceptionOf(x *events.ExceptionInfo) exception {
	if x == nil {
		return exception{}
	}
	return exception{
		Class: string(x.Class), Type: x.Type, Value: x.Value,
		Recovered: x.Recovered, RecoveredBy: placeOf(x.RecoveredBy), Origin: placeOf(x.Origin),
	}
}
