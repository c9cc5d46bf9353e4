package enginetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

func (s suite) target(t *testing.T) {
	got := s.start(t, "calls").Target()
	if got.Engine == "" || got.PID == 0 || got.Program == "" || !strings.HasPrefix(got.GoVersion, "go") {
		t.Errorf("incomplete: %+v", got)
	}
	if !got.Launched || got.Stopped < 0 {
		t.Errorf("launched %t, stopped for %s", got.Launched, got.Stopped)
	}
}

func (s suite) functions(t *testing.T) {
	eng := s.start(t, "calls")
	fns := eng.Functions()
	if !slices.IsSortedFunc(fns, func(a, b *engine.Function) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not ordered by name")
	}
	fn := function(t, eng, "main.work")
	if fn.Package != "main" || fn.Entry == 0 || fn.End <= fn.Entry || fn.Line == 0 || fn.Wrapper || fn.NoReturn {
		t.Errorf("%+v", *fn)
	}
}

func (s suite) plant(t *testing.T) {
	eng := s.start(t, "calls")
	ids := probe(t, eng, "main.work", "main.outer")
	if a, b := ids["main.work"], ids["main.outer"]; a == 0 || b == 0 || a == b {
		t.Errorf("ids %d and %d", a, b)
	}
	for _, p := range []engine.Probe{{}, {What: engine.Calls, Func: &engine.Function{Name: "main.inlined"}}} {
		if id, err := eng.Plant(p); err == nil {
			t.Errorf("planting %+v gave %d", p, id)
		}
	}
	if err := eng.Unplant(^engine.ProbeID(0)); err == nil {
		t.Error("a probe that was never planted is removed")
	}
}

// calls checks the pairing of nested calls by their frames.
func (s suite) calls(t *testing.T) {
	eng := s.start(t, "calls")
	ids := probe(t, eng, "main.work", "main.outer")
	hits := collect(t, eng)
	equal(t, hits, "enter main.outer", "enter main.work", "return main.work", "enter main.work", "return main.work",
		"enter main.work", "return main.work", "return main.outer", "end")
	outer := &hits[0]
	for i, h := range hits[:len(hits)-1] {
		if h.Func != function(t, eng, h.Func.Name) || h.Probe != ids[h.Func.Name] {
			t.Errorf("hit %d: function %s with probe %d", i, h.Func.Name, h.Probe)
		}
		if h.Goroutine != outer.Goroutine || h.Goroutine == 0 || h.Thread == 0 {
			t.Errorf("hit %d: goroutine %d of thread %d", i, h.Goroutine, h.Thread)
		}
		if inner := h.Func != outer.Func; inner != (h.Frame > outer.Frame) || !inner && h.Frame != outer.Frame {
			t.Errorf("hit %d: %s has frame %d, main.outer has %d", i, h.Func.Name, h.Frame, outer.Frame)
		}
		if i > 0 && (h.Time.Before(hits[i-1].Time) || h.Held < hits[i-1].Held) {
			t.Errorf("hit %d: time runs backwards", i)
		}
	}
	for i := 1; i < 7; i += 2 {
		if in, out := hits[i], hits[i+1]; in.Frame != out.Frame {
			t.Errorf("main.work is entered at frame %d and returns from %d", in.Frame, out.Frame)
		}
	}
	if x := hits[len(hits)-1].Exit; x.Status != 3 || x.Signal != "" || x.Exec {
		t.Errorf("exit %+v", *x)
	}
}

// capture checks what is read at probes.
func (s suite) capture(t *testing.T) {
	eng := s.start(t, "calls")
	probe(t, eng, "main.work")
	hits := collect(t, eng)
	in, out := hits[0], hits[1]
	if len(in.Values) != 1 || in.Values[0].Name != "n" || in.Values[0].Type != "int" || in.Values[0].Value != "1" {
		t.Errorf("arguments %+v", in.Values)
	}
	if len(out.Values) != 1 || out.Values[0].Value != "2" {
		t.Errorf("results %+v", out.Values)
	}
	if in.Caller == nil || in.Caller.Func != "main.outer" || in.Caller.Line == 0 {
		t.Errorf("caller %+v", in.Caller)
	}
	var stack []string
	for _, f := range in.Stack {
		stack = append(stack, f.Func)
	}
	if len(stack) < 3 || len(stack) > everything.Stack || !slices.Equal(stack[:3], []string{"main.work", "main.outer", "main.main"}) {
		t.Errorf("stack %q", stack)
	}

	bare := s.start(t, "calls")
	if _, err := bare.Plant(engine.Probe{What: engine.Calls, Func: function(t, bare, "main.work")}); err != nil {
		t.Fatal(err)
	}
	for _, h := range collect(t, bare) {
		if len(h.Values) > 0 || len(h.Stack) > 0 {
			t.Errorf("captured without being asked to: %+v", h)
		}
	}
}

