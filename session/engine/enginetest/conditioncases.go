package enginetest

import (
	"errors"
	"slices"
	"testing"

	"gtrace/diag"
	"gtrace/session/engine"
)

// condition checks that of calls which a condition leaves out nothing is told.
func (s suite) condition(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want []string
	}{
		{"n > 1", []string{"enter main.work", "return main.work", "enter main.work", "return main.work"}},
		{"n == 2 || n%7 == 3 && n < 3", []string{"enter main.work", "return main.work"}},
		{"n > 3", nil},
		{"n < 4", []string{"enter main.work", "return main.work", "enter main.work", "return main.work", "enter main.work", "return main.work"}},
	} {
		eng := s.start(t, "calls")
		probe(t, eng, "main.outer")
		p := engine.Probe{What: engine.Calls, Func: function(t, eng, "main.work"), If: tt.expr, Capture: everything}
		if _, err := eng.Plant(p); err != nil {
			t.Fatal(err)
		}
		want := append([]string{"enter main.outer"}, tt.want...)
		equal(t, collect(t, eng), append(want, "return main.outer", "end")...)
	}
}

// mistake checks that a condition which means nothing is refused, with the place.
func (s suite) mistake(t *testing.T) {
	eng := s.start(t, "calls")
	for expr, offset := range map[string]int{"n": 0, "n > 1 && m": 9, `n == "one"`: 5, "n ==": 4, "n.x > 0": 2, "work(n) > 0": 0} {
		p := engine.Probe{What: engine.Calls, Func: function(t, eng, "main.work"), If: expr}
		_, err := eng.Plant(p)
		if e, ok := errors.AsType[*diag.Error](err); !ok || e.Offset != offset || e.Expr != expr {
			t.Errorf("%s: %v, want a mistake at %d", expr, err, offset)
		}
	}
	probe(t, eng, "main.work") // nothing is left of them
}

// eval checks what expressions are at entries and returns.
func (s suite) eval(t *testing.T) {
	eng := s.start(t, "calls")
	evaluator, ok := eng.(engine.Evaluator)
	if !ok {
		t.Skip("nothing can be evaluated")
	}
	probe(t, eng, "main.work")
	work, sum := function(t, eng, "main.work"), engine.Watch{Expr: "n*10 + 1"}
	if err := evaluator.Check(work, sum); err != nil {
		t.Error(err)
	}
	mistake := evaluator.Check(work, engine.Watch{Expr: "n + m"})
	if e, ok := errors.AsType[*diag.Error](mistake); !ok || e.Offset != 4 {
		t.Errorf("n + m: %v", mistake)
	}
	var got []string
	for h, err := range eng.Hits(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if h.Kind != engine.Entered {
			continue
		}
		values, err := evaluator.Eval(sum, engine.Limits{})
		if err != nil || len(values) != 1 {
			t.Fatalf("%v, %v", values, err)
		}
		got = append(got, values[0].Name+" "+values[0].Type+" "+values[0].Value)
		if _, err := evaluator.Eval(engine.Watch{Expr: "1/(n-1)"}, engine.Limits{}); (err == nil) != (len(got) > 1) {
			t.Errorf("1/(n-1) at call %d: %v", len(got), err)
		}
	}
	if want := []string{"n*10 + 1 int 11", "n*10 + 1 int 21", "n*10 + 1 int 31"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if _, err := evaluator.Eval(sum, engine.Limits{}); err == nil {
		t.Error("evaluated after the end")
	}
}

// doubt checks that a call is seen whose condition cannot be evaluated.
func (s suite) doubt(t *testing.T) {
	eng := s.start(t, "calls")
	p := engine.Probe{What: engine.Calls, Func: function(t, eng, "main.work"), If: "4/(n-1) == 2", Capture: everything}
	if _, err := eng.Plant(p); err != nil {
		t.Fatal(err)
	}
	hits := collect(t, eng)
	equal(t, hits, "enter main.work", "return main.work", "enter main.work", "return main.work", "end")
	if hits[0].Doubt == "" || hits[2].Doubt != "" || hits[2].Values[0].Value != "3" {
		t.Errorf("doubts %q and %q", hits[0].Doubt, hits[2].Doubt)
	}
}
