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
)

// Whatever a program does, calls are kept or left out whole, in the order in
// which things happened, and nothing is held back without need.
func TestSieveOfAnyProgram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := program(t)
		f := chosen{map[events.CallID]bool{events.NoCall: m.chance(50, "homeless")}, m.chance(50, "late")}
		ended := make(map[events.CallID]bool)
		for _, e := range m.log {
			if _, known := f.keep[e.Call]; !known {
				f.keep[e.Call] = m.chance(50, "keep")
			}
			ended[e.Call] = ended[e.Call] || e.Kind == events.Return
		}
		cfg := Config{Filters: []events.Filter{f}, Limit: uint64(m.roll(2, "limited") * m.roll(60, "limit"))}
		got := collect(t, m.engine(), cfg)
		validateFiltered(t, got)
		end := got[len(got)-1].End
		got, want := got[1:len(got)-1], map[int64][]events.Event{}
		if cfg.Limit > 0 && end.Events > cfg.Limit {
			checkEnds(t, got[:cfg.Limit], got[cfg.Limit:])
			got = got[:cfg.Limit]
		}
		if cfg.Limit > 0 && f.late && len(end.Open) > 0 {
			t.Fatalf("open at the end, though shown when they had ended: %v", end.Open)
		}

		// The order is that of each goroutine.
		for _, e := range m.log {
			if f.keep[e.Call] && (!f.late || ended[e.Call] || e.Call == events.NoCall) {
				want[e.Goroutine] = append(want[e.Goroutine], e)
			}
		}
		shown := map[int64][]events.Event{}
		for i, e := range got {
			e.Seq = 0
			shown[e.Goroutine] = append(shown[e.Goroutine], e)
			if !f.late && i > 0 && e.Time.Before(got[i-1].Time) {
				t.Fatal("an event was held back")
			}
		}
		for g, list := range want {
			for i := range list {
				list[i].Seq = 0
			}
			if end.Reason == events.ReasonLimit || cfg.Limit > 0 && cfg.Limit <= end.Events {
				list = list[:min(len(list), len(shown[g]))]
			}
			if diff := cmp.Diff(lines(list), lines(shown[g])); diff != "" {
				t.Fatalf("goroutine %d (-want +got)\n%s", g, diff)
			}
		}
	})
}

// checkEnds checks that what comes behind the limit belongs to calls that were shown
// before.
func checkEnds(t *rapid.T, before, behind []events.Event) {
	for _, e := range behind {
		isOf := func(o events.Event) bool { return o.Call == e.Call }
		if e.Kind != events.Return && e.Kind != events.Exception || !slices.ContainsFunc(before, isOf) {
			t.Fatalf("behind the limit: %s", eventstest.Format(e))
		}
	}
}

// However little may be held back, and however short, the stream keeps its
// promises: only calls that were given up are missing, and these are counted.
func TestSieveWithoutPatience(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := program(t)
		s, err := New(m.engine(), Config{Filters: []events.Filter{events.Slower(0)}})
		if err != nil {
			t.Fatal(err)
		}
		s.sieve.wait = time.Duration(m.roll(20, "wait")) * time.Millisecond
		s.sieve.most = 1<<10 + m.roll(1<<14, "most")
		var got []events.Event
		for e, err := range s.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		validateFiltered(t, got)

		shown := map[events.CallID][]string{}
		for _, e := range got {
			e.Seq = 0
			shown[e.Call] = append(shown[e.Call], lines([]events.Event{e})...)
		}
		did := map[events.CallID][]string{}
		ended := map[events.CallID]bool{}
		for _, e := range m.log {
			e.Seq = 0
			did[e.Call] = append(did[e.Call], lines([]events.Event{e})...)
			ended[e.Call] = ended[e.Call] || e.HasDuration
		}
		missing, open := 0, 0
		for id := range did {
			switch {
			case id == events.NoCall:
			case len(shown[id]) > 0 && !slices.Equal(did[id], shown[id]):
				t.Fatalf("call %d\ngot  %v\nwant %v", id, shown[id], did[id])
			case len(shown[id]) == 0 && ended[id]:
				missing += len(did[id])
			case len(shown[id]) == 0:
				open += len(did[id])
			}
		}
		lost := int(got[len(got)-1].End.Lost)
		if lost < missing || lost > missing+open {
			t.Fatalf("%d events lost, but %d are missing of calls that have ended, and %d of others", lost, missing, open)
		}
		if len(s.sieve.stuck) > 0 && s.sieve.isStuck(s.sieve.stuck[0]) {
			t.Fatal("something that could come out is kept")
		}
		for id := range s.sieve.calls {
			if ended[id] {
				t.Fatalf("call %d has ended, and is remembered", id)
			}
		}
		weight := 0
		for _, c := range s.sieve.calls {
			for i := range c.events {
				weight += weigh(&c.events[i])
			}
		}
		if s.sieve.weight != weight {
			t.Fatalf("%d bytes are held back, and %d counted", weight, s.sieve.weight)
		}
	})
}

func validateFiltered(t *rapid.T, list []events.Event, kinds ...events.Kind) {
	v := eventstest.Validator{Kinds: kinds, Filtered: true}
	for i, e := range list {
		if err := v.Check(e); err != nil {
			t.Fatalf("%v\nafter\n%s", err, strings.Join(lines(list[:i+1]), "\n"))
		}
	}
	if err := v.Finish(); err != nil {
		t.Fatal(err)
	}
}
