package session

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gtrace/events"
	"gtrace/events/eventstest"
	"gtrace/session/engine"
)

// TestFollow says what a program does, and which of its calls belong to the trace.
func TestFollow(t *testing.T) {
	// Calls nest as their frames do; main.a calls main.b, and so on.
	const chain = `
		g1 enter main.a 10
		g1 enter main.b 20 parent=10
		g1 enter main.c 30 parent=20
		g1 enter main.d 40 parent=30
		g1 return main.d 40 parent=30
		g1 return main.c 30 parent=20
		g1 return main.b 20 parent=10
		g1 return main.a 10
		exit 0`
	code := map[string][]string{"main.a": {"main.b"}, "main.b": {"main.c"}, "main.c": {"main.d"}, "main.gowrap1": {"main.c"}}
	for _, tt := range []struct {
		name, script string
		cfg          Config
		want         string // calls by their depth
		warned       string
	}{
		{"one level", chain, depth("main.a", 1), "0a 1b", ""},
		{"two levels", chain, depth("main.a", 2), "0a 1b 2c", ""},
		{"all", chain, depth("main.a", 9), "0a 1b 2c 3d", ""},
		{"what is named counts from itself", chain, depth("main.a main.c", 1), "0a 1b 2c 3d", ""},
		{"what is called outside is not traced", `
			g2 enter main.b 10
			g2 return main.b 10
			g1 enter main.a 10
			g2 enter main.b 10
			g1 enter main.b 20 parent=10
			g2 return main.b 10
			g1 return main.b 20 parent=10
			g1 return main.a 10
			g1 enter main.b 10
			g1 return main.b 10
			exit 0`, depth("main.a", 2), "0a 1b", ""},
		{"nor what is called by what is not traced", `
			g1 enter main.a 10
			g1 enter main.b 20 parent=10
			g1 return main.b 20 parent=10
			g1 enter main.b 30 parent=20
			g1 return main.b 30 parent=20
			g1 return main.a 10
			exit 0`, depth("main.a", 2), "0a 1b", ""},
		{"a call that is no longer there", `
			g1 enter main.a 10
			g1 enter main.b 20 parent=10
			g1 return main.b 20 parent=10
			g1 enter main.b 15 parent=10
			g1 return main.b 15 parent=10
			g1 return main.a 10
			exit 0`, depth("main.a", 2), "0a 1b 1b", ""},
		{"what only the running program knows", `
			g1 enter main.d 10
			g1 enter main.c 20 parent=10
			g1 return main.c 20 parent=10
			g1 branch main.d 10 target=main.c
			g1 enter main.c 20 parent=10
			g1 branch main.c 20 target=main.a
			g1 enter main.a 30 parent=20
			g1 return main.a 30 parent=20
			g1 return main.c 20 parent=10
			g1 return main.d 10
			exit 0`, depth("main.d", 1), "0d 1c", ""},
		{"a deferred call is made from where it was deferred", `
			g1 enter main.a 10
			g1 enter main.b 20 parent=10
			g1 enter main.c 30 parent=20
			g1 raise panic "boom" 40
			g1 enter main.c 50 parent=20
			g1 return main.c 50 parent=20
			g1 enter main.b 50 parent=10
			g1 return main.b 50 parent=10
			g1 enter main.c 60 parent=30
			g1 return main.c 60 parent=30
			g1 unwind all
			exit 2`, depth("main.a", 2), "0a 1b 2c 3c 3b", ""},
		{"goroutines", `
			g1 enter main.a 10
			g1 branch main.a 10 target=main.gowrap1 go=1@5
			g1 branch main.a 10 target=main.b go=1@6
			g1 return main.a 10
			g3 enter main.b 10 started=1@6
			g3 enter main.c 20 parent=10
			g2 enter main.c 10 started=1@5
			g2 return main.c 10
			g3 return main.c 20 parent=10
			g3 return main.b 10
			g4 enter main.b 10 started=1@6
			g4 return main.b 10
			g5 enter main.b 10 started=4@6
			g5 return main.b 10
			exit 0`, Config{Trace: []string{"main.a"}, Follow: Follow{Depth: 2, Go: true}}, "0a 0b 1c 0c", ""},
		{"goroutines not", `
			g1 enter main.a 10
			g1 branch main.a 10 target=main.b go=1@6
			g1 return main.a 10
			g3 enter main.b 10 started=1@6
			g3 return main.b 10
			exit 0`, depth("main.a", 2), "0a", ""},
		{"the begin of a goroutine calls what only it knows", `
			g1 enter main.a 10
			g1 branch main.a 10 target=main.gowrap1 go=1@5
			g2 branch main.gowrap1 0 target=main.d started=1@5
			g2 enter main.d 10 started=1@5
			g2 return main.d 10
			g1 return main.a 10
			exit 0`, Config{Trace: []string{"main.a"}, Follow: Follow{Depth: 1, Go: true}}, "0a 0d", ""},
		{"ignored", chain, Config{Trace: []string{"main.a"}, Ignore: []string{"main.c"}, Follow: Follow{Depth: 9}}, "0a 1b", ""},
		{"as many as there may be", chain, Config{Trace: []string{"main.a"}, MaxProbes: 2, Follow: Follow{Depth: 9}}, "0a 1b", "these are 2 functions"},
		{
			"one that cannot be probed", strings.ReplaceAll(chain, "main.b", "main.odd"),
			depth("main.a", 9), "0a", "odd code",
		},
		{"running since before", `
			g1 return main.d 40 parent=30 running=main.a@10,main.b@20<10,main.c@30<20
			g1 return main.c 30 parent=20
			g1 return main.b 20 parent=10
			g1 return main.a 10
			exit 0`, depth("main.a main.b main.c main.d", 1), "3d 2c 1b 0a", ""},
		{"running, and never called again", `
			g2 enter main.b 20 parent=10 running=main.a@10
			g2 return main.b 20 parent=10
			exit 0`, depth("main.a", 1), "1b", ""},
		{"running since before, followed since", `
			g1 enter main.a 10
			g2 return main.b 40 parent=35 running=main.a@10,main.b@20<10,main.b@30<25
			g2 return main.b 30 parent=25
			g2 return main.b 20 parent=10
			g2 return main.a 10
			g1 return main.a 10
			exit 0`, depth("main.a", 2), "0a 1b 0a", ""},

		{"from", chain, Config{Follow: Follow{From: []string{"main.b"}}}, "0b 1c 2d", ""},
		{"from, narrowed", chain, Config{Trace: []string{"main.d"}, Follow: Follow{From: []string{"main.b"}}}, "0b 1d", ""},
		{"from, with levels", chain, Config{Follow: Follow{From: []string{"main.b"}, Depth: 1}}, "0b 1c", ""},
		{
			"from, with levels, and more that is named", chain,
			Config{Trace: []string{"main.d"}, Follow: Follow{From: []string{"main.a"}, Depth: 1}},
			"0a 1b 2d", "",
		},
		{"from, with levels, in itself", chain, Config{Follow: Follow{From: []string{"main.a", "main.b"}, Depth: 1}}, "0a 1b 2c", ""},
		{"from ends with it", `
			g1 enter main.b 10
			g1 enter main.c 20 parent=10
			g1 return main.c 20 parent=10
			g1 return main.b 10
			g1 enter main.c 10
			g1 return main.c 10
			g2 enter main.c 10
			g2 return main.c 10
			exit 0`, Config{Follow: Follow{From: []string{"main.b"}}}, "0b 1c", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := fake(t, tt.script)
			f.About.Launched = !strings.Contains(tt.script, "running")
			f.Code = code
			f.Refuse = map[string]error{"main.odd": fmt.Errorf("odd code")}
			if strings.Contains(tt.script, "main.odd") {
				f.Code = map[string][]string{"main.a": {"main.odd"}}
			}
			for _, fn := range f.Funcs {
				fn.Wrapper = fn.Name == "main.gowrap1"
			}
			var warned []string
			tt.cfg.Warn = func(format string, args ...any) { warned = append(warned, fmt.Sprintf(format, args...)) }
			tt.cfg.Kinds = []events.Kind{events.Call, events.Return}
			if diff := cmp.Diff(tt.want, callsOf(t, f, tt.cfg)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if tt.warned == "" && warned != nil || tt.warned != "" && (len(warned) != 1 || !strings.Contains(warned[0], tt.warned)) {
				t.Errorf("warned of %q, want %q", warned, tt.warned)
			}
		})
	}
}

