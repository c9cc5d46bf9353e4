package eventstest

import (
	"time"

	"gtrace/events"
)

// Everything is a stream that has every field of an event somewhere.
func Everything() []events.Event {
	at := func(us int64) time.Time {
		return time.Date(2026, 11, 21, 7, 27, 0, 123456789, time.UTC).Add(time.Duration(us) * time.Microsecond)
	}
	caller := &events.Frame{Func: "main.(*Server).handle", File: "/src/main.go", Line: 44}
	origin := &events.Frame{Func: "main.load", File: "/src/main.go", Line: 21}
	return []events.Event{
		{Kind: events.Start, Time: at(0), Start: &events.StartInfo{
			Version: "v1.0.0", Engine: "ptrace", PID: 1234, Program: "/bin/shop", GoVersion: "go1.26.8",
			Patterns: []string{"main.*", "net/http.(*Server).*"}, Functions: 12, Probes: 20,
			Stopped: 31 * time.Millisecond, Notes: []string{"main.tiny is inlined at 3 places: its calls there cannot be seen"},
		}},
		{
			Kind: events.Call, Seq: 1, Time: at(1), Goroutine: 7, Thread: 1240, Call: 1,
			Func: "main.load", File: "/src/main.go", Line: 19, Caller: caller,
			Args: []events.Value{{Name: "id", Type: "int", Value: "-2"}, {Name: "s", Type: "string", Value: "\"a\\n\x1b[31m\""}},
		},
		{
			Kind: events.Line, Seq: 2, Time: at(2), Goroutine: 7, Thread: 1240, Call: 1,
			Func: "main.load", File: "/src/main.go", Line: 20, Source: "\tif id < 0 {",
			Changes: []events.Change{
				{Value: events.Value{Name: "ok", Type: "bool", Value: "true"}},
				{Value: events.Value{Name: "err", Type: "error", Value: "…", Error: "x"}, Modified: true, Old: "a, (b)"},
			},
			Watch: []events.Watch{{Expr: "a.b[1]", Type: "int", Value: "3"}},
		},
		{
			Kind: events.Exception, Seq: 3, Time: at(3), Goroutine: 7, Thread: 1240, Call: 1,
			Func: "main.load", File: "/src/main.go", Line: 21,
			Exception: &events.ExceptionInfo{Class: events.ClassError, Type: "*errors.errorString", Value: "negative id", Origin: origin},
			Stack:     []events.Frame{*origin, *caller},
		},
		{
			Kind: events.Return, Seq: 4, Time: at(4), Goroutine: 7, Thread: 1240, Call: 1,
			Func: "main.load", File: "/src/main.go", Line: 21, Duration: 12 * time.Microsecond, HasDuration: true,
			Error:   "negative id",
			Changes: []events.Change{{Value: events.Value{Name: "n", Type: "int", Value: "2"}, Modified: true, Old: "1"}},
			Locals:  []events.Value{{Name: "n", Type: "int", Value: "2"}, {Name: "gone", Type: "string", Value: "<optimized out>"}},
			Results: []events.Value{
				{Name: "~r0", Type: "*main.User", Value: "nil"},
				{Name: "~r1", Type: "error", Value: `&errors.errorString{s:"negative id"}`, Error: "negative id"},
			},
		},
		{Kind: events.Call, Seq: 5, Time: at(5), Goroutine: 7, Depth: 1, Call: 3, Parent: 2, Func: "main.(*T).M[...]", Args: []events.Value{}},
		{
			Kind: events.Exception, Seq: 6, Time: at(6), Goroutine: 7, Depth: 1, Call: 3, Parent: 2, Func: "main.(*T).M[...]",
			Exception: &events.ExceptionInfo{Class: events.ClassPanic, Type: "string", Value: `"boom"`, Recovered: true, RecoveredBy: caller, Origin: origin},
		},
		{Kind: events.Return, Seq: 7, Time: at(7), Goroutine: 7, Depth: 1, Call: 3, Parent: 2, Func: "main.(*T).M[...]", Recovered: true, HasDuration: true, Results: []events.Value{}},
		{Kind: events.Return, Seq: 8, Time: at(8), Goroutine: 7, Call: 2, Func: "main.serve", Partial: true, Unwound: true},
		{
			Kind: events.Write, Seq: 9, Time: at(9), Goroutine: 7, Depth: 1, Call: 3, Parent: 2, Func: "main.add", File: "/src/main.go", Line: 23,
			Watch: []events.Watch{{Expr: "main.jobs[3].done", Type: "bool", Value: "true", Old: "false"}},
		},
		{Kind: events.Exec, Time: at(9), Exec: &events.ExecInfo{
			StartInfo: events.StartInfo{
				PID: 1234, Program: "/bin/shop2", GoVersion: "go1.26.8", Patterns: []string{"main.*"},
				Functions: 2, Probes: 3, Stopped: time.Millisecond, Notes: []string{"nothing in this program matches main.load"},
			},
			Open: []events.OpenCall{{Call: 1, Goroutine: 1, Func: "main.main", Partial: true}},
		}},
		{Kind: events.Lost, Time: at(10), Lost: &events.LostInfo{Count: 3, Why: "the buffer was full"}},
		{Kind: events.Lost, Time: at(10), Lost: &events.LostInfo{Why: "main.hot: too many calls", Func: "main.hot", Unseen: 947 * time.Millisecond}},
		{Kind: events.Left, PID: 1234, Time: at(8), End: &events.EndInfo{
			Reason: events.ReasonSignaled, Signal: "SIGKILL", Events: 3, Lost: 1, Held: time.Second,
			Open: []events.OpenCall{{Call: 1, Goroutine: 1, Func: "main.main", Partial: true}},
		}},
		{Kind: events.Lost, PID: 1234, Time: at(8), Lost: &events.LostInfo{Count: 1, Why: "x"}},
		{Kind: events.End, Time: at(11), End: &events.EndInfo{
			Reason: events.ReasonExited, Status: new(0), Events: 9, Lost: 3, Held: time.Second, Overhead: 0.0497,
			Thinned: []events.Thinned{{Func: "main.hot", Unseen: 947 * time.Millisecond, Times: 1}, {Func: "main.(*T).M", Unseen: time.Second, Times: 12}},
			Open:    []events.OpenCall{{Call: 4, Goroutine: 1, Func: "main.main", Partial: true}, {Call: 5, Goroutine: 9, Func: "main.(*T).M"}},
		}},
		{Kind: events.End, End: &events.EndInfo{Reason: events.ReasonInterrupted, Signal: "SIGINT"}},
		{Kind: events.End, End: &events.EndInfo{Reason: events.ReasonError, Message: "target vanished"}},
	}
}
