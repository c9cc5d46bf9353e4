package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gtrace/diag"
	"gtrace/events"
	"gtrace/session/engine"
)

// watched returns what the events of a trace say of watches.
func watched(t *testing.T, eng engine.Engine, cfg Config) []string {
	t.Helper()
	s, err := New(eng, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for e, err := range s.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Call != events.NoCall {
			watch := make([]string, len(e.Watch))
			for i, w := range e.Watch {
				watch[i] = fmt.Sprintf("{%s %s %s}", w.Expr, w.Type, w.Value)
			}
			got = append(got, fmt.Sprintf("%s %s %v", e.Kind, e.Func, watch))
		}
	}
	return got
}

// TestWatch checks that each call tells what it sees first, and what changes.
func TestWatch(t *testing.T) {
	cfg := Config{Watch: []engine.Watch{{Expr: "n"}, {Expr: "n > 3"}, {Expr: "s"}}}
	got := watched(t, fake(t, `
		g1 enter main.a 10 n=1
		g1 enter main.a 20 n=5 s="\"x\""
		g1 enter main.b 30
		g1 return main.b 30 s="\"y\""
		g1 return main.a 20 n=5 s="\"z\""
		g1 return main.a 10 n=2
		exit 0`), cfg)
	want := []string{
		"call main.a [{n int 1} {n > 3 untyped bool false}]",
		`call main.a [{n int 5} {n > 3 untyped bool true} {s string "x"}]`,
		"call main.b []",
		`return main.b [{s string "y"}]`,
		`return main.a [{s string "z"}]`,
		"return main.a [{n int 2}]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\ngot  %q\nwant %q", got, want)
	}
}

// plain is an engine that evaluates nothing.
type plain struct{ engine.Engine }

func TestMistakes(t *testing.T) {
	const script = `
		g1 enter main.a 10 n=1
		g1 enter main.b 20 m=1
		g1 return main.b 20
		g1 return main.a 10`
	for _, tt := range []struct {
		cfg  Config
		want string
	}{
		{Config{If: "x > 1"}, "--if: it has no meaning in any of the 2 functions: undefined: x"},
		{Config{If: "n", Trace: []string{"main.a"}}, "--if: this is of type int"},
		{Config{Watch: []engine.Watch{{Expr: "n"}, {Expr: "m + x"}}}, "--watch: it has no meaning in any of the 2 functions: undefined: "},
	} {
		eng := fake(t, script)
		_, err := New(eng, tt.cfg)
		if _, ok := errors.AsType[*diag.Error](err); !ok || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%v, want %s", err, tt.want)
		}
		if p := eng.Probes(); len(p) > 0 {
			t.Errorf("left behind: %v", p)
		}
	}
	_, err := New(plain{fake(t, script)}, Config{Watch: []engine.Watch{{Expr: "n", Parts: true}}})
	if !errors.Is(err, engine.ErrNotSupported) || !strings.HasPrefix(err.Error(), "--explode: ") {
		t.Error(err)
	}
}

// TestIf checks that calls are left out whole, and what is told of functions and
// calls about which nothing can be said.
func TestIf(t *testing.T) {
	var warnings []string
	cfg := Config{If: "4/n == 2", Warn: func(format string, args ...any) {
		warnings = append(warnings, fmt.Sprintf(format, args...))
	}}
	s, err := New(fake(t, `
		g1 enter main.a 10 n=1
		g1 enter main.b 20
		g1 enter main.a 30 n=2
		g1 return main.a 30
		g1 return main.b 20
		g1 enter main.a 40 n=0
		g1 return main.a 40
		g1 enter main.a 40 n=0
		g1 return main.a 40
		g1 return main.a 10
		exit 0`), cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for e, err := range s.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %s %d", e.Kind, e.Func, e.Depth))
		if e.Start != nil && (len(e.Start.Notes) != 1 || !strings.Contains(e.Start.Notes[0], "no meaning: main.b; the first says: undefined: n")) {
			t.Errorf("notes %q", e.Start.Notes)
		}
	}
	want := []string{"start  0", "call main.a 0", "return main.a 0", "call main.a 0", "return main.a 0", "call main.a 0", "return main.a 0", "end  0"}
	if !slices.Equal(got, want) {
		t.Errorf("\ngot  %q\nwant %q", got, want)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "a call of main.a, which is shown") {
		t.Errorf("%q", warnings)
	}
}
