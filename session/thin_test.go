package session

import (
	"context"
	"iter"
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

// A costly is an engine in memory whose hits have a price.
type costly struct {
	*enginetest.Fake
	cost func(*engine.Hit) time.Duration
}

func (c *costly) Hits(ctx context.Context) iter.Seq2[engine.Hit, error] {
	return func(yield func(engine.Hit, error) bool) {
		for h, err := range c.Fake.Hits(ctx) {
			more := yield(h, err)
			c.Kept += c.cost(&h)
			if !more {
				return
			}
		}
	}
}

// later moves a time of a model so far ahead that no alarm goes off, and
// stretches it so that probes have the time to come back.
func later(t time.Time) time.Time {
	return t.AddDate(100, 0, 0).Add(20 * t.Sub(time.Unix(0, 0)))
}

// replay is what a model's program did, up to a time.
type replay struct {
	log   []events.Event
	stack map[int64][]events.CallID // by goroutine
	of    map[events.CallID]string
	ended map[events.CallID]time.Time
}

func (r *replay) to(now time.Time) {
	for len(r.log) > 0 && !later(r.log[0].Time).After(now) {
		e := r.log[0]
		r.log = r.log[1:]
		s := r.stack[e.Goroutine]
		switch e.Kind {
		case events.Call:
			r.stack[e.Goroutine] = append(s, e.Call)
			r.of[e.Call] = e.Func
		case events.Return:
			r.stack[e.Goroutine] = s[:len(s)-1]
			r.ended[e.Call] = later(e.Time)
		}
	}
}

// Whatever is lifted and when it comes back: the stream is valid, its calls are
// calls of the program, each ends when that one does or is told to be out of
// sight while it goes on, and of functions which were observed all the time no
// call is missing.
func TestThinnedStreamIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		m.attached, m.routines[0].older = true, false
		m.run()
		eng := &costly{Fake: m.engine()}
		eng.Script = slices.Clone(eng.Script)
		for i := range eng.Script {
			eng.Script[i].Time = later(eng.Script[i].Time)
		}
		prices := map[*engine.Function]time.Duration{nil: 0}
		for _, fn := range append(m.fns, nil) {
			prices[fn] = time.Duration(m.roll(3, "price")) * time.Duration(m.roll(600, "price")) * time.Microsecond
		}
		eng.cost = func(h *engine.Hit) time.Duration { return prices[h.Func] }

		got := collect(t, eng, Config{MaxOverhead: []float64{0.005, 0.02, 0.1}[m.roll(3, "share")]})
		m.validate(t, got)
		calls := m.compare(t, got)

		end := got[len(got)-1].End
		for _, fn := range m.fns {
			is := func(th events.Thinned) bool { return th.Func == fn.Name }
			made := 0
			for _, e := range m.log {
				if e.Kind == events.Call && e.Func == fn.Name {
					made++
				}
			}
			if !slices.ContainsFunc(end.Thinned, is) && calls[fn.Name] != made {
				t.Fatalf("%d of %d calls of %s, which was not thinned", calls[fn.Name], made, fn.Name)
			}
		}
	})
}

// compare checks the calls of a stream and counts them.
func (m *model) compare(t *rapid.T, got []events.Event) map[string]int {
	r := &replay{
		log: slices.Clone(m.log), stack: map[int64][]events.CallID{},
		of: map[events.CallID]string{}, ended: map[events.CallID]time.Time{},
	}
	truth := map[events.CallID]events.CallID{} // the program's by the stream's
	calls := map[string]int{}
	for i, e := range got {
		if e.Kind != events.Call && e.Kind != events.Return {
			continue
		}
		r.to(e.Time)
		id, known := truth[e.Call]
		switch lost := got[i-1].Lost; {
		case e.Partial:
			t.Fatalf("it began in the trace: %s", eventstest.Format(e))
		case e.Kind == events.Call:
			s := r.stack[e.Goroutine]
			if len(s) == 0 || r.of[s[len(s)-1]] != e.Func {
				t.Fatalf("no call of the program: %s", eventstest.Format(e))
			}
			if e.Parent != events.NoCall && !slices.Contains(s, truth[e.Parent]) {
				t.Fatalf("its parent has ended: %s", eventstest.Format(e))
			}
			truth[e.Call] = s[len(s)-1]
			calls[e.Func]++
		case !known:
			t.Fatalf("no call: %s", eventstest.Format(e))
		case lost != nil && lost.Count == 1:
			if end := r.ended[id]; !end.IsZero() && end.Before(e.Time) {
				t.Fatalf("it ended at %v: %s", end, eventstest.Format(e))
			}
		case !r.ended[id].Equal(e.Time):
			t.Fatalf("its call of the program ended at %v: %s", r.ended[id], eventstest.Format(e))
		}
	}
	for _, o := range got[len(got)-1].End.Open {
		if !slices.Contains(r.stack[o.Goroutine], truth[o.Call]) {
			t.Fatalf("listed as open: %+v", o)
		}
	}
	return calls
}