// depth follows what some functions call.
func depth(names string, n int) Config {
	return Config{Trace: strings.Fields(names), Follow: Follow{Depth: n}}
}

// callsOf traces, and returns the calls: as they begin, or, for those which had
// begun before, as they end.
func callsOf(t *testing.T, eng engine.Engine, cfg Config) string {
	t.Helper()
	stream, err := trace(t, t.Context(), eng, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, line := range stream {
		e, err := eventstest.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == events.Call || e.Kind == events.Return && e.Partial {
			calls = append(calls, fmt.Sprintf("%d%s", e.Depth, strings.TrimPrefix(e.Func, "main.")))
		}
	}
	return strings.Join(calls, " ")
}

// TestStarted checks that goroutines which never come are not remembered for ever.
func TestStarted(t *testing.T) {
	s := &scope{started: map[engine.GoStatement][]int{}}
	for i := range maxStarted {
		if !s.expect(engine.GoStatement{Goroutine: 1, PC: 1}, i) {
			t.Fatalf("goroutine %d is not expected", i)
		}
	}
	if s.expect(engine.GoStatement{Goroutine: 1, PC: 1}, 0) {
		t.Error("one statement has no bound")
	}
	for i := range maxStarted - 1 {
		if !s.expect(engine.GoStatement{Goroutine: 2, PC: uint64(i)}, i) {
			t.Fatalf("statement %d is not expected", i)
		}
	}
	if s.expect(engine.GoStatement{Goroutine: 3, PC: 1}, 0) {
		t.Error("statements have no bound")
	}
	for i := range 3 {
		if got := s.adopt(engine.GoStatement{Goroutine: 1, PC: 1}); got != i {
			t.Errorf("goroutine %d has level %d", i, got)
		}
	}
	one := engine.GoStatement{Goroutine: 2, PC: 7}
	if a, b := s.adopt(one), s.adopt(one); a != 7 || b != -1 {
		t.Errorf("adopted at %d, and again at %d", a, b)
	}
}
