package session

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gtrace/events"
)

func TestBacklog(t *testing.T) {
	const script = `
		g1 enter main.serve 10
		g1 enter main.load 20
		g1 return main.load 20 ids=1 err=x
		g1 enter main.load 20
		g1 return main.load 20
		g1 enter main.load 20
		g1 return main.load 20
		g2 enter main.serve 10
		g1 return main.serve 10 ids=2 err=y
		g1 enter main.load 10
		g1 return main.load 10
		g2 return main.serve 10
		g3 enter main.load 10
		g3 raise panic z 20
		g3 unwind all
		g1 enter main.load 10
		exit 2`
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{
			"the calls that ended last, and those that are open", Config{Backlog: Backlog{Events: 4}}, `
			call seq=1 g1 #1 depth=0 main.serve
			call seq=2 g1 #4 parent=1 depth=1 main.load
			return seq=3 g1 #4 parent=1 depth=1 main.load
			call seq=4 g2 #5 depth=0 main.serve
			exception seq=5 g1 #1 depth=0 main.serve !error(value=y)
			return seq=6 g1 #1 depth=0 main.serve error=y
			return seq=7 g2 #5 depth=0 main.serve
			call seq=8 g1 #6 depth=0 main.load
			return seq=9 g1 #6 depth=0 main.load
			call seq=10 g3 #7 depth=0 main.load
			exception seq=11 g3 #7 depth=0 main.load !panic(value=z)
			return seq=12 g3 #7 depth=0 main.load unwound
			end reason=exited status=2 events=12`,
		},
		{
			"a trigger at the begin of a call", Config{Backlog: Backlog{Events: 1, Trigger: these(false, 3)}}, `
			call seq=1 g1 #1 depth=0 main.serve
			call seq=2 g1 #3 parent=1 depth=1 main.load
			return seq=3 g1 #3 parent=1 depth=1 main.load
			exception seq=4 g1 #1 depth=0 main.serve !error(value=y)
			return seq=5 g1 #1 depth=0 main.serve error=y
			end reason=exited status=2 events=5`,
		},
		{
			"what is not asked for does not count", Config{Backlog: Backlog{Events: 1}, Kinds: []events.Kind{events.Exception}}, `
			exception seq=1 g1 #2 parent=1 depth=1 main.load !error(value=x)
			exception seq=2 g1 #1 depth=0 main.serve !error(value=y)
			exception seq=3 g3 #7 depth=0 main.load !panic(value=z)
			end reason=exited status=2 events=3`,
		},
		{
			"a trigger is asked about what filters leave out, and hurries what waits", Config{
				Backlog: Backlog{Events: 9, Trigger: these(true, 3)},
				Filters: []events.Filter{these(true, 1, 2)},
			}, `
			call seq=1 g1 #2 parent=1 depth=1 main.load
			exception seq=2 g1 #2 parent=1 depth=1 main.load !error(value=x)
			return seq=3 g1 #2 parent=1 depth=1 main.load error=x
			end reason=exited status=2 events=3`,
		},
		{
			"the limit counts what is shown", Config{Backlog: Backlog{Events: 4}, Limit: 3}, `
			call seq=1 g1 #1 depth=0 main.serve
			call seq=2 g1 #4 parent=1 depth=1 main.load
			return seq=3 g1 #4 parent=1 depth=1 main.load
			exception seq=4 g1 #1 depth=0 main.serve !error(value=y)
			return seq=5 g1 #1 depth=0 main.serve error=y
			end reason=limit events=5`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) { wantStream(t, script, tt.cfg, tt.want) })
	}
}

// Whatever a program does, what is shown is what a simpler backlog shows.
func TestBacklogOfAnyProgram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := program(t)
		trigger := chosen{map[events.CallID]bool{events.NoCall: true}, m.chance(50, "late")}
		for _, e := range m.log {
			if _, known := trigger.keep[e.Call]; !known {
				trigger.keep[e.Call] = m.chance(10, "fires")
			}
		}
		b := Backlog{Events: 1 + m.roll(30, "backlog"), Trigger: trigger}
		got := collect(t, m.engine(), Config{Backlog: b})
		validateFiltered(t, got)
		want := shownOf(m.log, b.Events, trigger)
		for i := range want {
			want[i].Seq = uint64(i + 1)
		}
		if diff := cmp.Diff(lines(want), lines(got[1:len(got)-1])); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}

// shownOf plays a backlog. Events of one hit have the same time.
func shownOf(log []events.Event, keep int, trigger chosen) []events.Event {
	var shown, held []events.Event
	var ended []events.CallID
	live, gone := map[events.CallID]bool{}, map[events.CallID]bool{}
	known := map[events.CallID]bool{}
	for len(log) > 0 {
		n := slices.IndexFunc(log, func(e events.Event) bool { return !e.Time.Equal(log[0].Time) })
		if n < 0 {
			n = len(log)
		}
		hit := log[:n]
		log = log[n:]
		fires := slices.ContainsFunc(hit, func(e events.Event) bool {
			asked := e.Kind == events.Return || e.Call == events.NoCall
			if !trigger.late {
				asked = !known[e.Call] || e.Call == events.NoCall
			}
			known[e.Call] = true
			return asked && trigger.keep[e.Call]
		})
		for _, e := range hit {
			switch {
			case e.Call != events.NoCall && live[e.Call] && !fires:
				shown = append(shown, e)
			case e.Call == events.NoCall || !gone[e.Call]:
				held = append(held, e)
			}
			if e.Kind == events.Return {
				ended = append(ended, e.Call)
			}
		}
		if fires {
			shown = append(shown, held...)
			for _, e := range held {
				live[e.Call] = true
			}
			held, ended = nil, nil
		}
		for len(held) > keep && len(ended) > 0 {
			gone[ended[0]] = true
			held = slices.DeleteFunc(held, func(e events.Event) bool { return e.Call == ended[0] })
			ended = ended[1:]
		}
	}
	return shown
}

// Open calls are kept besides, but not without bound, and nothing is remembered
// of what has ended.
func TestBacklogIsBounded(t *testing.T) {
	never := chosen{late: true}
	b := newBacklog(Backlog{Events: 10, Trigger: never}, func(events.Kind) bool { return true })
	b.most = 100 << 10
	for id := events.CallID(1); id < 10000; id++ {
		call := events.Event{Kind: events.Call, Call: id, Func: "main.f"}
		list := []events.Event{call}
		if id%2 == 0 {
			call.Kind = events.Return
			list = append(list, call)
		}
		if out := b.add(list, false); len(out) > 0 {
			t.Fatalf("%d events come out", len(out))
		}
		if n := len(b.entries); n > 1000 || b.held.weight > b.most || len(b.ended) > 10 {
			t.Fatalf("%d entries, %d bytes, %d calls that have ended", n, b.held.weight, len(b.ended))
		}
	}
	if n := len(b.calls); n != 5000 {
		t.Errorf("%d calls are open, want 5000", n)
	}
	if out := b.add(nil, true); len(out) < 10 || len(out) > 200 {
		t.Errorf("%d events come out at last", len(out))
	}
}
