package eventstest_test

import (
	"strings"
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// TestBroken breaks every rule once.
func TestBroken(t *testing.T) {
	tests := []struct{ want, text string }{
		// The stream.
		{"the first event is not the start", "call g1 #1 main.a\nstart"},
		{"a second start", "start\nstart"},
		{"an event after the end", "end reason=limit\ncall g1 #1 main.a"},
		{"seq 3, want 1", "call seq=3 g1 #1 main.a"},
		{"seq 1, want 2", "call seq=1 g1 #1 main.a\nreturn seq=1 g1 #1 main.a"},
		{"a lost that counts no event", "lost why=x"},
		{"a time in which something was not observed, but not what", "lost why=x unseen=1s"},
		{"not observed for a negative time", "lost why=x func=main.a unseen=-1s"},
		{"the end does not say that main.a was not observed", "lost why=x func=main.a unseen=1s\nend reason=limit"},
		{"main.a was not observed for 2s, the records before it say 1s", "lost why=x func=main.a unseen=1s\nend reason=limit thinned=(main.a 2s *1)"},
		{"main.a was thinned 0 times", "end reason=limit thinned=(main.a 2s *0)"},
		{"without a name, or twice", "lost why=x func=main.a unseen=1s\nend reason=limit thinned=(main.a 1s *1, main.a 1s *1)"},
		{`unknown reason ""`, "end"},
		{"without a status", "end reason=exited"},
		{"but not which", "end reason=signaled"},
		{"a negative time held", "end reason=limit held=-1s"},
		{"the end counts 2 events, there were 0", "end reason=limit events=2"},
		{"the end counts 4 events lost, there were 3", "call g1 #1 main.a\nreturn g1 #1 main.a\nlost count=3\nend reason=limit events=2 lost=4"},
		// Another program.
		{"an exec without the new program", "exec"},
		{"call #1 has no end and is not listed as open", "call g1 #1 main.a\nexec program=next"},
		{"open call #1 has ended", "call g1 #1 main.a\nreturn g1 #1 main.a\nexec program=next open=(#1 g1 main.a)"},
		{"call #1 has ended before", "call g1 #1 main.a\nexec program=next open=(#1 g1 main.a)\nreturn g1 #1 main.a"},
		{"open call #1 has ended", "call g1 #1 main.a\nexec program=next open=(#1 g1 main.a)\nend reason=limit open=(#1 g1 main.a)"},
		{"open call #1 has ended", "exec program=next open=(#1 g1 main.a partial)\nend reason=limit open=(#1 g1 main.a partial)"},
		{"call #1 was known before", "call g1 #1 main.a\nexec program=next open=(#1 g1 main.a)\ncall g1 #1 main.a"},
		{"depth 1 inside 0 open calls", "call g1 #1 main.a\nexec program=next open=(#1 g1 main.a)\ncall g1 #2 parent=1 depth=1 main.b"},
		{"when 0 were running before", "exec program=next\nreturn g1 #1 main.a partial"},
		{"an event after the end", "end reason=exec\nexec program=next"},
		{"the first event is not the start", "exec program=next\nstart"},
		// Calls.
		{"a write to 0 places", "write g1 depth=0 main.a"},
		{"without a name or a type", "write g1 depth=0 main.a watch=(main.n=1 old=0)"},
		{"without the value before", "write g1 depth=0 main.a watch=(main.n:int=1)"},
		{"what only calls have", "write g1 depth=0 main.a(n=1) watch=(main.n:int=1 old=0)"},
		{"in no call that has a depth", "write g1 depth=1 main.a watch=(main.n:int=1 old=0)"},
		{"call #1 was not announced", "write g1 #1 depth=0 main.a watch=(main.n:int=1 old=0)"},
		{"call #1 has ended before", "call g1 #1 main.a\nreturn g1 #1 main.a\nwrite g1 #1 depth=0 main.a watch=(main.n:int=1 old=0)"},
		{"call #1 is of goroutine 1", "call g1 #1 main.a\nwrite g2 #1 depth=0 main.a watch=(main.n:int=1 old=0)"},
		{"while it is inside call #2", "call g1 #1 main.a\ncall g1 #2 depth=1 parent=1 main.b\nwrite g1 #1 depth=0 main.a watch=(main.n:int=1 old=0)"},
		{"a line with an old value", "call g1 #1 main.a\nline g1 #1 main.a watch=(main.n:int=1 old=0)"},
		{"negative depth", "call g1 #1 depth=-1 main.a"},
		{"a call without an id", "call g1 main.a"},
		{"a call of no function", "call g1 #1"},
		{"is not announced", "call g1 #1 main.a partial"},
		{"call #1 was known before", "call g1 #1 main.a\ncall g1 #1 parent=1 depth=1 main.a"},
		{"call #2 was known before", "call g1 #3 parent=2 depth=1 main.c\ncall g2 #2 main.a"},
		{"depth 2 inside 1 open calls", "call g1 #1 main.a\ncall g1 #2 parent=1 depth=2 main.b"},
		{"depth 0 inside 1 open calls", "call g1 #1 main.a\ncall g1 #2 main.b"},
		{"parent #7, but no call is open", "call g1 #1 parent=7 main.a"},
		{"parent #0, but the innermost open call is #1", "call g1 #1 main.a\ncall g1 #2 depth=1 main.b"},
		{"parent #7, but the innermost open call is #1", "call g1 #1 main.a\ncall g1 #2 parent=7 depth=1 main.b"},
		{"no parent at depth 1", "call g1 #1 depth=1 main.a"},
		{"parent #1 is not an open call", "call g2 #1 main.a\ncall g1 #2 parent=1 depth=1 main.a"},
		// Events of a call.
		{"a line of no call", "line g1"},
		{"an event of a call without a function", "line g1 #1"},
		{"call #1 has ended before", "call g1 #1 main.a\nreturn g1 #1 main.a\nline g1 #1 main.a"},
		{"call #1 has ended before", "call g1 #1 main.a\nreturn g1 #1 main.a\nreturn g1 #1 main.a"},
		{"call #1 is of goroutine 1", "call g1 #1 main.a\nreturn g2 #1 main.a"},
		{"call #1 is of main.a", "call g1 #1 main.a\nreturn g1 #1 main.b"},
		{"depth 1, but call #1 has depth 0", "call g1 #1 main.a\nreturn g1 #1 depth=1 main.a"},
		{"parent #2, but call #1 has parent #0", "call g1 #1 main.a\nreturn g1 #1 parent=2 main.a"},
		{"call #1 is partial in one event", "call g1 #1 main.a\nreturn g1 #1 main.a partial"},
		{"not announced and is not partial", "return g1 #1 main.a"},
		{"a line of call #1, while it is inside call #2", "call g1 #1 main.a\ncall g1 #2 parent=1 depth=1 main.b\nline g1 #1 main.a"},
		{"depth 0 of a partial call, when 0 were running before, and nothing was lost", "call g1 #1 main.a\nreturn g1 #1 main.a\nreturn g1 #2 main.a partial"},
		{"depth 0 inside 1 open calls", "lost count=1\ncall g1 #1 main.a\nreturn g1 #2 main.a partial"},
		{"parent #0, but the innermost open call is #1", "lost count=1\ncall g1 #1 main.a\nreturn g1 #2 depth=1 main.a partial"},
		{"depth 1 of a partial call, when 1 were running before", "exception g1 #1 main.a partial !panic\nreturn g1 #2 parent=1 depth=1 main.b partial"},
		{"the innermost partial call is #2", "call g1 #3 parent=2 depth=1 main.c\nreturn g1 #3 parent=2 depth=1 main.c\nreturn g1 #4 main.a partial"},
		// Returns.
		{"a return of no call", "return g1 main.a"},
		{"negative duration", "call g1 #1 main.a\nreturn g1 #1 main.a duration=-1ns"},
		{"a partial call has no duration", "return g1 #1 main.a partial duration=1s"},
		{"an unwound return has results", "call g1 #1 main.a\nexception g1 #1 main.a !panic\nreturn g1 #1 main.a unwound -> (=1)"},
		{"both unwound and recovered", "call g1 #1 main.a\nexception g1 #1 main.a !panic\nreturn g1 #1 main.a unwound recovered"},
		{"an unwound return of a call without", "call g1 #1 main.a\nreturn g1 #1 main.a unwound"},
		{"an unwound return of a call without", "call g1 #1 main.a\nexception g1 #1 main.a !panic(recovered)\nreturn g1 #1 main.a unwound"},
		{"a recovered return of a call without", "call g1 #1 main.a\nreturn g1 #1 main.a recovered"},
		{"not said to have recovered", "call g1 #1 main.a\nexception g1 #1 main.a !panic(recovered)\nreturn g1 #1 main.a"},
		{"call #1 ends inside call #2", "call g1 #1 main.a\ncall g1 #2 parent=1 depth=1 main.b\nreturn g1 #1 main.a"},
		{"partial call #1 ends at depth 0, but 2 are open", "return g1 #3 parent=2 depth=2 main.c partial\nreturn g1 #1 main.a partial\n"},
		// Exceptions.
		{"an exception that carries nothing", "exception g1"},
		{`unknown class "odd"`, "exception g1 !odd"},
		{"class goexit cannot be recovered", "exception g1 !goexit(recovered)"},
		{"but not that it was", "exception g1 !panic(recovered_by=main.a@a.go:1)"},
		{"an error exception of no call", "exception g1 !error(value=x)"},
		{"an exception of no call, in a goroutine with an open call", "call g1 #1 main.a\nexception g1 !panic"},
		{"not announced and is not partial", "exception g1 #1 main.a !panic"},
		{"comes no return of it", "call g1 #1 main.a\nexception g1 #1 main.a !error(value=x)\ncall g1 #2 parent=1 depth=1 main.b"},
		{"comes no return of it", "call g1 #1 main.a\nexception g1 #1 main.a !error(value=x)\nexception g1 #1 main.a !error(value=x)"},
		{`the return has the error "y", the exception before it "x"`, "call g1 #1 main.a\nexception g1 #1 main.a !error(value=x)\nreturn g1 #1 main.a error=y"},
		{"without an error exception right before it", "call g1 #1 main.a\nreturn g1 #1 main.a error=x"},
		// Open calls.
		{"call #1 has no end and is not listed", "call g1 #1 main.a"},
		{"call #2 has no end and is not listed", "call g1 #3 parent=2 depth=1 main.a\nreturn g1 #3 parent=2 depth=1 main.a"},
		{"open call #1 has ended", "call g1 #1 main.a\nreturn g1 #1 main.a\nend reason=limit open=(#1 g1 main.a)"},
		{"open call #1 was not announced", "end reason=limit open=(#1 g1 main.a)"},
		{"listed twice", "call g1 #1 main.a\nend reason=limit open=(#1 g1 main.a, #1 g1 main.a)"},
		{"open call #1 is partial in one place", "call g1 #1 main.a\nend reason=limit open=(#1 g1 main.a partial)"},
		{"open call #1 is of goroutine 1", "call g1 #1 main.a\nend reason=limit open=(#1 g2 main.a)"},
		{"open call #1 is of main.a", "call g1 #1 main.a\nend reason=limit open=(#1 g1 main.b)"},
		{"listed after one inside it", "call g1 #1 main.a\ncall g1 #2 parent=1 depth=1 main.b\nend reason=limit open=(#2 g1 main.b, #1 g1 main.a)"},
	}
	for _, tt := range tests {
		err := check(t, eventstest.Validator{}, tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\ngot  %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

// TestBrokenRecords breaks the rules that the text form cannot express.
func TestBrokenRecords(t *testing.T) {
	start := events.Event{Kind: events.Start, Start: &events.StartInfo{}}
	tests := []struct {
		want string
		list []events.Event
	}{
		{"a start that carries nothing", []events.Event{{Kind: events.Start}}},
		{"an end that carries nothing", []events.Event{start, {Kind: events.End}}},
		{"seq 1 in a start", []events.Event{{Kind: events.Start, Seq: 1, Start: start.Start}}},
		{"invalid kind 0", []events.Event{start, {}}},
		{"kind line was not asked for", []events.Event{start, {Kind: events.Line, Seq: 1}}},
	}
	for _, tt := range tests {
		v := eventstest.Validator{Kinds: []events.Kind{events.Call}}
		var err error
		for _, e := range tt.list {
			err = v.Check(e)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}
