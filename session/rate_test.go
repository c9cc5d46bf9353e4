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

func TestRate(t *testing.T) {
	tests := []struct {
		name   string
		script string
		cfg    Config
		want   string
	}{
		{
			"a call is left out with its exception and its return, the one inside it is kept", `
			g1 enter main.a 10 t=0s
			g1 enter main.b 20 t=500ms
			g1 enter main.c 30 t=1s
			g1 return main.c 30 t=1.1s
			g1 return main.b 20 t=1.2s ids=1 err=x
			g1 return main.a 10 t=1.3s
			exit 0`, Config{}, `
			call seq=1 g1 #1 depth=0 main.a
			call seq=2 g1 #3 parent=2 depth=2 main.c
			return seq=3 g1 #3 parent=2 depth=2 main.c
			return seq=4 g1 #1 depth=0 main.a
			lost count=3 why="--rate 1/s left out 1 call"
			end reason=exited status=0 events=4 lost=3`,
		},
		{
			"what was left out is told once a second", `
			g1 enter main.a 10 t=0s
			g1 return main.a 10 t=0.1s
			g1 enter main.a 10 t=0.2s
			g1 return main.a 10 t=0.3s
			g1 enter main.a 10 t=0.4s
			g1 return main.a 10 t=0.5s
			g1 enter main.a 10 t=1.2s
			g1 return main.a 10 t=1.3s
			g1 enter main.a 10 t=1.4s
			exit 0`, Config{}, `
			call seq=1 g1 #1 depth=0 main.a
			return seq=2 g1 #1 depth=0 main.a
			lost count=4 why="--rate 1/s left out 2 calls"
			call seq=3 g1 #4 depth=0 main.a
			return seq=4 g1 #4 depth=0 main.a
			lost count=1 why="--rate 1/s left out 1 call"
			end reason=exited status=0 events=4 lost=5`,
		},
		{
			"a call that is told before it ends", `
			g1 enter main.a 10 t=0s
			g1 enter main.b 20 t=0.1s
			g1 return main.b 20 t=1.5s
			g1 enter main.b 20 t=1.6s
			g1 return main.b 20 t=1.7s
			exit 0`, Config{}, `
			call seq=1 g1 #1 depth=0 main.a
			lost count=1 why="--rate 1/s left out 1 call"
			call seq=2 g1 #3 parent=1 depth=1 main.b
			return seq=3 g1 #3 parent=1 depth=1 main.b
			lost count=1 why="--rate 1/s left out more of calls that were left out"
			end reason=exited status=0 events=3 lost=2 open=(#1 g1 main.a)`,
		},
		{
			"a call of which nothing would be shown takes no place", `
			g1 enter main.a 10
			g1 return main.a 10
			g1 enter main.a 10
			g1 return main.a 10 ids=1 err=x
			g1 enter main.a 10
			g1 return main.a 10 ids=2 err=y
			exit 0`, Config{Kinds: []events.Kind{events.Exception}}, `
			exception seq=1 g1 #2 depth=0 main.a !error(value=x)
			lost count=1 why="--rate 1/s left out 1 call"
			end reason=exited status=0 events=1 lost=1`,
		},
		{
			"what belongs to no call is kept", `
			g1 enter main.a 10
			g1 return main.a 10
			g1 raise fatal x 30
			exit 2`, Config{}, `
			call seq=1 g1 #1 depth=0 main.a
			return seq=2 g1 #1 depth=0 main.a
			exception seq=3 g1 depth=0 !fatal(value=x)
			end reason=exited status=2 events=3`,
		},
		{
			"the limit counts what is shown", `
			g1 enter main.a 10 t=0s
			g1 enter main.b 20 t=0.1s
			g1 enter main.c 30 t=1s
			g1 return main.c 30 t=1.1s`, Config{Limit: 2}, `
			call seq=1 g1 #1 depth=0 main.a
			call seq=2 g1 #3 parent=2 depth=2 main.c
			lost count=1 why="--rate 1/s left out 1 call"
			end reason=limit events=2 lost=1 open=(#1 g1 main.a, #3 g1 main.c)`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Rate = Rate{Calls: 1, Per: time.Second}
			wantStream(t, tt.script, tt.cfg, tt.want)
		})
	}
}

// What was left out is told although nothing is hit any more.
func TestRateIsToldInTime(t *testing.T) {
	after, e := shownAfter(t, twoCalls, Config{Rate: Rate{Calls: 1, Per: time.Minute}}, events.Lost)
	if after != tellEvery || e.Lost.Count != 2 {
		t.Errorf("after %v: %s", after, eventstest.Format(e))
	}
}

func TestRateForgetsCallsThatEnded(t *testing.T) {
	for _, kinds := range [][]events.Kind{nil, {events.Call}, {events.Exception}} {
		g := newGate(Config{Rate: Rate{Calls: 1, Per: time.Second}, Kinds: kinds})
		for id := events.CallID(1); id < 4; id++ {
			for _, kind := range []events.Kind{events.Call, events.Return} {
				g.passes(&events.Event{Kind: kind, Call: id}, time.Time{})
			}
		}
		if n := len(g.rate.open); n > 0 {
			t.Errorf("kinds %v: %d calls are remembered", kinds, n)
		}
	}
}

// Whatever a program does, calls are kept or left out whole, never more of them
// in any stretch of time than the rate allows, and what is left out is counted.
func TestRateOfAnyProgram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := program(t)
		rate := Rate{
			Calls: rapid.IntRange(1, 10).Draw(t, "calls"),
			Per:   time.Duration(rapid.IntRange(1, 50).Draw(t, "ms")) * time.Millisecond,
		}
		all := []events.Kind{events.Call, events.Return, events.Exception}
		kinds := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 3, rapid.ID[events.Kind]).Draw(t, "kinds")
		got := collect(t, m.engine(), Config{Rate: rate, Kinds: kinds})

		kept := make(map[events.CallID]bool)
		var times []time.Time
		var shown []events.Event
		for _, e := range got[1 : len(got)-1] {
			if e.Kind == events.Lost {
				continue
			}
			if e.Call != events.NoCall && !kept[e.Call] {
				kept[e.Call] = true
				times = append(times, e.Time)
			}
			shown = append(shown, e)
		}
		for i := rate.Calls; i < len(times); i++ {
			if d := times[i].Sub(times[i-rate.Calls]); d < rate.Per {
				t.Fatalf("%d calls in %v, with %v", rate.Calls+1, d, rate)
			}
		}
		var want []events.Event
		left := uint64(0)
		for _, e := range m.log {
			switch {
			case !slices.Contains(kinds, e.Kind):
			case e.Call == events.NoCall || kept[e.Call]:
				e.Seq = uint64(len(want) + 1)
				want = append(want, e)
			default:
				left++
			}
		}
		if diff := cmp.Diff(lines(want), lines(shown)); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
		if end := got[len(got)-1].End; end.Lost != left {
			t.Fatalf("%d events lost, want %d", end.Lost, left)
		}
		v := eventstest.Validator{Kinds: kinds, Filtered: true}
		for i, e := range got {
			if err := v.Check(e); err != nil {
				t.Fatalf("%v\nafter\n%s", err, strings.Join(lines(got[:i+1]), "\n"))
			}
		}
	})
}
