package session

import (
	"testing"
	"time"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// chosen is a filter by the ids of calls.
type chosen struct {
	keep map[events.CallID]bool
	late bool
}

func (c chosen) NeedsEnd() bool                { return c.late }
func (c chosen) Keep(call []events.Event) bool { return c.keep[call[0].Call] }

func these(late bool, ids ...events.CallID) events.Filter {
	c := chosen{map[events.CallID]bool{}, late}
	for _, id := range ids {
		c.keep[id] = true
	}
	return c
}

func TestSieve(t *testing.T) {
	nested := `
		g1 enter main.a 10 t=0s
		g1 enter main.b 20 t=0.1s
		g1 enter main.c 30 t=0.2s
		g1 return main.c 30 t=0.3s
		g1 return main.b 20 t=0.4s ids=1 err=x
		g1 return main.a 10 t=0.5s
		exit 0`
	long := `
		g1 enter main.a 10 t=0s
		g1 enter main.b 20 t=1s
		g1 return main.b 20 t=2s
		g2 enter main.c 10 t=2.5s
		g2 return main.c 10 t=2.6s
		g2 enter main.c 10 t=3.1s
		g1 enter main.b 20 t=3.2s
		g1 return main.b 20 t=3.3s
		g1 return main.a 10 t=4s
		exit 0`
	tests := []struct {
		name   string
		script string
		cfg    Config
		want   string
	}{
		{
			"what is known at the begin is not held back", nested, Config{Filters: []events.Filter{these(false, 1, 3)}, Limit: 2}, `
			call seq=1 g1 #1 depth=0 main.a
			call seq=2 g1 #3 parent=2 depth=2 main.c
			end reason=limit events=2 open=(#1 g1 main.a, #3 g1 main.c)`,
		},
		{
			"calls come out in order, and speak of calls that are left out", nested, Config{Filters: []events.Filter{these(true, 1, 3)}}, `
			call seq=1 g1 #1 depth=0 main.a
			call seq=2 g1 #3 parent=2 depth=2 main.c
			return seq=3 g1 #3 parent=2 depth=2 main.c
			return seq=4 g1 #1 depth=0 main.a
			end reason=exited status=0 events=4`,
		},
		{
			"a call that is left out takes its exception with it", nested, Config{Filters: []events.Filter{events.Succeeded()}}, `
			call seq=1 g1 #1 depth=0 main.a
			call seq=2 g1 #3 parent=2 depth=2 main.c
			return seq=3 g1 #3 parent=2 depth=2 main.c
			return seq=4 g1 #1 depth=0 main.a
			end reason=exited status=0 events=4`,
		},
		{
			"a call that fails comes with its exception", nested, Config{Filters: []events.Filter{events.Failed()}}, `
			call seq=1 g1 #2 parent=1 depth=1 main.b
			exception seq=2 g1 #2 parent=1 depth=1 main.b !error(value=x)
			return seq=3 g1 #2 parent=1 depth=1 main.b error=x
			end reason=exited status=0 events=3`,
		},
		{
			"all filters must keep a call", nested, Config{Filters: []events.Filter{these(false, 1, 2), these(true, 2, 3), these(true, 2)}}, `
			call seq=1 g1 #2 parent=1 depth=1 main.b
			exception seq=2 g1 #2 parent=1 depth=1 main.b !error(value=x)
			return seq=3 g1 #2 parent=1 depth=1 main.b error=x
			end reason=exited status=0 events=3`,
		},
		{
			"a call that has not ended is left out, not what waited for it", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 return main.b 20
			exit 0`, Config{Filters: []events.Filter{these(true, 1, 2)}}, `
			call seq=1 g1 #2 parent=1 depth=1 main.b
			return seq=2 g1 #2 parent=1 depth=1 main.b
			end reason=exited status=0 events=2`,
		},
		{
			"nothing waits long for a call that runs on", long, Config{Filters: []events.Filter{these(true, 1, 2, 3, 5)}}, `
			call seq=1 g2 #3 depth=0 main.c
			return seq=2 g2 #3 depth=0 main.c
			call seq=3 g1 #2 parent=1 depth=1 main.b
			return seq=4 g1 #2 parent=1 depth=1 main.b
			call seq=5 g1 #5 parent=1 depth=1 main.b
			return seq=6 g1 #5 parent=1 depth=1 main.b
			call seq=7 g1 #1 depth=0 main.a
			return seq=8 g1 #1 depth=0 main.a
			end reason=exited status=0 events=8`,
		},
		{
			"a call that runs on does not take others out of order", `
			g1 enter main.a 10 t=0s
			g1 enter main.b 20 t=0.1s
			g1 return main.b 20 t=0.2s
			g1 enter main.b 20 t=1.1s
			g1 enter main.c 30 t=1.2s
			g1 return main.c 30 t=1.3s
			g1 return main.b 20 t=1.4s
			g1 return main.a 10 t=1.5s
			exit 0`, Config{Filters: []events.Filter{these(true, 1, 2, 3, 4)}}, `
			call seq=1 g1 #2 parent=1 depth=1 main.b
			return seq=2 g1 #2 parent=1 depth=1 main.b
			call seq=3 g1 #3 parent=1 depth=1 main.b
			call seq=4 g1 #4 parent=3 depth=2 main.c
			return seq=5 g1 #4 parent=3 depth=2 main.c
			return seq=6 g1 #3 parent=1 depth=1 main.b
			call seq=7 g1 #1 depth=0 main.a
			return seq=8 g1 #1 depth=0 main.a
			end reason=exited status=0 events=8`,
		},
		{
			"the limit cuts what comes out at once", nested, Config{Filters: []events.Filter{these(true, 1, 2, 3)}, Limit: 3}, `
			call seq=1 g1 #1 depth=0 main.a
			call seq=2 g1 #2 parent=1 depth=1 main.b
			call seq=3 g1 #3 parent=2 depth=2 main.c
			return seq=4 g1 #3 parent=2 depth=2 main.c
			exception seq=5 g1 #2 parent=1 depth=1 main.b !error(value=x)
			return seq=6 g1 #2 parent=1 depth=1 main.b error=x
			return seq=7 g1 #1 depth=0 main.a
			end reason=limit events=7`,
		},
		{
			"the limit holds at the end, too", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 return main.b 20
			exit 0`, Config{Filters: []events.Filter{these(true, 2)}, Limit: 1}, `
			call seq=1 g1 #2 parent=1 depth=1 main.b
			return seq=2 g1 #2 parent=1 depth=1 main.b
			end reason=exited status=0 events=2`,
		},
		{
			"what the limit leaves out of a call that is over is not open", `
			g1 enter main.b 20 running=main.a@10
			g1 raise panic x 30
			g1 unwind all
			exit 0`, Config{Filters: []events.Filter{these(true, 1, 2)}, Limit: 1}, `
			call seq=1 g1 #2 parent=1 depth=1 main.b
			exception seq=2 g1 #2 parent=1 depth=1 main.b !panic(value=x)
			return seq=3 g1 #2 parent=1 depth=1 main.b unwound
			end reason=limit events=3`,
		},
		{
			"an exception of no call is asked about by itself", `
			g1 enter main.a 10
			g1 return main.a 10
			g1 raise fatal x 30
			exit 2`, Config{Filters: []events.Filter{events.Failed()}}, `
			exception seq=1 g1 depth=0 !fatal(value=x)
			end reason=exited status=2 events=1`,
		},
		{
			"a call that ran before", `
			g1 return main.a 10
			g1 return main.b 5
			exit 0`, Config{Filters: []events.Filter{these(false, 2)}}, `
			return seq=1 g1 #2 depth=0 main.b partial
			end reason=exited status=0 events=1`,
		},
		{
			"the rate counts what the filter keeps", nested, Config{Filters: []events.Filter{these(true, 2, 3)}, Rate: Rate{1, time.Minute}}, `
			call seq=1 g1 #2 parent=1 depth=1 main.b
			exception seq=2 g1 #2 parent=1 depth=1 main.b !error(value=x)
			return seq=3 g1 #2 parent=1 depth=1 main.b error=x
			lost count=2 why="--rate 1/m left out 1 call"
			end reason=exited status=0 events=3 lost=2`,
		},
		{
			"kinds are chosen of calls that are kept", nested, Config{Filters: []events.Filter{events.Failed()}, Kinds: []events.Kind{events.Exception}}, `
			exception seq=1 g1 #2 parent=1 depth=1 main.b !error(value=x)
			end reason=exited status=0 events=1`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantStream(t, tt.script, tt.cfg, tt.want)
		})
	}
}

// What waits is shown in time, although nothing is hit any more.
func TestSieveShowsInTime(t *testing.T) {
	after, e := shownAfter(t, "g1 enter main.a 10\ng1 enter main.b 20\ng1 return main.b 20",
		Config{Filters: []events.Filter{events.Succeeded()}}, events.Return)
	if after < maxWait || after > maxWait+100*time.Millisecond {
		t.Errorf("after %v: %s", after, eventstest.Format(e))
	}
}
