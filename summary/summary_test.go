package summary_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gtrace/events"
	"gtrace/events/eventstest"
	"gtrace/summary"
)

// write writes a stream written by hand, one event a line, and an end.
func write(t testing.TB, sink events.Sink, stream string) {
	t.Helper()
	for line := range strings.Lines(stream + "\nend reason=exited status=0\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		e, err := eventstest.Parse(line)
		if err == nil {
			err = sink.Write(e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

// render returns what a summary of stream prints, without the lines about the
// stream itself.
func render(t testing.TB, opts summary.Options, stream string) string {
	t.Helper()
	var b strings.Builder
	text := events.Text(&b, events.TextOptions{Time: events.TimeNone, Quiet: true, Prefix: opts.Prefix})
	write(t, summary.New(&b, text, opts), stream)
	return b.String()
}

// TestTableFits leaves columns out, those that say nothing first, and cuts names by
// their begin.
func TestTableFits(t *testing.T) {
	stream := `
		start
		call g1 #1 example.com/shop/server.(*Server).handleOrder()
		return g1 #1 example.com/shop/server.(*Server).handleOrder duration=30ms error="no"`
	for columns, want := range map[int]string{
		118: "% self  self  total  average   p50   p99   max  calls  errors  panics  function\n",
		90:  "% self  self  total  average   p50   p99   max  calls  errors  function\n",
		80:  "% self  self  total  average   p99  calls  errors  function\n",
		60:  "self  total  calls  errors  function\n",
		20:  "self  total  calls  errors  function\n",
	} {
		text := render(t, summary.Options{Width: func() int { return columns }}, stream)
		if !strings.HasPrefix(text, want) {
			t.Errorf("%d columns:\n%s\nwant\n%s", columns, text, want)
		}
		for line := range strings.Lines(text) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); columns > 20 && n > columns {
				t.Errorf("%d columns: %d in %q", columns, n, line)
			}
		}
		if left := strings.Contains(text, "left out: "); left != (columns < 90) {
			t.Errorf("%d columns:\n%s", columns, text)
		}
	}
	text := render(t, summary.Options{Width: func() int { return 60 }, Sort: summary.P99}, stream)
	if !strings.HasPrefix(text, "self  total   p99  calls  errors  function\n") {
		t.Errorf("sorted by p99:\n%s", text)
	}
}

func TestTable(t *testing.T) {
	for _, tt := range []struct {
		name, stream, want string
		opts               summary.Options
	}{
		{
			name: "self is without traced calls, an error and a panic count",
			stream: `
				start
				call g1 #1 main.a()
				call g1 #2 depth=1 main.b()
				return g1 #2 depth=1 main.b duration=30ms error="no"
				call g1 #3 depth=1 main.c()
				exception g1 #3 depth=1 main.c !panic(value=x)
				return g1 #3 depth=1 main.c duration=10ms unwound
				return g1 #1 main.a duration=100ms recovered`,
			want: `
% self   self  total  average    p50    p99    max  calls  errors  panics  function
------  -----  -----  -------  -----  -----  -----  -----  ------  ------  --------
  60.0   60ms  100ms    100ms  100ms  100ms  100ms      1                  main.a
  30.0   30ms   30ms     30ms   30ms   30ms   30ms      1       1          main.b
  10.0   10ms   10ms     10ms   10ms   10ms   10ms      1               1  main.c
------  -----  -----  -------  -----  -----  -----  -----  ------  ------  --------
 100.0  100ms                                           3       1       1  total
`,
		},
		{
			name: "a function inside itself does not count twice in total, each call does in the rest",
			stream: `
				call g1 #1 main.f()
				call g1 #2 depth=1 main.g()
				call g1 #3 depth=2 main.f()
				call g2 #4 main.f()
				return g2 #4 main.f duration=10ms
				return g1 #3 depth=2 main.f duration=20ms
				return g1 #2 depth=1 main.g duration=50ms
				return g1 #1 main.f duration=60ms`,
			want: `
% self  self  total  average   p50   p99   max  calls  errors  panics  function
------  ----  -----  -------  ----  ----  ----  -----  ------  ------  --------
  57.1  40ms   70ms     30ms  20ms  60ms  60ms      3                  main.f
  42.9  30ms   50ms     50ms  50ms  50ms  50ms      1                  main.g
------  ----  -----  -------  ----  ----  ----  -----  ------  ------  --------
 100.0  70ms                                        4                  total
`,
		},
		{
			name: "calls without a begin or an end have no times; Goexit is no panic",
			opts: summary.Options{Sort: summary.Name},
			stream: `
				call g1 #1 depth=1 main.inside()
				return g1 #1 depth=1 main.inside duration=5ms
				return g1 #2 main.before partial
				call g2 #3 main.open()
				call g3 #4 main.exits()
				exception g3 #4 main.exits !goexit
				return g3 #4 main.exits unwound duration=1ms`,
			want: `
% self  self  total  average  p50  p99  max  calls  errors  panics  function
------  ----  -----  -------  ---  ---  ---  -----  ------  ------  --------
   0.0     -      -        -    -    -    -      1                  main.before
  16.7   1ms    1ms      1ms  1ms  1ms  1ms      1                  main.exits
  83.3   5ms    5ms      5ms  5ms  5ms  5ms      1                  main.inside
   0.0     -      -        -    -    -    -      1                  main.open
------  ----  -----  -------  ---  ---  ---  -----  ------  ------  --------
 100.0   6ms                                     4                  total
`,
		},
		{
			name: "a call that was left out belongs to the one around",
			opts: summary.Options{Sort: summary.Calls, Prefix: "> "},
			stream: `
				call g1 #1 main.a()
				call g1 #3 parent=2 depth=2 main.c()
				return g1 #3 parent=2 depth=2 main.c duration=10ms
				return g1 #1 main.a duration=40ms`,
			want: `
> % self  self  total  average   p50   p99   max  calls  errors  panics  function
> ------  ----  -----  -------  ----  ----  ----  -----  ------  ------  --------
>   75.0  30ms   40ms     40ms  40ms  40ms  40ms      1                  main.a
>   25.0  10ms   10ms     10ms  10ms  10ms  10ms      1                  main.c
> ------  ----  -----  -------  ----  ----  ----  -----  ------  ------  --------
>  100.0  40ms                                        2                  total
`,
		},
		{name: "nothing", stream: "start", want: "\nno calls\n"},
		{
			name: "a histogram",
			opts: summary.Options{Histograms: []string{"main.f", "main.g"}},
			stream: `
				call g1 #1 main.f()
				return g1 #1 main.f duration=150ns
				call g1 #2 main.f()
				return g1 #2 main.f duration=199ns
				call g1 #3 main.f()
				return g1 #3 main.f duration=500ns`,
			want: `
% self   self  total  average    p50    p99    max  calls  errors  panics  function
------  -----  -----  -------  -----  -----  -----  -----  ------  ------  --------
 100.0  849ns  849ns    283ns  199ns  500ns  500ns      3                  main.f
------  -----  -----  -------  -----  -----  -----  -----  ------  ------  --------
 100.0  849ns                                           3                  total

main.f  3 calls
   100ns – 200ns   2 ████████████████████████████████████████
   200ns – 500ns   0
   500ns – 1µs     1 ████████████████████

main.g  0 calls
`,
		},
		{
			name:   "the events too, each before the table; nothing reaches a terminal as it is",
			opts:   summary.Options{Events: true, Color: true},
			stream: `call g1 #1 "main.\x1b[31m"()`,
			want: "\ng1   ╭ main.\\x1b[31m()\n" +
				"\x1b[1m% self\x1b[0m  \x1b[1mself\x1b[0m  \x1b[1mtotal\x1b[0m  \x1b[1maverage\x1b[0m  \x1b[1mp50\x1b[0m  \x1b[1mp99\x1b[0m  \x1b[1mmax\x1b[0m  \x1b[1mcalls\x1b[0m  \x1b[1merrors\x1b[0m  \x1b[1mpanics\x1b[0m  \x1b[1mfunction\x1b[0m\n" + `------  ----  -----  -------  ---  ---  ---  -----  ------  ------  --------
     -     -      -        -    -    -    -      1                  main.\x1b[31m
------  ----  -----  -------  ---  ---  ---  -----  ------  ------  --------
     -     -                                     1                  total
`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := "\n" + render(t, tt.opts, tt.stream); got != tt.want {
				t.Errorf("got%s\nwant%s", got, tt.want)
			}
		})
	}
}

func TestSort(t *testing.T) {
	const stream = `
		call g1 #1 main.c()
		return g1 #1 main.c duration=1ms error=x
		call g1 #2 main.c()
		return g1 #2 main.c duration=1ms
		call g1 #3 main.b()
		call g1 #4 depth=1 main.d()
		return g1 #4 depth=1 main.d duration=9ms unwound
		return g1 #3 main.b duration=10ms
		call g1 #5 main.a()
		return g1 #5 main.a duration=5ms`
	for by, want := range map[string]string{
		"self": "dacb", "total": "bdac", "average": "bdac", "p50": "bdac", "p99": "bdac", "max": "bdac",
		"calls": "cabd", "errors": "cabd", "panics": "dabc", "name": "abcd",
	} {
		column, err := summary.ParseColumn(by)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for line := range strings.Lines(render(t, summary.Options{Sort: column}, stream)) {
			if _, name, ok := strings.Cut(line, "main."); ok {
				got.WriteString(strings.TrimSpace(name))
			}
		}
		if got.String() != want {
			t.Errorf("by %s: %s, want %s", by, got.String(), want)
		}
	}
	if _, err := summary.ParseColumn("speed"); err == nil {
		t.Error("there is no column speed")
	}
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	sink := summary.New(&b, events.JSON(&b), summary.Options{JSON: true, Histograms: []string{"main.a"}})
	write(t, sink, `
		start gtrace=v1
		call g1 #1 "main.a"()
		return g1 #1 "main.a" duration=15ms error=x
		call g1 #2 "main.\x7f\u009b"()
		return g1 #2 "main.\x7f\u009b" duration=3ms`)
	const want = `{"kind":"summary","func":"main.a","calls":1,"errors":1,"panics":0,"timed":1,"total_ns":15000000,"self_ns":15000000,"average_ns":15000000,"p50_ns":15000000,"p99_ns":15000000,"max_ns":15000000,"histogram":[{"from_ns":10000000,"to_ns":20000000,"calls":1}]}
{"kind":"summary","func":"main.\u007f\u009b","calls":1,"errors":0,"panics":0,"timed":1,"total_ns":3000000,"self_ns":3000000,"average_ns":3000000,"p50_ns":3000000,"p99_ns":3000000,"max_ns":3000000}
`
	lines := strings.SplitAfter(b.String(), "\n")
	if got := strings.Join(lines[1:len(lines)-2], ""); got != want {
		t.Errorf("got\n%s", b.String())
	}
	if !json.Valid([]byte(lines[2])) {
		t.Error("not JSON")
	}
	// What reads a stream back does not stumble over them.
	var kinds []string
	for e, err := range events.ReadJSON(strings.NewReader(b.String())) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, e.Kind.String())
	}
	if got := strings.Join(kinds, " "); got != "start end" {
		t.Errorf("read back: %s", got)
	}
}

