package session

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gtrace/events"
)

func TestWindow(t *testing.T) {
	const script = `
		g1 enter main.a 10
		g1 enter main.b 20
		g1 enter main.c 30
		g1 return main.c 30
		g1 return main.b 20
		g1 enter main.b 20
		g1 return main.b 20
		g2 return main.d 30 running=main.a@10,main.d@30
		g1 return main.a 10
		exit 0`
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{
			"a call that began before is left out", Config{StartAt: []string{"main.c"}}, `
			call seq=1 g1 #3 parent=2 depth=2 main.c
			return seq=2 g1 #3 parent=2 depth=2 main.c
			call seq=3 g1 #4 parent=1 depth=1 main.b
			return seq=4 g1 #4 parent=1 depth=1 main.b
			end reason=exited status=0 events=4`,
		},
		{
			"the call at which it stops is the last event", Config{StopAt: []string{"main.c"}}, `
			call seq=1 g1 #1 depth=0 main.a
			call seq=2 g1 #2 parent=1 depth=1 main.b
			call seq=3 g1 #3 parent=2 depth=2 main.c
			end reason=stop-at events=3 open=(#1 g1 main.a, #2 g1 main.b, #3 g1 main.c)`,
		},
		{
			"from one call of a function to the next", Config{StartAt: []string{"main.b"}, StopAt: []string{"main.b"}}, `
			call seq=1 g1 #2 parent=1 depth=1 main.b
			call seq=2 g1 #3 parent=2 depth=2 main.c
			return seq=3 g1 #3 parent=2 depth=2 main.c
			return seq=4 g1 #2 parent=1 depth=1 main.b
			call seq=5 g1 #4 parent=1 depth=1 main.b
			end reason=stop-at events=5 open=(#4 g1 main.b)`,
		},
		{
			"it stops, though a filter leaves the call out", Config{
				StopAt:  []string{"main.c"},
				Filters: []events.Filter{these(false, 2)},
			}, `
			call seq=1 g1 #2 parent=1 depth=1 main.b
			end reason=stop-at events=1 open=(#2 g1 main.b)`,
		},
		{
			"what waits is shown", Config{StartAt: []string{"main.a"}, StopAt: []string{"main.a", "main.d", "main.c"}, Trace: []string{"main.*"}}, `
			call seq=1 g1 #1 depth=0 main.a
			call seq=2 g1 #2 parent=1 depth=1 main.b
			call seq=3 g1 #3 parent=2 depth=2 main.c
			end reason=stop-at events=3 open=(#1 g1 main.a, #2 g1 main.b, #3 g1 main.c)`,
		},
		{
			"a call that ran before the trace is shown, where nothing has to begin", Config{StopAt: []string{"main.d"}, Filters: []events.Filter{these(false, 6)}}, `
			return seq=1 g2 #6 parent=5 depth=1 main.d partial
			end reason=exited status=0 events=1`,
		},
		{
			"a return is no begin", Config{StartAt: []string{"main.d"}}, `
			end reason=exited status=0`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) { wantStream(t, script, tt.cfg, tt.want) })
	}
}

// The functions at which the trace starts and stops are traced too.
func TestWindowSelects(t *testing.T) {
	f := fake(t, twoCalls)
	s, err := New(f, Config{Trace: []string{"main.b"}, StartAt: []string{"main.a", "main.b"}, StopAt: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"main.b", "main.a"}, s.start.Patterns); diff != "" || s.start.Functions != 2 {
		t.Errorf("%d functions, patterns %v", s.start.Functions, s.start.Patterns)
	}
	if _, err := New(f, Config{StopAt: []string{"main.go:3"}}); err == nil || !strings.Contains(err.Error(), "not a line") {
		t.Errorf("a line: %v", err)
	}
	_, err = New(f, Config{StopAt: []string{"main.z"}})
	if _, ok := errors.AsType[*NoMatchError](err); !ok {
		t.Errorf("a pattern that matches nothing: %v", err)
	}
}