// lines checks that lines are told on every arrival, before they run, and those
// only that were asked for.
func (s suite) lines(t *testing.T) {
	eng := s.start(t, "calls")
	lister, ok := eng.(engine.LineLister)
	if !ok {
		t.Skip("it lists no lines")
	}
	outer := function(t, eng, "main.outer")
	const head, body = 20, 21 // of the loop
	lines, err := lister.Lines(outer)
	if err != nil || !slices.IsSorted(lines) || !slices.Contains(lines, head) || !slices.Contains(lines, body) {
		t.Fatalf("lines %v, %v", lines, err)
	}
	ids := probe(t, eng, "main.work", "main.outer")
	id, err := eng.Plant(engine.Probe{What: engine.Lines, Func: outer, Lines: []int{body}, Capture: engine.Capture{Locals: true}})
	if err != nil {
		t.Fatal(err)
	}
	hits := collect(t, eng)
	equal(t, hits, "enter main.outer",
		"line 21", "enter main.work", "return main.work",
		"line 21", "enter main.work", "return main.work",
		"line 21", "enter main.work", "return main.work",
		"return main.outer", "end")
	for i := 1; i < 10; i += 3 {
		h := hits[i]
		if h.Func != outer || h.Frame != hits[0].Frame || h.Probe != id || id == ids["main.outer"] {
			t.Errorf("line of %s at frame %d with probe %d; the call is at %d", h.Func.Name, h.Frame, h.Probe, hits[0].Frame)
		}
		if h.Time.Before(hits[i-1].Time) || h.Time.After(hits[i+1].Time) {
			t.Errorf("line %d: time runs backwards", h.Line)
		}
		n := slices.IndexFunc(h.Locals, func(v engine.Variable) bool { return v.Name == "i" })
		if n < 0 || h.Locals[n].Declared != head || !h.Locals[n].Missing && h.Locals[n].Value.Value != hits[i+1].Values[0].Value {
			t.Errorf("variables %+v before main.work(%s)", h.Locals, hits[i+1].Values[0].Value)
		}
	}

	bare := s.start(t, "calls")
	outer = function(t, bare, "main.outer")
	probe(t, bare, "main.outer")
	id, err = bare.Plant(engine.Probe{What: engine.Lines, Func: outer, Lines: []int{head, body}})
	if err != nil {
		t.Fatal(err)
	}
	if err := bare.Unplant(id); err != nil {
		t.Fatal(err)
	}
	equal(t, collect(t, bare), "enter main.outer", "return main.outer", "end")
}