// TestPercentiles compares percentiles with those of all durations, for few
// calls and for many, of which the longest come last.
func TestPercentiles(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 64, 65, 1000, 20_000} {
		var b strings.Builder
		sink := summary.New(&b, events.JSON(&b), summary.Options{JSON: true})
		var all []time.Duration
		for i := range n {
			d := time.Duration(rnd.ExpFloat64() * float64(time.Microsecond) * float64(1+i))
			all = append(all, d)
			id := events.CallID(i + 1)
			_ = sink.Write(events.Event{Kind: events.Call, Goroutine: 1, Call: id, Func: "f"})
			_ = sink.Write(events.Event{Kind: events.Return, Goroutine: 1, Call: id, Func: "f", Duration: d, HasDuration: true})
		}
		write(t, sink, "")
		var row struct {
			P50, P99, Max time.Duration
			Timed         int
		}
		text := strings.NewReplacer("p50_ns", "P50", "p99_ns", "P99", "max_ns", "Max").Replace(strings.SplitAfter(b.String(), "\n")[0])
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			t.Fatal(err)
		}
		slices.Sort(all)
		near := func(what string, got time.Duration, p int) {
			want := all[(n*p+99)/100-1]
			if off := float64(got-want) / float64(want); off < -0.01 || off > 0.01 {
				t.Errorf("%s of %d calls: %v, want %v", what, n, got, want)
			}
		}
		near("p50", row.P50, 50)
		near("p99", row.P99, 99)
		if row.Max != all[n-1] || row.Timed != n {
			t.Errorf("max of %d calls: %v, want %v; timed %d", n, row.Max, all[n-1], row.Timed)
		}
	}
}

