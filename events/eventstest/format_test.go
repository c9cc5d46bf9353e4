package eventstest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gtrace/events"
	"gtrace/events/eventstest"
)

func TestFormatRoundTrip(t *testing.T) {
	for _, e := range eventstest.Everything() {
		line := eventstest.Format(e)
		if strings.ContainsAny(line, "\n\x1b") {
			t.Errorf("Format has a control character: %q", line)
		}
		got, err := eventstest.Parse(line)
		if err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(e, got); diff != "" {
			t.Errorf("%s\n(-want +got)\n%s", line, diff)
		}
	}
}

func TestParse(t *testing.T) {
	epoch := time.Unix(0, 0).UTC()
	tests := []struct {
		line string
		want events.Event
	}{
		{`call g1 #1 depth=0 main.fib(n="2") @main.go:19`, events.Event{
			Kind: events.Call, Goroutine: 1, Call: 1, Func: "main.fib", File: "main.go", Line: 19,
			Args: []events.Value{{Name: "n", Value: "2"}},
		}},
		{`call`, events.Event{Kind: events.Call}},
		{` return  g-1 main.f()	->() `, events.Event{
			Kind: events.Return, Goroutine: -1, Func: "main.f", Args: []events.Value{}, Results: []events.Value{},
		}},
		{"return t=2ms main.(*T).M -> (:int=1, err:error=E!`no \"x\"`) duration=0s", events.Event{
			Kind: events.Return, Time: epoch.Add(2 * time.Millisecond), Func: "main.(*T).M", HasDuration: true,
			Results: []events.Value{{Type: "int", Value: "1"}, {Name: "err", Type: "error", Value: "E", Error: `no "x"`}},
		}},
		{`call "g1"(a=)`, events.Event{Kind: events.Call, Func: "g1", Args: []events.Value{{Name: "a"}}}},
		{`exception !panic(recovered origin=main.(*T).M@t.go:3, value=boom)`, events.Event{
			Kind: events.Exception, Exception: &events.ExceptionInfo{
				Class: events.ClassPanic, Value: "boom", Recovered: true,
				Origin: &events.Frame{Func: "main.(*T).M", File: "t.go", Line: 3},
			},
		}},
		{`end`, events.Event{Kind: events.End, End: &events.EndInfo{}}},
	}
	for _, tt := range tests {
		got, err := eventstest.Parse(tt.line)
		if err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s\n(-want +got)\n%s", tt.line, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ line, want string }{
		{``, `unknown kind of event ""`},
		{`calls g1`, `unknown kind of event "calls"`},
		{`call wat=1`, `unknown field "wat"`},
		{`call seq=x`, `column 11: bad number "x"`},
		{`call main.f(n=1`, `expected ")"`},
		{`call main.f(n)`, `expected "="`},
		{`call main.f main.g`, `a second function "main.g"`},
		{`call "main.f`, `a quoted word without its end`},
		{`call @x.go`, `expected ":"`},
		{`call t=yesterday`, `bad time "yesterday"`},
		{`return duration=1`, `bad duration "1"`},
		{`exception !panic(origin)`, `expected "="`},
		{`exception !panic(what=1)`, `unknown field "what" of an exception`},
		{`line watch=(a=1!x)`, `a watched expression has no error`},
		{`line changes=(a=1)`, `expected "+"`},
		{`end open=(g1)`, `expected "#"`},
		{`lost seq=1`, `unknown field "seq" of a lost`},
	}
	for _, tt := range tests {
		_, err := eventstest.Parse(tt.line)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q) = %v, want an error with %q", tt.line, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, e := range eventstest.Everything() {
		f.Add(eventstest.Format(e))
	}
	f.Add(`call "weird (name"(a:func()=1, "b c"=2) t=1ns caller=@:0`)
	f.Fuzz(func(t *testing.T, line string) {
		e, err := eventstest.Parse(line)
		if err != nil {
			return
		}
		text := eventstest.Format(e)
		got, err := eventstest.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Fatalf("%s\n(-want +got)\n%s", text, diff)
		}
	})
}
