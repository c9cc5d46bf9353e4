package session

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gtrace/events"
)

func TestPick(t *testing.T) {
	// The calls of two functions, in turns.
	var calls []events.Event
	for i := range 20 {
		calls = append(calls, events.Event{Kind: events.Call, Call: events.CallID(i + 1), Func: fmt.Sprintf("main.f%d", i%2)})
	}
	tests := []struct {
		pick Pick
		want string // of the calls of each function, those that are kept
	}{
		{Pick{Skip: 8}, "9 10"},
		{Pick{Every: 1, Sample: 1}, "1 2 3 4 5 6 7 8 9 10"},
		{Pick{Every: 3}, "3 6 9"},
		{Pick{Skip: 4, Every: 3}, "7 10"},
		{Pick{Skip: math.MaxUint64}, ""},
	}
	for _, tt := range tests {
		p := newPicker(tt.pick)
		got := make(map[string][]string)
		seen := make(map[string]int)
		for i := range calls {
			name := calls[i].Func
			seen[name]++
			if p.Keep(calls[i : i+1]) {
				got[name] = append(got[name], fmt.Sprint(seen[name]))
			}
		}
		for _, name := range []string{"main.f0", "main.f1"} {
			if got := strings.Join(got[name], " "); got != tt.want {
				t.Errorf("%+v: of %s got %s, want %s", tt.pick, name, got, tt.want)
			}
		}
	}
}

// A sample is near what it says, the same each time, and follows no loop.
func TestSample(t *testing.T) {
	for _, n := range []uint64{2, 3, 10, 1000} {
		const calls = 300000
		p, again := newPicker(Pick{Sample: n}), newPicker(Pick{Sample: n})
		kept := [3]uint64{}
		for i := range calls {
			call := []events.Event{{Kind: events.Call, Call: events.CallID(i + 1), Func: "main.f"}}
			keep := p.Keep(call)
			if keep != again.Keep(call) {
				t.Fatal("another sample the second time")
			}
			if keep {
				kept[i%3]++
			}
		}
		for i, got := range kept {
			want := float64(calls / 3 / n)
			if math.Abs(float64(got)-want) > 5*math.Sqrt(want) {
				t.Errorf("1/%d keeps %d calls of those with the remainder %d, want about %.0f", n, got, i, want)
			}
		}
	}
}

func TestPickInStream(t *testing.T) {
	const script = `
		g1 enter main.a 10
		g1 enter main.b 20
		g1 return main.b 20 ids=1 err=x
		g1 enter main.b 20
		g1 return main.b 20
		g1 enter main.b 20
		g1 return main.b 20 ids=2 err=y
		g1 return main.a 10 ids=2 err=y
		g1 raise fatal x 30
		exit 2`
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{
			"at the begin of a call", Config{Pick: Pick{Every: 2}}, `
			call seq=1 g1 #3 parent=1 depth=1 main.b
			return seq=2 g1 #3 parent=1 depth=1 main.b
			exception seq=3 g1 depth=0 !fatal(value=x)
			end reason=exited status=2 events=3`,
		},
		{
			"of what the filters keep", Config{Pick: Pick{Skip: 1}, Filters: []events.Filter{events.Failed()}}, `
			call seq=1 g1 #4 parent=1 depth=1 main.b
			exception seq=2 g1 #4 parent=1 depth=1 main.b !error(value=y)
			return seq=3 g1 #4 parent=1 depth=1 main.b error=y
			exception seq=4 g1 depth=0 !fatal(value=x)
			end reason=exited status=2 events=4`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) { wantStream(t, script, tt.cfg, tt.want) })
	}
}
