package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gtrace/events"
	"gtrace/events/eventstest"
	"gtrace/session/engine"
	"gtrace/session/engine/enginetest"
)

func fake(t *testing.T, script string) *enginetest.Fake {
	t.Helper()
	f, err := enginetest.NewFake(script)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const twoCalls = `
	g1 enter main.a 10 n=1
	g1 enter main.b 20
	g1 return main.b 20
	g1 return main.a 10 ~r0=2
`

// trace returns the stream of a session in text, and its error.
func trace(t *testing.T, ctx context.Context, eng engine.Engine, cfg Config) ([]string, error) {
	t.Helper()
	s, err := New(eng, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for e, err := range s.Events(ctx) {
		if err != nil {
			return got, err
		}
		got = append(got, short(e))
	}
	return got, nil
}

// short is an event in text, without times and places.
func short(e events.Event) string {
	e.Time, e.Thread, e.File, e.Line = time.Time{}, 0, "", 0
	e.Duration, e.HasDuration = 0, false
	return eventstest.Format(e)
}

// wantStream traces a script and compares what comes behind the start record.
func wantStream(t *testing.T, script string, cfg Config, want string) {
	t.Helper()
	f := fake(t, script)
	for i := range f.Script {
		// No alarm may go off while the script is played.
		f.Script[i].Time = f.Script[i].Time.AddDate(200, 0, 0)
	}
	got, err := trace(t, t.Context(), f, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range got {
		got[i] = strings.Replace(line, " @:0", "", 1)
		if e, err := eventstest.Parse(line); err == nil && e.Exception != nil {
			e.Exception.Origin = nil
			got[i] = short(e)
		}
	}
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(want)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	if diff := cmp.Diff(lines, got[1:]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// shownAfter plays a script at once, after which nothing is hit any more, and
// returns the first event of a kind, and how long it took to come.
func shownAfter(t *testing.T, script string, cfg Config, kind events.Kind) (after time.Duration, found events.Event) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := fake(t, script)
		for i := range f.Script {
			f.Script[i].Time = time.Now()
		}
		s, err := New(f, cfg)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		for e, err := range s.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind == kind {
				after, found = time.Since(begun), e
				return
			}
		}
	})
	return after, found
}

func TestSession(t *testing.T) {
	f := fake(t, twoCalls+"exit 3")
	f.Kept = 5 * time.Millisecond
	f.About.Stopped = time.Second
	got, err := trace(t, t.Context(), f, Config{
		Version: "v1",
		Capture: engine.Capture{Args: true, Results: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`start gtrace=v1 engine=fake pid=7 program=/bin/program go=go1.26 patterns=(main.*) functions=2 probes=3 stopped=1s`,
		`call seq=1 g1 #1 depth=0 main.a(n="1")`,
		`call seq=2 g1 #2 parent=1 depth=1 main.b`,
		`return seq=3 g1 #2 parent=1 depth=1 main.b`,
		`return seq=4 g1 #1 depth=0 main.a -> (~r0="2")`,
		`end reason=exited status=3 events=4 held=5ms`,
	}
	for i, line := range want {
		e, err := eventstest.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		want[i] = short(e)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEnds(t *testing.T) {
	errBroken := errors.New("the wire broke")
	cancelled := func(cause error) context.Context {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		return ctx
	}
	expired, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	tests := []struct {
		name   string
		script string
		ctx    context.Context
		limit  uint64
		fail   error
		want   string
	}{
		{"exit", twoCalls + "exit 0", t.Context(), 0, nil, "end reason=exited status=0 events=4"},
		{"signal", twoCalls + "exit SIGKILL", t.Context(), 0, nil, "end reason=signaled signal=SIGKILL events=4"},
		{"exec", twoCalls + "exec", t.Context(), 0, nil, "end reason=exec events=4"},
		{
			"exit inside of calls", "g1 enter main.a 10\ng2 return main.c 30 running=main.d@10,main.c@30\ng1 enter main.b 20\nexit 1", t.Context(), 0, nil,
			"end reason=exited status=1 events=3 open=(#1 g1 main.a, #4 g1 main.b, #2 g2 main.d partial)",
		},
		{
			"lost", "lost 3 full\nlost 4 full\ng1 enter main.a 10\nexit 0", t.Context(), 0, nil,
			"end reason=exited status=0 events=1 lost=7 open=(#1 g1 main.a)",
		},
		{"limit", twoCalls, t.Context(), 2, nil, "end reason=limit events=2 open=(#1 g1 main.a, #2 g1 main.b)"},
		{"limit at the last event", twoCalls + "exit 0", t.Context(), 4, nil, "end reason=limit events=4"},
		{
			"limit between an exception and its return", "g1 enter main.a 10\ng1 return main.a 10 ids=1 err=x", t.Context(), 2, nil,
			"end reason=limit events=2 open=(#1 g1 main.a)",
		},
		{
			"limit before calls that a panic takes", "g1 enter main.a 10\ng1 enter main.b 20\ng1 raise panic x 30\ng1 unwind all", t.Context(), 4, nil,
			"end reason=limit events=4 open=(#1 g1 main.a)",
		},
		{
			"limit before a call that is told late", "g1 enter main.a 10\ng1 enter main.b 10", t.Context(), 2, nil,
			"end reason=limit events=2 lost=1",
		},
		{
			"signal to gtrace", "", cancelled(&Stop{Reason: events.ReasonInterrupted, Signal: "SIGINT"}), 0, nil,
			"end reason=interrupted signal=SIGINT",
		},
		{
			"output", "", cancelled(&Stop{Reason: events.ReasonOutput, Message: "broken pipe"}), 0, nil,
			`end reason=output message="broken pipe"`,
		},
		{"cancelled", "", cancelled(nil), 0, nil, "end reason=interrupted"},
		{"stopped without a reason", "", cancelled(new(Stop)), 0, nil, "end reason=interrupted"},
		{"timeout", "", expired, 0, nil, "end reason=duration"},
		{
			"engine", "g1 enter main.a 10", t.Context(), 0, errBroken,
			`end reason=error message="trace /bin/program (pid 7): the wire broke" events=1 open=(#1 g1 main.a)`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := fake(t, tt.script)
			f.Fail = tt.fail
			f.Funcs = append(f.Funcs, &engine.Function{Name: "main.main", Package: "main", Entry: 1})
			got, err := trace(t, tt.ctx, f, Config{Limit: tt.limit})
			if !errors.Is(err, tt.fail) || tt.fail == nil && err != nil {
				t.Errorf("error %v, want %v", err, tt.fail)
			}
			if got := got[len(got)-1]; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestCancelInside(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	s, err := New(fake(t, twoCalls), Config{})
	if err != nil {
		t.Fatal(err)
	}
	v := eventstest.Validator{}
	var last events.Event
	for e, err := range s.Events(ctx) {
		if err := errors.Join(err, v.Check(e)); err != nil {
			t.Fatal(err)
		}
		if e.Seq == 2 {
			cancel(&Stop{Reason: events.ReasonDuration})
		}
		last = e
	}
	if want := "end reason=duration events=2 open=(#1 g1 main.a, #2 g1 main.b)"; short(last) != want {
		t.Errorf("got  %s\nwant %s", short(last), want)
	}
	if err := v.Finish(); err != nil {
		t.Error(err)
	}
}

// TestTooMany tells the packages of a selection that is too large, by patterns that
// choose them alone.
func TestTooMany(t *testing.T) {
	f := fake(t, twoCalls)
	f.Funcs, f.About.Module = testFunctions(), module
	_, err := New(f, Config{MaxProbes: 3, Trace: []string{"main.*", "net/...", "caddy/...", "sqlite3.*"}})
	want := `"main.* net/... caddy/... sqlite3.*" chooses 16 functions, more than the 3 that are allowed: narrow the pattern, or raise --max-probes to 16; in parts:
      7  main.*
      3  http.*
      2  sqlite3.*
      1  caddy.*
      1  caddyhttp.*
      1  main.(*List).*
      1  main.(*Server).*
      1  net.*
      1  pprof.*`
	many, ok := errors.AsType[*TooManyError](err)
	if !ok || many.Error() != want {
		t.Fatalf("got  %v\nwant %s", err, want)
	}
	if many.Narrower() != "http.*" {
		t.Errorf("narrower: %s", many.Narrower())
	}
	for _, p := range many.Parts {
		if sel, err := Select(f.Funcs, module, []string{p.Pattern}, nil); err != nil || len(sel.Functions) != p.Count {
			t.Errorf("%s: %v", p.Pattern, err)
		}
	}
}

// TestTooManyVersion does not call a package by the version at the end of its path when
// its name is not its own alone.
func TestTooManyVersion(t *testing.T) {
	f := fake(t, twoCalls)
	f.Funcs, f.About.Module = testFunctions(), module
	for _, fn := range f.Funcs {
		if fn.Package == "main" {
			fn.CommandPath = "example.com/caddy"
		}
	}
	_, err := New(f, Config{MaxProbes: 3, Trace: []string{"main.*", "net/...", "github.com/caddyserver/caddy/v2.*"}})
	many, ok := errors.AsType[*TooManyError](err)
	if !ok {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(many.Parts, func(p Part) bool { return p.Pattern == "caddy/v2.*" }) {
		t.Errorf("parts: %v", many.Parts)
	}
}

func TestNewErrors(t *testing.T) {
	f := fake(t, twoCalls)
	_, err := New(f, Config{MaxProbes: 1})
	want := `"main.*" chooses 2 functions, more than the 1 that are allowed: narrow the pattern, or raise --max-probes to 2`
	if many, ok := errors.AsType[*TooManyError](err); !ok || many.Error() != want {
		t.Errorf("too many: %v", err)
	}
	if _, err := New(f, Config{Trace: []string{"main.z"}}); err == nil {
		t.Error("no match: no error")
	}

	f.Refuse = map[string]error{"panics": errors.New("no hook")}
	if _, err := New(f, Config{}); err == nil || !strings.Contains(err.Error(), "probe panics: no hook") {
		t.Errorf("panics: %v", err)
	}
	f.Refuse = map[string]error{"main.a": engine.ErrPermission}
	if _, err := New(f, Config{}); !errors.Is(err, engine.ErrPermission) {
		t.Errorf("permission: %v", err)
	}
	errRefused := errors.New("odd code")
	f.Refuse = map[string]error{"main.a": errRefused, "main.b": errRefused}
	if _, err := New(f, Config{}); !errors.Is(err, errRefused) {
		t.Errorf("refused: %v", err)
	}
	f.Refuse = map[string]error{"main.n": errRefused}
	if _, err := New(f, Config{WatchMem: []string{"main.m", "main.n"}}); !errors.Is(err, errRefused) {
		t.Errorf("refused memory: %v", err)
	}
	if probes := f.Probes(); len(probes) > 0 {
		t.Errorf("probes stay behind: %v", probes)
	}
}

func TestPlantNotes(t *testing.T) {
	f := fake(t, twoCalls+"exit 0")
	f.Refuse = map[string]error{"main.b": errors.New("odd code"), "panics": engine.ErrNotSupported}
	got, err := trace(t, t.Context(), f, Config{})
	if err != nil {
		t.Fatal(err)
	}
	start, err := eventstest.Parse(got[0])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 function cannot be probed: main.b; the first says: probe main.b: odd code",
		"panics are not seen, nor the end of calls they take away: probe panics: not supported by this engine",
	}
	if diff := cmp.Diff(want, start.Start.Notes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if start.Start.Functions != 1 || start.Start.Probes != 1 {
		t.Errorf("functions and probes: %s", got[0])
	}
}

func TestWatchMemory(t *testing.T) {
	const script = `
		g1 enter main.a 10
		g1 write main.helper main.n 1 2 30
		g1 write main.helper main.unwatched 1 2 30
		g1 return main.a 10
		exit 0`
	for _, tt := range []struct {
		kinds []events.Kind
		want  string
	}{
		{nil, `
			call seq=1 g1 #1 depth=0 main.a
			write seq=2 g1 #1 depth=0 main.helper watch=(main.n:int=2 old=1)
			return seq=3 g1 #1 depth=0 main.a
			end reason=exited status=0 events=3`},
		{[]events.Kind{events.Return}, `
			write seq=1 g1 #1 depth=0 main.helper watch=(main.n:int=2 old=1)
			return seq=2 g1 #1 depth=0 main.a
			end reason=exited status=0 events=2`},
	} {
		wantStream(t, script, Config{Kinds: tt.kinds, WatchMem: []string{"main.n"}}, tt.want)
	}
}

func TestCaptureFollowsKinds(t *testing.T) {
	all := engine.Capture{Args: true, Results: true, Stack: 3}
	tests := []struct {
		kinds []events.Kind
		want  engine.Capture
	}{
		{nil, all},
		{[]events.Kind{events.Call}, engine.Capture{Args: true, Stack: 3}},
		{[]events.Kind{events.Return}, engine.Capture{Results: true, Stack: 3}},
		{[]events.Kind{events.Exception}, engine.Capture{Results: true, Stack: 3}},
	}
	for _, tt := range tests {
		f := fake(t, twoCalls)
		if _, err := New(f, Config{Kinds: tt.kinds, Capture: all}); err != nil {
			t.Fatal(err)
		}
		probes := f.Probes()
		if !slices.ContainsFunc(probes, func(p engine.Probe) bool { return p.What == engine.Panics }) {
			t.Errorf("%v: no probe for panics", tt.kinds)
		}
		if diff := cmp.Diff(tt.want, probes[0].Capture); diff != "" {
			t.Errorf("%v (-want +got)\n%s", tt.kinds, diff)
		}
	}
}
