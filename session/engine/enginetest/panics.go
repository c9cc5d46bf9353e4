package enginetest

import (
	"testing"

	"gtrace/events"
	"gtrace/session/engine"
)

// recover checks a panic that a deferred call two frames away recovers.
func (s suite) recover(t *testing.T) {
	eng := s.start(t, "recover")
	probe(t, eng, "main.guard", "main.explode", "main.rescue")
	probePanics(t, eng)
	hits := collect(t, eng)
	equal(t, hits, "enter main.guard", "enter main.explode", "raise panic", "enter main.rescue", "return main.rescue",
		"unwind", "return main.guard", "end")
	guard, explode, raised, unwound := hits[0], hits[1], hits[2], hits[5]
	r := raised.Raise
	if r.Type != "string" || r.Value != `"boom"` || r.Origin == nil || r.Origin.Func != "main.explode" || r.Origin.Line == 0 {
		t.Errorf("raise %+v with origin %+v", *r, r.Origin)
	}
	if raised.Frame <= explode.Frame {
		t.Errorf("the panic has frame %d, main.explode has %d", raised.Frame, explode.Frame)
	}
	if rescue := hits[3]; rescue.Frame <= raised.Frame {
		t.Errorf("the deferred call has frame %d, the panic has %d", rescue.Frame, raised.Frame)
	}
	u := unwound.Unwind
	if !u.Recovered || u.All || u.Keep != guard.Frame {
		t.Errorf("unwind %+v, main.guard has frame %d", *u, guard.Frame)
	}
	if u.By != nil && u.By.Func != "main.guard" && u.By.Func != "main.rescue" {
		t.Errorf("recovered by %+v", *u.By)
	}
	if hits[6].Frame != guard.Frame {
		t.Errorf("main.guard returns from frame %d, and was entered at %d", hits[6].Frame, guard.Frame)
	}
}

// die checks a panic that nothing recovers.
func (s suite) die(t *testing.T) {
	eng := s.start(t, "die")
	probe(t, eng, "main.explode")
	probePanics(t, eng)
	hits := collect(t, eng)
	equal(t, hits, "enter main.explode", "raise panic", "unwind", "end")
	if u := hits[2].Unwind; !u.All || u.Recovered {
		t.Errorf("unwind %+v", *u)
	}
	if x := hits[3].Exit; x.Status != 2 || x.Signal != "" {
		t.Errorf("exit %+v", *x)
	}
}

// goexit checks a goroutine that ends itself.
func (s suite) goexit(t *testing.T) {
	eng := s.start(t, "goexit")
	probe(t, eng, "main.leave")
	probePanics(t, eng)
	hits := collect(t, eng)
	equal(t, hits, "enter main.leave", "raise goexit", "unwind", "end")
	if r := hits[1].Raise; r.Class != events.ClassGoexit || r.Origin == nil || r.Origin.Func != "main.leave" {
		t.Errorf("raise %+v with origin %+v", *r, r.Origin)
	}
	if u := hits[2].Unwind; !u.All {
		t.Errorf("unwind %+v", *u)
	}
	for _, h := range hits[:3] {
		if h.Goroutine != hits[0].Goroutine || h.Kind == engine.Entered && h.Frame == 0 {
			t.Errorf("hit %+v", h)
		}
	}
}

// tumble checks a Goexit whose deferred call panics: the next one recovers, and
// Goexit goes on.
func (s suite) tumble(t *testing.T) {
	eng := s.start(t, "tumble")
	probe(t, eng, "main.tumble", "main.explode", "main.rescue")
	probePanics(t, eng)
	hits := collect(t, eng)
	equal(t, hits, "enter main.tumble", "raise goexit", "enter main.explode", "raise panic", "enter main.rescue",
		"return main.rescue", "unwind", "unwind", "end")
	tumble, explode := hits[0], hits[2]
	if u := hits[6].Unwind; u.All || u.Keep < tumble.Frame || u.Keep >= explode.Frame {
		t.Errorf("unwind %+v: main.explode, of frame %d, is gone, main.tumble, of frame %d, is not", *u, explode.Frame, tumble.Frame)
	}
	if u := hits[7].Unwind; !u.All {
		t.Errorf("unwind %+v", *u)
	}
}
