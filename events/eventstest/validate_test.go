package eventstest_test

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// check validates a stream in text form. It numbers the events that have no
// number, puts a start before and an end after them, unless there is one, and
// counts in it.
func check(t *testing.T, v eventstest.Validator, text string) error {
	t.Helper()
	var list []events.Event
	var seq, lost uint64
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		e, err := eventstest.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		switch e.Kind {
		case events.Start, events.Exec:
		case events.Lost:
			lost += e.Lost.Count
		case events.End:
			if e.End.Events == 0 {
				e.End.Events, e.End.Lost = seq, lost
			}
		default:
			if seq++; e.Seq == 0 {
				e.Seq = seq
			}
		}
		list = append(list, e)
	}
	has := func(k events.Kind) bool {
		return slices.ContainsFunc(list, func(e events.Event) bool { return e.Kind == k })
	}
	if !has(events.Start) {
		list = append([]events.Event{{Kind: events.Start, Start: &events.StartInfo{}}}, list...)
	}
	if !has(events.End) {
		list = append(list, events.Event{Kind: events.End, End: &events.EndInfo{Reason: events.ReasonLimit, Events: seq, Lost: lost}})
	}
	for _, e := range list {
		if err := v.Check(e); err != nil {
			return err
		}
	}
	return v.Finish()
}

