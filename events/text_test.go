package events_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gtrace/events"
	"gtrace/events/eventstest"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

func TestMain(m *testing.M) {
	time.Local = time.UTC // the zone of times of day in the goldens
	os.Exit(m.Run())
}

// shop reads a stream that has everything a person may see.
func shop(t testing.TB) []events.Event {
	t.Helper()
	b, err := os.ReadFile("testdata/shop.events")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, strings.Split(strings.TrimSpace(string(b)), "\n")...)
}

func render(t testing.TB, opts events.TextOptions, list ...events.Event) string {
	t.Helper()
	var b strings.Builder
	sink := events.Text(&b, opts)
	for _, e := range list {
		if err := sink.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// text renders a stream without times, start and end.
func text(t testing.TB, lines ...string) string {
	t.Helper()
	return render(t, events.TextOptions{Time: events.TimeNone, Quiet: true}, parse(t, lines...)...)
}

func TestTextGolden(t *testing.T) {
	var v eventstest.Validator
	for _, e := range shop(t) {
		if err := v.Check(e); err != nil {
			t.Fatal(err)
		}
	}
	calls := []events.Kind{events.Call}
	tests := []struct {
		golden string
		opts   events.TextOptions
	}{
		{"shop.txt", events.TextOptions{}},
		{"shop_color.txt", events.TextOptions{Color: true}},
		{"shop_width.txt", events.TextOptions{Width: wide(100), Time: events.TimeRelative}},
		{"shop_delta.txt", events.TextOptions{Time: events.TimeDelta, Prefix: "> ", Quiet: true}},
		{"shop_calls.txt", events.TextOptions{Time: events.TimeNone, Kinds: calls}},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			list := shop(t)
			if tt.opts.Kinds != nil {
				kept := list[:0]
				for _, e := range list {
					if e.Kind == events.Call || e.Start != nil || e.End != nil {
						kept = append(kept, e)
					}
				}
				list = kept
			}
			got := render(t, tt.opts, list...)
			name := filepath.Join("testdata", tt.golden)
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestTextRows(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"arguments not captured", []string{`call g1 #1 main.f`, `return g1 #1 main.f`}, "g1   • main.f(…)\n"},
		{"errors among values", []string{
			`call g1 #1 main.f(err:error=E!"a, b")`,
			`return g1 #1 main.f -> (~r0:error=E!one, ok:bool=false)`,
		}, "g1   • main.f(err=✗ \"a, b\") → ✗ \"one\", ok=false\n"},
		{"an error without results", []string{`return g1 #1 main.f error=bad`}, "g1   ╰ main.f → ✗ bad\n"},
		{"recovered where it began, with an error", []string{
			`exception g1 #1 main.f !panic(value=main.T{} type=main.T origin=main.f@f.go:3)`,
			`call g1 #2 parent=1 depth=1 main.f.func1()`,
			`return g1 #2 parent=1 depth=1 main.f.func1`,
			`exception g1 #1 main.f !error(value=bad origin=main.f@f.go:5)`,
			`return g1 #1 main.f recovered -> (err:error=E!bad) error=bad`,
		}, `g1   │ ✗ panic: main.T{} (main.T) (f.go:3)
g1   │ • main.f.func1()
g1   ╰ main.f  ↺ recovered → err=✗ bad (f.go:5)
`},
		{"recovered", []string{
			`exception g1 #1 main.f !panic(value=x recovered recovered_by=main.g@g.go:2 origin=main.h@h.go:3)`,
			`return g1 #1 main.f recovered -> (=1)`,
		}, "g1   ╰ main.f  ↺ recovered panic: x (main.h h.go:3) by main.g → 1\n"},
		{"classes", []string{
			`exception g1 !goexit`,
			`exception g0 !fatal(value="all goroutines are asleep")`,
			`exception g1 !runtime(value="runtime error: integer divide by zero" origin=main.f@/x/f.go:3)`,
			`exception g1 !runtime(value="slice")`,
		}, `g1   ✗ Goexit
g0   ✗ fatal error: all goroutines are asleep
g1   ✗ runtime error: integer divide by zero (main.f f.go:3)
g1   ✗ runtime error: slice
`},
		{"watch and stack", []string{
			`call g1 #1 main.f() watch=(a.b=3) stack=(main.f@/s/f.go:1 main.main@/s/m.go:2)`,
			`line g1 #1 main.f @/s/f.go:2 source="\tx()" watch=(a.b=4)`,
		}, `g1   ╭ main.f()
g1   │   watch a.b = 3
g1   │   at main.f f.go:1
g1   │   at main.main m.go:2
g1   │ f.go:2    x()
g1   │   watch a.b = 4
`},
		{"writes", []string{
			`write g1 depth=0 main.f @/s/f.go:2 watch=(main.n:int=2 old=1)`,
			`call g1 #1 depth=0 main.f()`,
			`write g1 #1 depth=0 main.g @/s/g.go:2 watch=(main.n:int=3 old=2) stack=(main.g@/s/g.go:2)`,
			`return g1 #1 depth=0 main.f -> ()`,
		}, `g1   ~main.n = 2 was 1 in main.f  f.go:2
g1   ╭ main.f()
g1   │ ~main.n = 3 was 2 in main.g  g.go:2
g1   │   at main.g g.go:2
g1   ╰ main.f
`},
		{"deep", []string{`call g1 #1 depth=30 main.f()`}, "g1   " + strings.Repeat("│ ", 24) + "+6 ╭ main.f()\n"},
		{"the goroutine column grows", []string{`call g1 main.f`, `call g1234 main.f`, `call g1 main.f`}, "g1   ╭ main.f(…)\ng1234  ╭ main.f(…)\ng1     ╭ main.f(…)\n"},
		{"control characters", []string{
			`call g1 #1 "main.\x1b[31mf"("a\nb"="\x1b]0;title\x07\r\u202e\u009b\xff\U000e0001\t") caller=main.f@"/s/\x1b.go":1`,
		}, `g1   ╭ main.\x1b[31mf(a\nb=\x1b]0;title\x07\r\u202e\u009b\xff\U000e0001\t)  \x1b.go:1` + "\n"},
		{"blanks", []string{"call g1 #1 main.f(\"a\"=\"\u115f\u3164\uffa0\u2800\ufe0f한é\") caller=main.g@/a.go:1"}, "g1   ╭ main.f(a=" + `\u115f\u3164\uffa0\u2800\ufe0f` + "한é)  a.go:1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, text(t, tt.lines...)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestTextEnd(t *testing.T) {
	var b strings.Builder
	sink := events.Text(&b, events.TextOptions{Time: events.TimeNone})
	for _, e := range parse(t,
		`lost why="main.hot: calls not seen for 947ms" func=main.hot unseen=947ms`,
		`end reason=exited status=0 held=61ms overhead=0.0497 thinned=(main.hot 2.5s *3, main.warm 1s *1)`,
		`end reason=limit held=1ms overhead=0.00123`,
		`end reason=limit held=3s overhead=1.5`,
	) {
		if err := sink.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	want := `⚠ main.hot: calls not seen for 947ms
■ exited with status 0  0 events, threads held 61ms (5.0%)
  throttled  main.hot  not seen for 2.5s in 3 gaps
  throttled  main.warm  not seen for 1s in 1 gap
■ limit reached  0 events, threads held 1ms (0.12%)
■ limit reached  0 events, threads held 3s (150%)
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestTextFold checks what is held back, and until when.
func TestTextFold(t *testing.T) {
	var b strings.Builder
	sink := events.Text(&b, events.TextOptions{Time: events.TimeNone})
	write := func(line, want string) {
		t.Helper()
		b.Reset()
		var err error
		if line == "flush" {
			err = sink.(events.Flusher).Flush()
		} else {
			err = sink.Write(parse(t, line)[0])
		}
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("%s printed\n%swant\n%s", line, b.String(), want)
		}
	}
	write(`call g1 #1 main.a()`, "")
	write(`call g2 #2 main.b()`, "")
	write(`return g2 #2 main.b`, "g2   • main.b()\n")
	write(`call g2 #3 main.b()`, "")
	write(`flush`, "g1   ╭ main.a()\ng2   ╭ main.b()\n")
	write(`flush`, "")
	write(`return g2 #3 main.b`, "g2   ╰ main.b\n")
	write(`call g1 #4 parent=1 depth=1 main.c()`, "")
	write(`exception g1 #4 parent=1 depth=1 main.c !error(value=x)`, "")
	write(`call g3 #5 main.d()`, "")
	write(`lost count=1`, "g1   │ ╭ main.c()\ng1   │ │ ✗ error: x\ng3   ╭ main.d()\n⚠ 1 event lost\n")
	write(`call g4 #6 main.e()`, "")
	for range 8 {
		write(`exception g5 !fatal(value=x)`, "g5   ✗ fatal error: x\n")
	}
	write(`exception g5 !fatal(value=x)`, "g4   ╭ main.e()\ng5   ✗ fatal error: x\n")
}

func TestTextHeldIsBounded(t *testing.T) {
	var b strings.Builder
	sink := events.Text(&b, events.TextOptions{Time: events.TimeNone, Quiet: true})
	const n = 10_000
	for i := range n {
		e := events.Event{Kind: events.Call, Goroutine: int64(i + 1), Call: events.CallID(i + 1), Func: "main.f"}
		if err := sink.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(b.String(), "\n"); got < n-4096 {
		t.Errorf("%d of %d calls printed", got, n)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "\n"); got != n {
		t.Errorf("%d of %d calls printed after Close", got, n)
	}
}

func TestParseTimeMode(t *testing.T) {
	for _, m := range []events.TimeMode{events.TimeWall, events.TimeRelative, events.TimeDelta, events.TimeNone} {
		if got, err := events.ParseTimeMode(m.String()); err != nil || got != m {
			t.Errorf("ParseTimeMode(%q) = %v, %v", m, got, err)
		}
	}
	if _, err := events.ParseTimeMode("never"); err == nil || !strings.Contains(err.Error(), `"never"`) {
		t.Errorf("ParseTimeMode(never): %v", err)
	}
	if got := events.TimeMode(9).String(); got != "TimeMode(9)" {
		t.Error(got)
	}
}

// FuzzText demands that nothing an event carries gets through to a terminal.
func FuzzText(f *testing.F) {
	for _, e := range eventstest.Everything() {
		f.Add(eventstest.Format(e), 0)
	}
	for _, e := range shop(f) {
		f.Add(eventstest.Format(e), 60)
	}
	f.Fuzz(func(t *testing.T, line string, width int) {
		e, err := eventstest.Parse(line)
		if err != nil {
			return
		}
		checkPrintable(t, render(t, events.TextOptions{Width: wide(width)}, e, e))
	})
}

// checkPrintable checks that there is nothing in text that steers a terminal.
func checkPrintable(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			t.Fatalf("%q in %q", r, text)
		}
	}
}

func BenchmarkText(b *testing.B) {
	benchmark(b, events.Text(io.Discard, events.TextOptions{Color: true, Width: wide(200)}))
}

// TestTextVariables shows what variables did on the rows of lines and returns: at
// a return not once more what its results say.
func TestTextVariables(t *testing.T) {
	got := text(t,
		`call seq=1 g1 #1 depth=0 main.f(n:int=1) @/src/a.go:5`,
		`line seq=2 g1 #1 depth=0 main.f @/src/a.go:6 source="\tn++"`,
		`line seq=3 g1 #1 depth=0 main.f @/src/a.go:7 source="\treturn n" changes=(~n:int=2 was 1, +s:string="\"x y\"")`,
		`return seq=4 g1 #1 depth=0 main.f -> (r:int=2, err:error=nil) @/src/a.go:7 changes=(~r:int=2 was 0, ~n:int=3 was 2) locals=(n:int=3, gone:int="<optimized out>")`,
	)
	want := `
g1   ╭ main.f(n=1)
g1   │ a.go:6    n++
g1   │ a.go:7    return n  ~n=2 was 1  +s="x y"
g1   ╰ main.f → r=2, err=nil  ~n=3 was 2
g1       n = 3
g1       gone = <optimized out>
`
	if got := "\n" + got; got != want {
		t.Errorf("got%s\nwant%s", got, want)
	}
}

// TestTextFits narrows the output: values give way first, so that results, errors
// and durations can be seen; what is about the stream is never cut.
func TestTextFits(t *testing.T) {
	stream := parse(t,
		`start program=/bin/p pid=1 notes=("a note that is longer than any of the lines that stand below it, by far")`,
		`call seq=1 t=1s g1 #1 main.load(a:string="`+"`"+strings.Repeat("a", 90)+"`"+`", b:string="`+"`"+strings.Repeat("b", 9)+"`"+`")`,
		`return seq=2 t=1s g1 #1 main.load -> (:int=3) duration=3ms`,
		`line seq=3 t=2s g1 main.load @/a.go:3 source="x"`,
	)
	failed := parse(t, `call seq=1 t=1s g1 #1 main.load(a:string="`+"`"+strings.Repeat("a", 90)+"`"+`")`,
		`return seq=2 t=1s g1 #1 main.load -> (:error=E!"what is wrong") error="what is wrong" duration=3ms`)
	const whole = "g1   • main.load(a=`aaaaaaaaaaaaaaaaaaaaaaa…) → ✗ what is wrong  3ms\n"
	if got := render(t, events.TextOptions{Width: wide(40), Time: events.TimeNone}, failed...); got != whole {
		t.Errorf("an error: %s, want %s", got, whole)
	}
	narrow := parse(t, `call seq=1 t=1s g1 #1 main.serve(w:any="&http.Request{Method:1, URL:2, Proto:3, ProtoMajor:4}", s:string="\"{a long text with a brace}\"") @/a.go:1 caller=main.main@/src/main.go:17`)
	for width, want := range map[int]string{
		75: "g1   ╭ main.serve(w=&http.Request{Me…, s=\"{a long text wi…)    main.go:17\n",
		48: "g1   ╭ main.serve(w=&http.Request{…}, s=\"{a lo…)\n",
		45: "g1   ╭ main.serve(w=&ht…, s=\"{a…)\n",
	} {
		if got := render(t, events.TextOptions{Width: wide(width), Time: events.TimeNone}, narrow...); got != want {
			t.Errorf("%d columns: %s, want %s", width, got, want)
		}
	}
	for width, want := range map[int]string{
		0:  "g1   • main.load(a=`" + strings.Repeat("a", 90) + "`, b=`bbbbbbbbb`) → 3  3ms\n",
		62: "g1   • main.load(a=`aaaaaaaaaaaaaaa…, b=`bbbbbbbbb`) → 3  3ms\n",
		50: "g1   • main.load(a=`aaaaa…, b=`bbbbb…) → 3  3ms\n",
		46: "g1   • main.load(a=`aa…, b=`bb…) → 3  3ms\n",
		40: "g1   • main.load(a=`…, b=`…) → 3  3ms\n",
		20: "g1   • main.load(a=…\n",
	} {
		got := render(t, events.TextOptions{Width: wide(width), Time: events.TimeNone}, stream...)
		if _, rows, _ := strings.Cut(got, "by far\n"); !strings.HasPrefix(rows, want) {
			t.Errorf("%d columns:\n%s\nwant a row\n%s", width, got, want)
		}
	}
}

// wide is the width of an output that does not change.
func wide(columns int) func() int { return func() int { return columns } }

// TestTextNotes breaks the notes of a start between words.
func TestTextNotes(t *testing.T) {
	start := events.Event{Kind: events.Start, Start: &events.StartInfo{Program: "p", Notes: []string{"a note of more words than fit one line", "short"}}}
	var b strings.Builder
	if err := events.Text(&b, events.TextOptions{Width: wide(30)}).Write(start); err != nil {
		t.Fatal(err)
	}
	want := "  note: a note of more words\n        than fit one line\n  note: short\n"
	if !strings.HasSuffix(b.String(), want) {
		t.Errorf("%s\nwant at the end\n%s", b.String(), want)
	}
}