// TestMemory checks that what is kept depends on the number of functions only,
// and is little for each.
func TestMemory(t *testing.T) {
	const functions = 500
	sink := summary.New(new(strings.Builder), events.JSON(new(strings.Builder)), summary.Options{})
	names := make([]string, functions)
	for i := range names {
		names[i] = fmt.Sprintf("main.f%d", i)
	}
	id := events.CallID(0)
	calls := func(n int) {
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			id++
			e := events.Event{Kind: events.Call, Goroutine: int64(id), Call: id, Func: names[i%functions]}
			_ = sink.Write(e)
			e.Kind, e.HasDuration = events.Return, true
			e.Duration = time.Duration(rnd.IntN(int(time.Millisecond)))
			_ = sink.Write(e)
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	none := heap()
	calls(100 * functions)
	few := heap()
	calls(300 * functions)
	many := heap()
	each := (few - none) / functions
	t.Logf("%d bytes for each function", each)
	if each > 20<<10 {
		t.Errorf("%d bytes for each function", each)
	}
	if many > few+few/10 {
		t.Errorf("%d bytes after 50000 calls, %d after 200000", few, many)
	}
	runtime.KeepAlive(sink)
}

func BenchmarkSink(b *testing.B) {
	sink := summary.New(new(strings.Builder), events.JSON(new(strings.Builder)), summary.Options{})
	call := events.Event{Kind: events.Call, Goroutine: 1, Func: "main.f"}
	ret := events.Event{Kind: events.Return, Goroutine: 1, Func: "main.f", HasDuration: true, Duration: 5000}
	b.ReportAllocs()
	for b.Loop() {
		call.Call++
		ret.Call++
		_ = sink.Write(call)
		_ = sink.Write(ret)
	}
}
