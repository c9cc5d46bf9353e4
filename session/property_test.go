package session

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gtrace/events"
	"gtrace/events/eventstest"
	"gtrace/session/engine"
	"gtrace/session/engine/enginetest"
)

// program returns what a random program does, told twice.
func program(t *rapid.T) *model {
	m := newModel(t)
	m.run()
	return m
}

func (m *model) engine() *enginetest.Fake {
	return &enginetest.Fake{Funcs: m.fns, Script: m.hits}
}

// collect ranges over a session's events until they end, leaving the loop now
// and then.
func collect(t *rapid.T, eng engine.Engine, cfg Config) []events.Event {
	s, err := New(eng, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []events.Event
	for len(got) == 0 || got[len(got)-1].Kind != events.End {
		pause := rapid.IntRange(1, 200).Draw(t, "pause")
		for e, err := range s.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
			if pause--; pause == 0 {
				break
			}
		}
	}
	for e := range s.Events(t.Context()) {
		t.Fatalf("after the end: %s", eventstest.Format(e))
	}
	if got[0].Kind != events.Start {
		t.Fatalf("the stream begins with %s", eventstest.Format(got[0]))
	}
	return got
}

// lines returns events as text, without what a model does not foretell.
func lines(list []events.Event) []string {
	var text []string
	for _, e := range list {
		e.File, e.Line = "", 0
		if e.Kind == events.End {
			e.Time = time.Time{}
		}
		text = append(text, eventstest.Format(e))
	}
	return text
}

// validate runs the validator.
func (m *model) validate(t *rapid.T, list []events.Event, kinds ...events.Kind) {
	v := eventstest.Validator{Kinds: kinds}
	for i, e := range list {
		if err := v.Check(e); err != nil {
			t.Fatalf("%v\nafter\n%s", err, strings.Join(lines(list[:i+1]), "\n"))
		}
	}
	if err := v.Finish(); err != nil {
		t.Fatal(err)
	}
}

// ends checks that every call has one end: a return, or its place in the list
// of the open ones.
func ends(t *rapid.T, list []events.Event) {
	open := make(map[events.CallID]bool)
	ended := make(map[events.CallID]bool)
	for _, e := range list {
		if ended[e.Call] && e.Call != events.NoCall {
			t.Fatalf("after the end of its call: %s", eventstest.Format(e))
		}
		switch e.Kind {
		case events.Call:
			open[e.Call] = true
		case events.Return:
			if open[e.Call] == e.Partial {
				t.Fatalf("partial, or not: %s", eventstest.Format(e))
			}
			delete(open, e.Call)
			ended[e.Call] = true
		}
	}
	for _, o := range list[len(list)-1].End.Open {
		if ended[o.Call] || !open[o.Call] && !o.Partial {
			t.Fatalf("listed as open: %+v", o)
		}
		delete(open, o.Call)
	}
	if len(open) > 0 {
		t.Fatalf("calls without an end: %v", open)
	}
}

func TestStreamIsWhatTheProgramDid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := program(t)
		got := collect(t, m.engine(), Config{})
		want := append(slices.Clone(m.log), events.Event{Kind: events.End, End: &events.EndInfo{
			Reason: events.ReasonExited, Status: new(0), Events: uint64(len(m.log)), Open: m.open(),
		}})
		if diff := cmp.Diff(lines(want), lines(got[1:])); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
		m.validate(t, got)
	})
}

func TestStreamOfSomeKinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := program(t)
		all := []events.Kind{events.Call, events.Return, events.Exception}
		kinds := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 3, rapid.ID[events.Kind]).Draw(t, "kinds")
		var want []events.Event
		for _, e := range m.log {
			if slices.Contains(kinds, e.Kind) {
				e.Seq = uint64(len(want) + 1)
				want = append(want, e)
			}
		}
		got := collect(t, m.engine(), Config{Kinds: kinds})
		if diff := cmp.Diff(lines(want), lines(got[1:len(got)-1])); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
		m.validate(t, got, kinds...)
	})
}

func TestStreamOfOneGoroutine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := program(t)
		got := collect(t, m.engine(), Config{Goroutines: []int64{1}})
		events := got[1 : len(got)-1]
		n := 0
		for _, e := range m.log {
			if e.Goroutine == 1 {
				n++
			}
		}
		if len(events) != n {
			t.Fatalf("%d events, want %d", len(events), n)
		}
		m.validate(t, got)
	})
}

func TestStreamWithLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := program(t)
		limit := 1 + m.roll(60, "limit")
		got := collect(t, m.engine(), Config{Limit: uint64(limit)})
		end := got[len(got)-1].End
		want := m.log[:min(limit, len(m.log))]
		if diff := cmp.Diff(lines(want), lines(got[1:len(got)-1])); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
		if limit <= len(m.log) != (end.Reason == events.ReasonLimit) {
			t.Fatalf("ended as %s at %d of %d", end.Reason, limit, len(m.log))
		}
		m.validate(t, got)
	})
}

// Whatever an engine misses or says twice, the stream keeps its promises, and
// nothing of what has ended is kept.
func TestStreamOfDamagedHits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := program(t)
		var hits []engine.Hit
		for _, h := range m.hits[:len(m.hits)-1] {
			switch m.roll(30, "damage") {
			case 0: // missed
			case 1:
				hits = append(hits, h, h)
			case 2:
				h.Running = nil
				hits = append(hits, h)
			case 3:
				h.Goroutine = int64(m.roll(4, "goroutine"))
				hits = append(hits, h)
			default:
				hits = append(hits, h)
			}
		}
		m.hits = append(hits, m.hits[len(m.hits)-1])
		ends(t, collect(t, m.engine(), Config{}))

		p := newPairer(Config{}, nil, nil, nil)
		for i := range hits {
			p.add(&hits[i])
		}
		for key, r := range p.routines {
			if len(r.calls) == 0 {
				t.Fatalf("goroutine %d is kept without a call", key)
			}
		}
	})
}
