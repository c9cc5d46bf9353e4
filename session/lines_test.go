package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
	"gtrace/session/engine"
	"gtrace/session/source"
)

// A listing lists lines of functions, by name.
type listing map[string][]int

func (l listing) Lines(fn *engine.Function) ([]int, error) {
	if lines, ok := l[fn.Name]; ok {
		return lines, nil
	}
	return nil, errors.New("it has none")
}

func TestResolveLines(t *testing.T) {
	fns := []*engine.Function{
		{Name: "main.a", Package: "main", File: "/src/app/server.go", Line: 10, Entry: 1},
		{Name: "main.a.func1", Package: "main", File: "/src/app/server.go", Line: 12, Entry: 2},
		{Name: "main.b", Package: "main", File: "/src/app/server.go", Line: 30, Entry: 3},
		{Name: "main.c", Package: "main", File: "/src/app/main.go", Line: 3, Entry: 4},
		{Name: "main.asm", Package: "main", File: "/src/app/server.go", Line: 50, Entry: 5},
	}
	lister := listing{"main.a": {11, 12, 20}, "main.a.func1": {13, 14}, "main.b": {31, 32}, "main.c": {4}}
	for _, tt := range []struct{ trace, ignore, want string }{
		{"server.go:11", "", "main.a[11]"},
		{"server.go:12-13", "", "main.a.func1[13] main.a[12]"},
		{"server.go:1-99", "", "main.a.func1[13 14] main.a[11 12 20] main.b[31 32]"},
		{"server.go:1-99", "main.a*", "main.b[31 32]"},
		{"server.go:31 server.go:32", "", "main.b[31 32]"},
		{"server.go:31 server.go:31-32", "", "main.b[31 32]"},
		{"server.go:31 main.a", "", "main.a[] main.b[31]"},
		{"server.go:31 main.c", "", "main.b[31] main.c[]"},
		{"server.go", "", "main.a.func1[13 14] main.a[11 12 20] main.asm[] main.b[31 32]"},
		{"app/server.go:20", "", "main.a[20]"},
		{"*.go:4", "", "main.c[4]"},
	} {
		sel, err := Select(fns, "app", strings.Fields(tt.trace), strings.Fields(tt.ignore))
		if err != nil {
			t.Fatalf("%s: %v", tt.trace, err)
		}
		found, err := sel.ResolveLines(lister)
		if err != nil {
			t.Errorf("%s: %v", tt.trace, err)
		}
		var got []string
		for _, fn := range sel.Functions {
			got = append(got, fmt.Sprint(fn.Name, slices.Sorted(slices.Values(found[fn]))))
		}
		slices.Sort(got)
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.trace, got, tt.want)
		}
	}
}

func TestNoLine(t *testing.T) {
	fns := []*engine.Function{
		{Name: "main.a", Package: "main", File: "/src/server.go", Line: 10, Entry: 1},
		{Name: "main.b", Package: "main", File: "/src/server.go", Line: 30, Entry: 3},
		{Name: "main.asm", Package: "main", File: "/src/sum.go", Line: 50, Entry: 5},
	}
	lister := listing{"main.a": {11, 20}, "main.b": {31, 32}}
	for _, tt := range []struct{ trace, want string }{
		{"server.go:15", "; near it: lines 11, 20"},
		{"server.go:25-30", "; near it: lines 20, 31"},
		{"server.go:5", "; near it: line 11"},
		{"server.go:99", "; near it: line 32"},
		{"sum.go:51", ""},
	} {
		sel, err := Select(fns, "app", []string{tt.trace}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sel.ResolveLines(lister)
		wrong, ok := errors.AsType[*NoLineError](err)
		want := fmt.Sprintf("no statement begins on the lines of %q, or the compiler has left it out%s", tt.trace, tt.want)
		if !ok || wrong.Pattern != tt.trace || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", tt.trace, err, want)
		}
	}
}

