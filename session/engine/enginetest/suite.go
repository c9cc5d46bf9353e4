package enginetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"gtrace/session/engine"
)

// Run checks that an engine keeps the contract of [engine.Engine]. The function
// open starts the program it is given under the engine and holds it before its
// main function; what it cannot do it reports to t. Run closes the engine.
func Run(t *testing.T, open func(t *testing.T, p Program) engine.Engine) {
	s := suite{open: open, build: builder(t)}
	t.Run("Target", s.target)
	t.Run("Functions", s.functions)
	t.Run("Plant", s.plant)
	t.Run("Calls", s.calls)
	t.Run("Capture", s.capture)
	t.Run("Hide", s.hide)
	t.Run("Lines", s.lines)
	t.Run("If", s.condition)
	t.Run("Mistake", s.mistake)
	t.Run("Doubt", s.doubt)
	t.Run("Eval", s.eval)
	t.Run("Errors", s.errors)
	t.Run("Unplant", s.unplant)
	t.Run("Halves", s.halves)
	t.Run("Break", s.breakOff)
	t.Run("Recover", s.recover)
	t.Run("Die", s.die)
	t.Run("Goexit", s.goexit)
	t.Run("Tumble", s.tumble)
	t.Run("Cancel", s.cancel)
	t.Run("Again", s.again)
	t.Run("Follow", s.follow)
	t.Run("Close", s.close)
}

type suite struct {
	open  func(t *testing.T, p Program) engine.Engine
	build func() (string, error)
}

func (s suite) start(t *testing.T, mode string) engine.Engine {
	t.Helper()
	eng := s.open(t, Program{Mode: mode, build: s.build})
	t.Cleanup(func() {
		if err := eng.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return eng
}

// function returns a function of the target by its name.
func function(t *testing.T, eng engine.Engine, name string) *engine.Function {
	t.Helper()
	for _, fn := range eng.Functions() {
		if fn.Name == name {
			return fn
		}
	}
	t.Fatalf("no function %s", name)
	return nil
}

// everything is what the suite asks to be captured.
var everything = engine.Capture{Args: true, Results: true, Stack: 4}

// probe plants probes in functions, and returns which is whose.
func probe(t *testing.T, eng engine.Engine, names ...string) map[string]engine.ProbeID {
	t.Helper()
	ids := make(map[string]engine.ProbeID)
	for _, name := range names {
		p := engine.Probe{What: engine.Calls, Func: function(t, eng, name), Capture: everything}
		id, err := eng.Plant(p)
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = id
	}
	return ids
}

// probePanics plants the probe for panics.
func probePanics(t *testing.T, eng engine.Engine) {
	t.Helper()
	_, err := eng.Plant(engine.Probe{What: engine.Panics, Capture: everything})
	if errors.Is(err, engine.ErrNotSupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// patience is how long a program may take for what it does in no time.
const patience = 30 * time.Second

// collect ranges over the hits until they end, and checks what holds for all.
func collect(t *testing.T, eng engine.Engine) []engine.Hit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var hits []engine.Hit
	for h, err := range eng.Hits(ctx) {
		if err != nil {
			t.Fatalf("after %d hits: %v", len(hits), err)
		}
		if n := len(hits); n > 0 && hits[n-1].Kind == engine.Ended {
			t.Fatalf("a hit after the end: %+v", h)
		}
		check(t, &h)
		hits = append(hits, h)
	}
	if n := len(hits); n == 0 || hits[n-1].Kind != engine.Ended {
		t.Fatalf("%d hits, without an end", n)
	}
	return hits
}

// check checks that a hit has what its kind promises.
func check(t *testing.T, h *engine.Hit) {
	t.Helper()
	ok := true
	switch h.Kind {
	case engine.Entered, engine.Returned, engine.Reached:
		ok = h.Func != nil && h.Frame > 0 && h.Probe != 0
	case engine.Branching:
		ok = h.Func != nil && h.Target != nil && (h.Frame > 0 || h.Started != engine.GoStatement{})
	case engine.Raised:
		ok = h.Raise != nil && h.Raise.Class != ""
	case engine.Unwound:
		ok = h.Unwind != nil && !(h.Unwind.All && h.Unwind.Keep != 0)
	case engine.Lost:
		ok = h.Lost != nil && h.Lost.Count > 0
	case engine.Ended:
		ok = h.Exit != nil
	default:
		ok = false
	}
	if !ok || h.Time.IsZero() || h.Held < 0 {
		t.Errorf("incomplete hit: %+v", *h)
	}
}

// told tells what hits are about, without what differs from run to run.
func told(hits []engine.Hit) []string {
	var list []string
	for _, h := range hits {
		switch h.Kind {
		case engine.Entered:
			list = append(list, "enter "+h.Func.Name)
		case engine.Returned:
			list = append(list, "return "+h.Func.Name)
		case engine.Reached:
			list = append(list, fmt.Sprintf("line %d", h.Line))
		case engine.Branching:
			list = append(list, "branch "+h.Target.Name)
		case engine.Raised:
			list = append(list, "raise "+string(h.Raise.Class))
		case engine.Unwound:
			list = append(list, "unwind")
		case engine.Ended:
			list = append(list, "end")
		}
	}
	return list
}

func equal(t *testing.T, hits []engine.Hit, want ...string) {
	t.Helper()
	if got := told(hits); !slices.Equal(got, want) {
		t.Fatalf("\ngot  %q\nwant %q", got, want)
	}
}
