package events_test

import (
	"os"
	"time"

	"gtrace/events"
)

// A call with nothing inside takes one row; so does a panic that passes.
func ExampleText() {
	sink := events.Text(os.Stdout, events.TextOptions{Time: events.TimeNone})
	origin := &events.Frame{Func: "main.load", File: "/src/main.go", Line: 21}
	for _, e := range []events.Event{
		{Kind: events.Call, Goroutine: 7, Call: 1, Func: "main.handle", Args: []events.Value{}},
		{
			Kind: events.Call, Goroutine: 7, Call: 2, Parent: 1, Depth: 1, Func: "main.load",
			Args: []events.Value{{Name: "id", Type: "int", Value: "7"}},
		},
		{
			Kind: events.Return, Goroutine: 7, Call: 2, Parent: 1, Depth: 1, Func: "main.load",
			Results:  []events.Value{{Name: "~r0", Type: "*main.User", Value: "&main.User{…}"}, {Name: "~r1", Type: "error", Value: "nil"}},
			Duration: 12 * time.Microsecond, HasDuration: true,
		},
		{
			Kind: events.Exception, Goroutine: 7, Call: 1, Func: "main.handle",
			Exception: &events.ExceptionInfo{Class: events.ClassPanic, Type: "string", Value: `"boom"`, Origin: origin},
		},
		{Kind: events.Return, Goroutine: 7, Call: 1, Func: "main.handle", Unwound: true, Duration: time.Millisecond, HasDuration: true},
	} {
		if err := sink.Write(e); err != nil {
			panic(err)
		}
	}
	if err := sink.Close(); err != nil {
		panic(err)
	}
	// Output:
	// g7   ╭ main.handle()
	// g7   │ • main.load(id=7) → &main.User{…}, nil  12µs
	// g7   ╰ main.handle  ✗ unwound by panic: boom (main.load main.go:21)  1ms
}
