package session

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gtrace/events"
	"gtrace/events/eventstest"
	"gtrace/session/engine"
)

// follow returns the stream of a target that goes from script to script, without
// the start.
func follow(t *testing.T, cfg Config, scripts ...string) []string {
	t.Helper()
	f := fake(t, scripts[len(scripts)-1])
	for _, script := range slices.Backward(scripts[:len(scripts)-1]) {
		before := fake(t, script+"\nexec")
		before.Next = f
		f = before
	}
	cfg.FollowExec = true
	s, err := New(f, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	v := eventstest.Validator{Filtered: cfg.Rate.Calls > 0}
	for e, err := range s.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Check(e); err != nil {
			t.Error(err)
		}
		if e.Exec != nil {
			e.Exec.Stopped = 0
		}
		got = append(got, short(e))
	}
	if err := v.Finish(); err != nil {
		t.Error(err)
	}
	return got[1:]
}

// TestFollowExec checks that calls end with their program and that nothing is
// carried over into the next but the ids.
func TestFollowExec(t *testing.T) {
	got := follow(t, Config{Trace: []string{"main.a", "main.c"}},
		`g1 enter main.a 10
		g1 raise panic x 20
		g2 enter main.a 10
		g2 return main.a 10`,
		`g1 enter main.c 20
		g1 enter main.a 30
		g1 unwind 10
		g1 enter main.b 30`,
		`g1 enter main.b 20
		exit 3`)
	want := []string{
		`call seq=1 g1 #1 depth=0 main.a`,
		`exception seq=2 g1 #1 depth=0 main.a !panic(value=x)`,
		`call seq=3 g2 #2 depth=0 main.a`,
		`return seq=4 g2 #2 depth=0 main.a`,
		`exec pid=7 program=/bin/program go=go1.26 patterns=(main.a, main.c) functions=2 probes=3 open=(#1 g1 main.a)`,
		`call seq=5 g1 #3 depth=0 main.c`,
		`call seq=6 g1 #4 parent=3 depth=1 main.a`,
		`exception seq=7 g1 #4 parent=3 depth=1 main.a !panic(value="<unreadable: it began before tracing>")`,
		`return seq=8 g1 #4 parent=3 depth=1 main.a unwound`,
		`exception seq=9 g1 #3 depth=0 main.c !panic(value="<unreadable: it began before tracing>")`,
		`return seq=10 g1 #3 depth=0 main.c unwound`,
		`exec pid=7 program=/bin/program go=go1.26 patterns=(main.a, main.c) probes=1 notes=("nothing in this program matches main.a", "nothing in this program matches main.c")`,
		`end reason=exited status=3 events=10`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFollowExecFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		next string // "" for a program that the engine cannot follow
		want string
	}{
		{"no Go", Config{}, "", `end reason=exec message="follow: not a Go program" events=1 open=(#1 g1 main.a)`},
		{
			"too many",
			Config{MaxProbes: 1},
			"g1 enter main.b 10\ng1 enter main.c 20\nexit 0",
			"end reason=exec message=`\"main.*\" chooses 2 functions, more than the 1 that are allowed: narrow the pattern, or raise --max-probes to 2` events=1 open=(#1 g1 main.a)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := fake(t, "g1 enter main.a 10\nexec")
			if tt.next != "" {
				f.Next = fake(t, tt.next)
			}
			tt.cfg.FollowExec = true
			got, err := trace(t, t.Context(), f, tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got := got[len(got)-1]; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestFollowExecRate checks that calls which --rate has left out are not listed
// as open, and that their ids do not count in the next program.
func TestFollowExecRate(t *testing.T) {
	got := follow(t, Config{Rate: Rate{Calls: 1, Per: time.Minute}},
		"g1 enter main.a 10\ng2 enter main.a 10",
		"g1 enter main.b 10\nexit 0")
	want := []string{
		`call seq=1 g1 #1 depth=0 main.a`,
		`exec pid=7 program=/bin/program go=go1.26 patterns=(main.*) functions=1 probes=2 open=(#1 g1 main.a)`,
		`lost count=2 why="--rate 1/m left out 2 calls"`,
		`end reason=exited status=0 events=1 lost=2`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A deaf engine cannot follow.
type deaf struct{ engine.Engine }

func TestFollowExecNotSupported(t *testing.T) {
	f := fake(t, twoCalls)
	if _, err := New(deaf{f}, Config{FollowExec: true, Kinds: []events.Kind{events.Call}}); err == nil {
		t.Error("no error")
	}
	if len(f.Probes()) > 0 {
		t.Error("probes stay behind")
	}
}
