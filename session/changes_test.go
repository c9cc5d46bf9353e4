package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/engine/enginetest"
)

// changesOf plays the hits of one call, and returns the changes of each as they
// are shown.
func changesOf(t *testing.T, m memory, observed []int, old bool, script string) string {
	t.Helper()
	hits, _, err := enginetest.Parse(script)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range hits {
		var list []string
		for _, c := range m.changes(&hits[i], nil, observed, old) {
			mark := "+"
			if c.Modified {
				mark = "~"
			}
			text := mark + c.Name + "=" + c.Value.Value
			if c.Old != "" {
				text += "<" + c.Old
			}
			list = append(list, text)
		}
		got = append(got, strings.Join(list, " "))
	}
	return strings.Join(got, "; ")
}

func TestChanges(t *testing.T) {
	args := []events.Value{{Name: "n", Value: "1"}, {Name: "s", Value: "a"}}
	for _, tt := range []struct {
		name, script, want string
		args               []events.Value
		observed           []int
		old, partial       bool
	}{
		{
			name: "new, the same, modified",
			script: `
				g1 reach main.f 10 line=3 x@2=1
				g1 reach main.f 10 line=4 x@2=1
				g1 reach main.f 10 line=5 x@2=2 y@4="[]int{1}"`,
			want: "+x=1; ; ~x=2 +y=[]int{1}",
		},
		{
			name: "with the value before", old: true,
			script: `
				g1 reach main.f 10 line=3 x@2=1
				g1 reach main.f 10 line=5 x@2=2
				g1 return main.f 10 line=5 x@2=3`,
			want: "+x=1; ~x=2<1; ~x=3<2",
		},
		{
			name: "arguments are known from the call", args: args,
			script: `
				g1 reach main.f 10 line=2 n=1 s=b
				g1 reach main.f 10 line=3 n=2 s=b`,
			want: "~s=b; ~n=2",
		},
		{
			name: "results and captured variables are there from the start, whatever they are",
			script: `
				g1 reach main.f 10 line=2 r=0 total=7
				g1 reach main.f 10 line=3 r=1 total=7`,
			want: "; ~r=1",
		},
		{
			name: "a variable that comes back unchanged is not new", old: true,
			script: `
				g1 reach main.f 10 line=3 x@2=1
				g1 reach main.f 10 line=4 x@2="<optimized out>"
				g1 reach main.f 10 line=5 x@2="<unreadable: x>"
				g1 reach main.f 10 line=6 x@2=1
				g1 reach main.f 10 line=7 x@2="<optimized out>"
				g1 reach main.f 10 line=8 x@2=2`,
			want: "+x=1; ; ; ; ; ~x=2<1",
		},
		{
			name: "an argument that could not be read at first is no new variable",
			script: `
				g1 reach main.f 10 line=2 n="<optimized out>"
				g1 reach main.f 10 line=3 n=5`,
			want: "; +n=5",
		},
		{
			name: "one that shadows another is another one",
			script: `
				g1 reach main.f 10 line=3 x@2=1
				g1 reach main.f 10 line=5 x@4=1
				g1 reach main.f 10 line=7 x@2=1`,
			want: "+x=1; +x=1; ",
		},
		{
			name: "what is on the line of its declaration has no value yet, in no round of a loop",
			script: `
				g1 reach main.f 10 line=4 k@4=824634
				g1 reach main.f 10 line=5 k@4=1
				g1 reach main.f 10 line=4 k@4=1
				g1 reach main.f 10 line=5 k@4=2`,
			want: "; +k=1; ; ~k=2",
		},
		{
			name: "a declaration that was not run, before a return that many share", observed: []int{2, 4, 5},
			script: `
				g1 reach main.f 10 line=2
				g1 return main.f 10 line=5 x@2=1 y@4=824634`,
			want: "; +x=1",
		},
		{
			name: "a call that was running: all that is there is new", observed: []int{2, 4, 7}, partial: true,
			script: `
				g1 reach main.f 10 line=7 n=5 x@2=1 y@4=2 z@9=3`,
			want: "+x=1 +y=2",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := changesOf(t, memory{args: tt.args, partial: tt.partial}, tt.observed, tt.old, tt.script); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestChangesProperty says that whoever applies the changes knows the variables
// as they were last read, and is told nothing that he knows.
func TestChangesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m memory
		known := map[uint64]string{}
		for line := range rapid.IntRange(1, 12).Draw(t, "hits") {
			h := engine.Hit{Kind: engine.Reached, Line: 100 + line}
			want := map[uint64]string{}
			for id := range uint64(4) {
				v := engine.Variable{ID: id, Declared: 1, Missing: rapid.IntRange(0, 3).Draw(t, "missing") == 0}
				v.Name, v.Value.Value = fmt.Sprint("v", id), fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "value"))
				if v.Missing {
					v.Value.Value = "<optimized out>"
				} else {
					want[id] = v.Value.Value
				}
				if rapid.IntRange(0, 4).Draw(t, "visible") > 0 {
					h.Locals = append(h.Locals, v)
				} else {
					delete(want, id)
				}
			}
			for _, c := range m.changes(&h, nil, nil, true) {
				i := slices.IndexFunc(h.Locals, func(v engine.Variable) bool { return v.Name == c.Name })
				id := h.Locals[i].ID
				before, had := known[id]
				if c.Modified != had || c.Old != before || c.Value.Value == before {
					t.Fatalf("%+v of what was %q", c, before)
				}
				known[id] = c.Value.Value
			}
			for id, value := range want {
				if known[id] != value {
					t.Fatalf("variable %d is %s, told was %q", id, value, known[id])
				}
			}
		}
	})
}

// BenchmarkChanges compares the variables of a line with those before. What it
// costs a variable must not grow with their number.
func BenchmarkChanges(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("variables=%d", n), func(b *testing.B) {
			h := engine.Hit{Kind: engine.Reached, Line: 100, Locals: make([]engine.Variable, n)}
			for i := range h.Locals {
				h.Locals[i] = engine.Variable{ID: uint64(i), Declared: 1, Value: events.Value{Name: fmt.Sprint("v", i), Value: strings.Repeat("x", 64)}}
			}
			var m memory
			round := 0
			for b.Loop() {
				round++
				h.Locals[round%n].Value.Value = fmt.Sprint(round)
				m.changes(&h, nil, nil, false)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/variable")
		})
	}
}