// hide checks that what is secret is not told, and what is not is.
func (s suite) hide(t *testing.T) {
	names, err := secret.New("user")
	if err != nil {
		t.Fatal(err)
	}
	plain := []string{`user string "ann"`, `password string "hunter2"`, "tokens int 5", `token string "annhunter2"`}
	for _, tt := range []struct {
		names *secret.Names
		want  []string
	}{
		{nil, plain},
		{names, []string{"user string <redacted>", "password string <redacted>", "tokens int 5", "token string <redacted>"}},
		{new(secret.Names), plain},
	} {
		eng := s.start(t, "secrets")
		p := engine.Probe{What: engine.Calls, Func: function(t, eng, "main.login"), Capture: everything}
		for i, n := range []*secret.Names{names, nil, tt.names} {
			p.Capture.Limits.Hide = n
			id, err := eng.Plant(p)
			if err == nil && i < 2 { // what came before leaves no trace
				err = eng.Unplant(id)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, h := range collect(t, eng) {
			for _, v := range h.Values {
				got = append(got, v.Name+" "+v.Type+" "+v.Value)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("\ngot  %q\nwant %q", got, tt.want)
		}
	}
}

// errors checks that a wrapped error is recognised.
func (s suite) errors(t *testing.T) {
	eng := s.start(t, "errors")
	probe(t, eng, "main.load", "main.fail")
	hits := collect(t, eng)
	equal(t, hits, "enter main.load", "enter main.fail", "return main.fail", "return main.load", "end")
	inner, outer := hits[2], hits[3]
	if inner.ErrorText != "id -2: negative" || inner.ErrorType != "*fmt.wrapError" || outer.ErrorText != "load: id -2: negative" {
		t.Errorf("errors %q of %s and %q", inner.ErrorText, inner.ErrorType, outer.ErrorText)
	}
	if len(inner.Errors) != 2 || len(outer.Errors) != 3 || !slices.Equal(outer.Errors[1:], inner.Errors) {
		t.Errorf("chains %v and %v", inner.Errors, outer.Errors)
	}
	if len(hits[0].Errors) > 0 {
		t.Errorf("an entry with errors %v", hits[0].Errors)
	}
}

// unplant checks that a probe that was removed is not hit.
func (s suite) unplant(t *testing.T) {
	eng := s.start(t, "calls")
	ids := probe(t, eng, "main.work", "main.outer")
	for h, err := range eng.Hits(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if h.Func == function(t, eng, "main.work") {
			break
		}
	}
	if err := eng.Unplant(ids["main.work"]); err != nil {
		t.Fatal(err)
	}
	if err := eng.Unplant(ids["main.work"]); err == nil {
		t.Error("a probe is removed twice")
	}
	equal(t, collect(t, eng), "return main.outer", "end")
}

// halves checks that entries and returns are observed each for themselves, and
// that probes come and go while the target runs.
func (s suite) halves(t *testing.T) {
	eng := s.start(t, "calls")
	work, outer := function(t, eng, "main.work"), function(t, eng, "main.outer")
	plant := func(what engine.What, fn *engine.Function) engine.ProbeID {
		id, err := eng.Plant(engine.Probe{What: what, Func: fn, Capture: everything})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	unplant := func(id engine.ProbeID) {
		if err := eng.Unplant(id); err != nil {
			t.Fatal(err)
		}
	}
	entries, returns := plant(engine.Entries, work), plant(engine.Returns, work)
	plant(engine.Returns, outer)
	var hits []engine.Hit
	for h, err := range eng.Hits(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		switch hits = append(hits, h); len(hits) {
		case 1:
			if h.Probe != entries {
				t.Errorf("the entry is of probe %d, want %d", h.Probe, entries)
			}
			unplant(entries)
		case 3:
			if h.Probe != returns {
				t.Errorf("the return is of probe %d, want %d", h.Probe, returns)
			}
			unplant(returns)
			entries = plant(engine.Entries, work)
		}
	}
	equal(t, hits, "enter main.work", "return main.work", "return main.work", "enter main.work", "return main.outer", "end")
}

// breakOff checks that nothing is lost or told twice when the loop is left at
// every hit.
func (s suite) breakOff(t *testing.T) {
	eng := s.start(t, "calls")
	probe(t, eng, "main.work", "main.outer")
	var hits []engine.Hit
	for len(hits) == 0 || hits[len(hits)-1].Kind != engine.Ended {
		n := len(hits)
		for h, err := range eng.Hits(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			hits = append(hits, h)
			break
		}
		if len(hits) == n {
			t.Fatalf("no hit after %d", n)
		}
	}
	equal(t, hits, "enter main.outer", "enter main.work", "return main.work", "enter main.work", "return main.work",
		"enter main.work", "return main.work", "return main.outer", "end")
	for h, err := range eng.Hits(t.Context()) { // it may say so again
		if err != nil || h.Kind != engine.Ended {
			t.Errorf("after the end: %+v, %v", h, err)
		}
	}
}

// cancel checks that a trace ends with the cause of its context, and that the
// engine can still be used.
func (s suite) cancel(t *testing.T) {
	cause := errors.New("enough")
	eng := s.start(t, "idle")
	probe(t, eng, "main.idle")
	for range 2 {
		ctx, cancel := context.WithCancelCause(t.Context())
		n := 0
		var last error
		for _, err := range eng.Hits(ctx) {
			if last != nil {
				t.Fatalf("a hit after the error %v", last)
			}
			if last = err; err == nil {
				n++
			}
			if n == 3 {
				cancel(cause)
			}
		}
		cancel(nil)
		if n < 3 || !errors.Is(last, cause) {
			t.Fatalf("%d hits, then %v", n, last)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for h, err := range eng.Hits(ctx) {
		if !errors.Is(err, cause) {
			t.Errorf("with a cancelled context: %+v, %v", h, err)
		}
	}
}

// again checks that nothing is lost or told twice when the context is cancelled
// again and again.
func (s suite) again(t *testing.T) {
	for range 3 { // it is a matter of microseconds
		s.cancelAgain(t)
	}
}

func (s suite) cancelAgain(t *testing.T) {
	eng := s.start(t, "calls")
	probe(t, eng, "main.work", "main.outer")
	cause := errors.New("for a moment")
	var hits []engine.Hit
	for n := 0; len(hits) == 0 || hits[len(hits)-1].Kind != engine.Ended; n++ {
		if n > 1000 {
			t.Fatalf("no end after %d hits", len(hits))
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		after := time.AfterFunc(time.Duration(n)*20*time.Microsecond, func() { cancel(cause) })
		for h, err := range eng.Hits(ctx) {
			switch {
			case err == nil:
				hits = append(hits, h)
				cancel(cause)
			case !errors.Is(err, cause):
				t.Fatal(err)
			}
		}
		after.Stop()
		cancel(nil)
	}
	equal(t, hits, "enter main.outer", "enter main.work", "return main.work", "enter main.work", "return main.work",
		"enter main.work", "return main.work", "return main.outer", "end")
}

// close checks an engine that is closed, with the target still there.
func (s suite) close(t *testing.T) {
	eng := s.start(t, "calls")
	probe(t, eng, "main.work")
	fn := function(t, eng, "main.work")
	for range 2 {
		if err := eng.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := eng.Plant(engine.Probe{What: engine.Calls, Func: fn}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("plant: %v", err)
	}
	n := 0
	for _, err := range eng.Hits(t.Context()) {
		if n++; !errors.Is(err, engine.ErrClosed) {
			t.Errorf("hits: %v", err)
		}
	}
	if n != 1 {
		t.Errorf("hits: %d", n)
	}
}