func TestLinePatterns(t *testing.T) {
	for text, want := range map[string]span{
		"server.go:42":      {42, 42},
		"server.go:40-60":   {40, 60},
		"server.go:42-42":   {42, 42},
		"a/b/server.go:1":   {1, 1},
		"/src/server.go:7":  {7, 7},
		"*.go:7":            {7, 7},
		"server.go":         everyLine,
		"C:/src/x.go:3-100": {3, 100},
	} {
		p, err := parsePattern(text)
		if err != nil || p.lines == nil || *p.lines != want || p.text != text {
			t.Errorf("%s: %+v, %v, want %v", text, p.lines, err, want)
		}
	}
	for _, text := range []string{
		"server.go:", "server.go:0", "server.go:-1", "server.go:5-", "server.go:-", "server.go:6-5", "server.go:1-2-3",
		"server.go:99999999999999999999",
	} {
		if p, err := parsePattern(text); err == nil {
			t.Errorf("%s: lines %+v", text, p.lines)
		} else if want := fmt.Sprintf("pattern %q: lines are written as server.go:42 or server.go:40-60", text); err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// lineScript is a call with a loop, and one inside it that is not traced by line.
const lineScript = `
	g1 enter main.f 10 n=2
	g1 reach main.f 10 line=11 n=2
	g1 reach main.f 10 line=12 n=2 sum@11=0
	g1 enter main.g 20
	g1 return main.g 20
	g1 reach main.f 10 line=12 n=1 sum@11=1
	g1 return main.f 10 line=14 sum@11=3
	exit 0
`

func TestLineEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "main.go")
	text := strings.Repeat("//\n", 9) + "func f(n int) {\n\tsum := 0\n\t\tsum += g()\n}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	finder, err := source.New(source.Program{}, []string{"main.go=" + path})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"all lines", Config{Trace: []string{"main.f"}, Lines: true}, `
			line seq=2 g1 #1 depth=0 main.f @main.go:11
			line seq=3 g1 #1 depth=0 main.f @main.go:12 changes=(+sum=0)
			line seq=4 g1 #1 depth=0 main.f @main.go:12 changes=(~n=1, ~sum=1)
			return seq=5 g1 #1 depth=0 main.f @main.go:14 changes=(~sum=3)`},
		{"one line", Config{Trace: []string{"main.go:12"}, Old: true}, `
			line seq=2 g1 #1 depth=0 main.f @main.go:12 changes=(+sum=0)
			line seq=3 g1 #1 depth=0 main.f @main.go:12 changes=(~n=1 was 2, ~sum=1 was 0)
			return seq=4 g1 #1 depth=0 main.f @main.go:14 changes=(~sum=3 was 1)`},
		{"no line events asked for", Config{Trace: []string{"main.f"}}, `
			return seq=2 g1 #1 depth=0 main.f @main.go:14`},
		{"lines only", Config{Trace: []string{"main.f"}, Kinds: []events.Kind{events.Line}}, `
			line seq=1 g1 #1 depth=0 main.f @main.go:11
			line seq=2 g1 #1 depth=0 main.f @main.go:12 changes=(+sum=0)
			line seq=3 g1 #1 depth=0 main.f @main.go:12 changes=(~n=1, ~sum=1)`},
		{"with locals", Config{Trace: []string{"main.f"}, Locals: true}, `
			return seq=2 g1 #1 depth=0 main.f @main.go:14 locals=(sum=3)`},
		{"with their text", Config{Trace: []string{"main.go:11"}, Sources: finder}, `
			line seq=2 g1 #1 depth=0 main.f @main.go:11 source="\tsum := 0"
			return seq=3 g1 #1 depth=0 main.f @main.go:14 changes=(+sum=3)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eng := fake(t, lineScript)
			tt.cfg.Capture = engine.Capture{Args: true, Results: true}
			s, err := New(eng, tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for e, err := range s.Events(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Kind == events.Line || e.Kind == events.Return {
					e.Duration, e.HasDuration, e.Thread = 0, false, 0
					e.Time = e.Time.Truncate(0)
					line := eventstest.Format(e)
					_, line, _ = strings.Cut(line, " t=")
					_, line, _ = strings.Cut(line, " ")
					fmt.Fprintf(&got, "%s seq=%d %s\n", e.Kind, e.Seq, line)
				}
			}
			if got, want := got.String(), strings.ReplaceAll(tt.want, "\t\t\t", "")[1:]+"\n"; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestLinesOfARunningCall is about a goroutine that was inside a function when it
// was attached to: its line is of a call whose begin was not seen.
func TestLinesOfARunningCall(t *testing.T) {
	const script = `
		g1 reach main.f 10 line=12 n=1 sum@11=1 running=main.f@10
		g1 reach main.f 10 line=13 n=1 sum@11=2
		g1 return main.f 10 line=13
		exit 0`
	wantStream(t, script, Config{Trace: []string{"main.*"}, Lines: true}, `
		line seq=1 g1 #1 depth=0 main.f partial changes=(+sum=1)
		line seq=2 g1 #1 depth=0 main.f partial changes=(~sum=2)
		return seq=3 g1 #1 depth=0 main.f partial
		end reason=exited status=0 events=3`)
}

// TestNoLines is about engines, and functions, of which no line can be seen.
func TestNoLines(t *testing.T) {
	eng := fake(t, twoCalls+"g1 reach main.b 10 line=2\n")
	s, err := New(eng, Config{Trace: []string{"main.*"}, Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"lines of 1 function cannot be seen: main.a"}; !slices.Equal(s.start.Notes, want) {
		t.Errorf("notes %q, want %q", s.start.Notes, want)
	}
	blind := struct{ engine.Engine }{eng}
	if _, err := New(blind, Config{Trace: []string{"main.*"}, Lines: true}); !errors.Is(err, engine.ErrNotSupported) {
		t.Errorf("an engine without lines: %v", err)
	}
}