// playThinned plays a script whose hits have prices, by their number, for a share
// of 5 %, with which 10 ms may be spent at first.
func playThinned(t *testing.T, script string, prices map[int]time.Duration) []string {
	t.Helper()
	f := fake(t, script)
	for i := range f.Script {
		// No alarm may go off while the script is played.
		f.Script[i].Time = f.Script[i].Time.AddDate(200, 0, 0)
	}
	hits := 0
	got, err := trace(t, t.Context(), &costly{f, func(*engine.Hit) time.Duration {
		hits++
		return prices[hits]
	}}, Config{MaxOverhead: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range got {
		got[i] = strings.Replace(line, " @:0", "", 1)
	}
	return got[1 : len(got)-1]
}

// Of a function that goes, the ends of open calls are seen, then nothing.
func TestThinnedInTwoSteps(t *testing.T) {
	got := playThinned(t, `
		g1 enter main.a 10 t=0s
		g1 enter main.hot 20 t=1ms
		g2 enter main.hot 20 t=2ms
		g1 return main.hot 20 t=3ms
		g1 enter main.hot 20 t=4ms
		g1 return main.hot 20 t=5ms
		g2 return main.hot 20 t=6ms
		g1 enter main.hot 20 t=7ms
		g1 return main.hot 20 t=8ms ids=1 err=unseen
		g1 return main.a 10 t=900ms
		g1 enter main.hot 20 t=1s
		g1 return main.hot 20 t=1.001s
		exit 0`, map[int]time.Duration{2: 11 * time.Millisecond})
	want := []string{
		"call seq=1 g1 #1 depth=0 main.a",
		"call seq=2 g1 #2 parent=1 depth=1 main.hot",
		"call seq=3 g2 #3 depth=0 main.hot",
		"return seq=4 g1 #2 parent=1 depth=1 main.hot",
		"return seq=5 g2 #3 depth=0 main.hot",
		`lost why="--max-overhead: calls of main.hot were not observed for 898ms" func=main.hot unseen=898ms`,
		"return seq=6 g1 #1 depth=0 main.a",
		"call seq=7 g1 #4 depth=0 main.hot",
		"return seq=8 g1 #4 depth=0 main.hot",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Where the ends of open calls are too dear as well, the calls are out of sight:
// at once, or when the call inside has ended.
func TestThinnedOutOfSight(t *testing.T) {
	got := playThinned(t, `
		g1 enter main.hot 10 t=0s
		g1 enter main.b 20 t=1ms
		g3 enter main.hot 10 t=2ms
		g2 enter main.hot 10 t=3ms
		g2 return main.hot 10 t=4ms
		g2 return main.hot 10 t=5ms
		g1 enter main.c 30 t=6ms
		g1 return main.c 30 t=7ms
		g1 return main.b 20 t=8ms
		g1 return main.hot 10 t=9ms
		g1 enter main.b 20 t=10ms
		g3 return main.hot 10 t=11ms
		exit 0`, map[int]time.Duration{3: 11 * time.Millisecond, 4: 0, 5: 7 * time.Millisecond})
	want := []string{
		"call seq=1 g1 #1 depth=0 main.hot",
		"call seq=2 g1 #2 parent=1 depth=1 main.b",
		"call seq=3 g3 #3 depth=0 main.hot",
		"call seq=4 g2 #4 depth=0 main.hot",
		"return seq=5 g2 #4 depth=0 main.hot",
		`lost count=1 why="--max-overhead: the end of main.hot will not be seen"`,
		"return seq=6 g3 #3 depth=0 main.hot",
		"call seq=7 g1 #5 parent=2 depth=2 main.c",
		"return seq=8 g1 #5 parent=2 depth=2 main.c",
		"return seq=9 g1 #2 parent=1 depth=1 main.b",
		`lost count=1 why="--max-overhead: the end of main.hot will not be seen"`,
		"return seq=10 g1 #1 depth=0 main.hot",
		"call seq=11 g1 #6 depth=0 main.b",
		`lost why="--max-overhead: calls of main.hot were not observed for 9ms" func=main.hot unseen=9ms`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