func TestValid(t *testing.T) {
	only := func(kinds ...events.Kind) eventstest.Validator { return eventstest.Validator{Kinds: kinds} }
	tests := []struct {
		name string
		v    eventstest.Validator
		text string
	}{
		{"empty", only(), ``},
		{"nested calls of two goroutines", only(), `
			call g1 #1 main.a
			call g2 #2 main.b
			call g1 #3 parent=1 depth=1 main.c
			line g1 #3 parent=1 depth=1 main.c
			return g2 #2 main.b
			return g1 #3 parent=1 depth=1 main.c duration=0s
			return g1 #1 main.a duration=3ms`},
		{"open at the end", only(), `
			call g1 #1 main.a
			call g1 #2 parent=1 depth=1 main.b
			call g2 #3 main.a
			end reason=limit open=(#1 g1 main.a, #2 g1 main.b, #3 g2 main.a, #9 g4 main.z partial)`},
		{"an error through two calls", only(), `
			call g1 #1 main.a
			call g1 #2 parent=1 depth=1 main.b
			exception g1 #2 parent=1 depth=1 main.b !error(value=x)
			return g1 #2 parent=1 depth=1 main.b error=x
			exception g1 #1 main.a !error(value="a: x")
			return g1 #1 main.a error="a: x"`},
		{"an error whose return was cut off", only(), `
			call g1 #1 main.a
			exception g1 #1 main.a !error(value=x)
			end reason=limit open=(#1 g1 main.a)`},
		{"a panic through calls and a deferred one, recovered", only(), `
			call g1 #1 main.a
			call g1 #2 parent=1 depth=1 main.b
			call g1 #3 parent=2 depth=2 main.c
			exception g1 #3 parent=2 depth=2 main.c !panic(value=x)
			call g1 #4 parent=3 depth=3 main.deferred
			return g1 #4 parent=3 depth=3 main.deferred
			return g1 #3 parent=2 depth=2 main.c unwound
			exception g1 #2 parent=1 depth=1 main.b !panic(value=x)
			return g1 #2 parent=1 depth=1 main.b unwound duration=1ms
			exception g1 #1 main.a !panic(value=x recovered recovered_by=main.a.func1@a.go:1)
			exception g1 #1 main.a !error(value=y)
			return g1 #1 main.a recovered error=y`},
		{"recovered where it began", only(), `
			call g1 #1 main.a
			exception g1 #1 main.a !runtime(value=x)
			return g1 #1 main.a recovered -> (=1)`},
		{"goexit and a fatal error", only(), `
			call g1 #1 main.a
			exception g1 #1 main.a !goexit
			return g1 #1 main.a unwound
			call g2 #2 main.a
			exception !fatal(value="all goroutines are asleep")
			exception g2 !fatal(value="concurrent map writes")
			exception g2 #2 main.a !fatal(value="concurrent map writes")
			return g2 #2 main.a unwound`},
		{"writes, in a call, in a function it calls, and outside", only(), `
			write g1 depth=0 main.init watch=(main.n:int=1 old=0)
			call g1 #1 main.a
			write g1 #1 main.a watch=(main.n:int=2 old=1)
			write g1 #1 main.untraced watch=(main.n:int=3 old=2)
			return g1 #1 main.a
			write g2 #7 parent=6 depth=1 main.untraced partial watch=(main.n:int=4 old=3)
			return g2 #7 parent=6 depth=1 main.b partial
			return g2 #6 main.c partial`},
		{"a panic outside of traced calls", only(), `exception g1 !panic(value=x)`},
		{"partial calls, one inside another", only(), `
			call g1 #3 parent=2 depth=2 main.c
			return g1 #3 parent=2 depth=2 main.c
			call g1 #4 parent=2 depth=2 main.c
			return g1 #4 parent=2 depth=2 main.c
			exception g1 #2 parent=1 depth=1 main.b partial !error(value=x)
			return g1 #2 parent=1 depth=1 main.b partial error=x
			return g1 #1 main.a partial
			call g1 #5 main.a
			return g1 #5 main.a`},
		{"a partial call first seen at its return", only(), `
			return g1 #2 parent=1 depth=1 main.b partial
			end reason=limit open=(#1 g1 main.a partial)`},
		{"a partial call unwound", only(), `
			exception g1 #2 parent=1 depth=1 main.b partial !panic(value=x)
			return g1 #2 parent=1 depth=1 main.b unwound partial
			exception g1 #1 main.a partial !panic(value=x recovered)
			return g1 #1 main.a recovered partial`},
		{"lost", only(), `
			call g1 #1 main.a
			lost count=2 why=x
			return g1 #1 main.a
			lost count=1`},
		{"another program", only(), `
			call g1 #1 main.a
			call g1 #2 parent=1 depth=1 main.b
			return g2 #4 parent=3 depth=1 main.d partial
			exec program=next open=(#1 g1 main.a, #2 g1 main.b, #3 g2 main.c partial)
			call g1 #5 main.a
			return g1 #5 main.a
			call g2 #6 main.b
			exec program=next open=(#6 g2 main.b)
			call g2 #7 main.b
			end reason=exec open=(#7 g2 main.b)`},
		{"another program, of other kinds", only(events.Call), `
			call g1 #1 main.a
			exec program=next open=(#1 g1 main.a)
			call g1 #2 main.a`},
		{"calls whose begin was lost", only(), `
			call g1 #1 main.a
			lost count=3
			return g1 #2 parent=1 depth=1 main.b partial
			exception g1 #3 parent=1 depth=1 main.c partial !error(value=x)
			return g1 #3 parent=1 depth=1 main.c partial error=x
			exception g1 #4 parent=1 depth=1 main.d partial !panic
			end reason=limit open=(#1 g1 main.a, #4 g1 main.d partial)`},
		{"calls that were not observed", only(), `
			call g1 #1 main.a
			lost why=x func=main.b unseen=1s
			return g1 #2 parent=1 depth=1 main.b partial
			lost why=x func=main.b unseen=2s
			end reason=limit thinned=(main.b 3s *2) open=(#1 g1 main.a)`},
		{"calls only", only(events.Call), `
			call g1 #1 main.a
			call g1 #2 main.a
			call g1 #3 parent=1 depth=1 main.a`},
		{"returns only", only(events.Return), `
			return g1 #2 parent=1 depth=1 main.b error=x
			return g1 #1 main.a unwound`},
		{"exceptions only", only(events.Exception), `
			exception g1 #2 parent=1 depth=1 main.b !error(value=x)
			exception g1 #1 main.a !error(value=x)`},
		{"exceptions and returns", only(events.Exception, events.Return), `
			exception g1 #2 parent=1 depth=1 main.b !error(value=x)
			return g1 #2 parent=1 depth=1 main.b error=x`},
		{"no exceptions", only(events.Call, events.Return), `
			call g1 #1 main.a
			call g1 #2 parent=1 depth=1 main.b
			return g1 #2 parent=1 depth=1 main.b unwound
			return g1 #1 main.a recovered error=x`},
		{"filtered", eventstest.Validator{Filtered: true}, `
			call g1 #3 parent=2 depth=2 main.c
			return g1 #3 parent=2 depth=2 main.c
			call g1 #7 parent=4 depth=1 main.c
			return g1 #7 parent=4 depth=1 main.c`},
		{"a fragment", eventstest.Validator{Fragment: true}, `
			call seq=7 g1 #3 depth=0 main.c`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := check(t, tt.v, tt.text); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	stream := func(last error) iter.Seq2[events.Event, error] {
		return func(yield func(events.Event, error) bool) {
			if yield(events.Event{Kind: events.Start, Start: &events.StartInfo{}}, nil) && last != nil {
				yield(events.Event{}, last)
			}
		}
	}
	if err := eventstest.Validate(stream(nil)); err == nil || !strings.Contains(err.Error(), "no end") {
		t.Errorf("a stream without an end: %v", err)
	}
	boom := errors.New("boom")
	if err := eventstest.Validate(stream(boom)); !errors.Is(err, boom) {
		t.Errorf("a stream with an error: %v", err)
	}
	var v eventstest.Validator
	if err := v.Finish(); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("no stream at all: %v", err)
	}
	if err := v.Check(events.Event{Kind: 99}); err == nil || !strings.Contains(err.Error(), "invalid kind 99") {
		t.Errorf("an invalid kind: %v", err)
	}
}
