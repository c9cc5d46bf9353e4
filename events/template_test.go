package events_test

import (
	"errors"
	"strings"
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// line prints a stream by a template.
func line(t testing.TB, template string, opts events.TextOptions, lines ...string) string {
	t.Helper()
	tmpl, err := events.ParseTemplate(template)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	sink := tmpl.Line(&b, opts)
	for _, e := range parse(t, lines...) {
		if err := sink.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestTemplate(t *testing.T) {
	const (
		call   = "call seq=1 t=1ms g7 thread=12 #3 parent=2 depth=1 main.load(id:int=-2, s:string=`\"a\"`) @/src/a.go:19 caller=main.main@/src/b.go:4 stack=(main.load@/src/a.go:19 main.main@/src/b.go:4)"
		raised = "exception seq=2 t=2ms g7 #3 depth=1 main.load @/src/a.go:20 !panic(type=string value=`\"no\"` origin=main.x@/src/c.go:5)"
		reach  = "line seq=3 t=3ms g7 #3 depth=1 main.load @/src/a.go:21 source=\"\\tx := 1\" changes=(+a:int=1 ~e:error=…!oh) watch=(\"len(s)\":int=1)"
		ret    = "return seq=4 t=4ms g7 #3 depth=1 main.load -> (:int=3, err:error=E!bad) @/src/a.go:22 duration=1500ns error=bad recovered"
	)
	for _, tt := range []struct{ template, event, want string }{
		{"", call, ""},
		{"no field, {{a}} brace, \t", call, "no field, {a} brace, \t"},
		{"{time} g{goroutine} {func}({args})", call, "00:00:00.001000 g7 main.load(id=-2, s=\"a\")"},
		{"{kind}{seq}{thread}{depth}{call}{parent}{file}{line}", call, "call112132/src/a.go19"},
		{"{place}|{caller}|{stack}", call, "a.go:19|main.main b.go:4|main.load a.go:19 < main.main b.go:4"},
		{"[{results}{duration}{duration_ns}{error}{unwound}{partial}{recovered}{exception}{class}{origin}{source}{changes}{watch}]", call, "[]"},
		{"{exception}|{class}|{origin}|{args}|{caller}|{parent}", raised, "panic: no|panic|main.x c.go:5|||"},
		{"{source}|{changes}|{watch}", reach, "x := 1|+a=1 ~e=✗\"oh\"|len(s)=1"},
		{"{results}|{duration}|{duration_ns}|{error}|{recovered}", ret, "3, err=✗\"bad\"|1.5µs|1500|bad|recovered"},
		{"{unwound} {partial}", "return g1 #1 main.f unwound partial", "unwound partial"},
		{"{func:12}|{line:>4}|{kind:2}|{duration:>6}|{duration:6}|", ret, "main.load   |  22|return| 1.5µs|1.5µs |"},
		{"{func}", `call g1 #1 "main.\x1b[31m"()`, `main.\x1b[31m`},
		{"{func:.6}|{func:12.6}|{func:>8.6}|{func:.9}|{args:.4}|", ret, "main.…|main.…      |  main.…|main.load||"},
		{"{args:.9}", `call g1 #1 main.f(s:string="日本語")`, "s=日本語"},
		{"{args:.7}", `call g1 #1 main.f(s:string="日本語")`, "s=日本…"},
	} {
		if got := line(t, tt.template, events.TextOptions{}, tt.event); got != strings.ReplaceAll(tt.want, "✗\"", "✗ \"")+"\n" {
			t.Errorf("%s of %s:\n%q, want\n%q", tt.template, tt.event, got, tt.want)
		}
	}
	opts := events.TextOptions{Prefix: "> ", Time: events.TimeRelative, Color: true, Value: 3}
	got := line(t, "{time} {args}", opts, "start t=1s program=a pid=1", "call t=2s g1 #1 main.f(s:string=123456)", "lost count=1")
	const want = "> \x1b[1m▸ tracing \x1b[0m\x1b[1ma\x1b[0m (pid 1)\x1b[2m  0 functions, 0 probes\x1b[0m\n> 1.000000 s=123…\n> \x1b[1;31m⚠ 1 event lost\x1b[0m\n"
	if got != want {
		t.Errorf("%q, want\n%q", got, want)
	}
	if got := line(t, "{time}{kind}", events.TextOptions{Time: events.TimeNone}, call); got != "call\n" {
		t.Errorf("%q", got)
	}
}

func TestTemplateErrors(t *testing.T) {
	for template, want := range map[string]string{
		"a{":                      "a { without } at 2: write {{ for a brace",
		"{time} }":                "a } without { at 8: write }} for a brace",
		"{{}":                     "a } without { at 3",
		"{}":                      "there is no field ",
		"{fnc}":                   "there is no field fnc",
		"{\x1b}":                  `there is no field \x1b`,
		"{func:}":                 "{func:}: the width must be from 1 to 1000",
		"{func:0}":                "{func:0}: the width",
		"{func:+3}":               "{func:+3}: the width",
		"{func:-3}":               "{func:-3}: the width",
		"{func:>}":                "{func:>}: the width",
		"{func:.}":                "{func:.}: the width behind the point",
		"{func:3.}":               "{func:3.}: the width behind the point",
		"{func:.0}":               "{func:.0}: the width behind the point",
		"{func:3.x}":              "{func:3.x}: the width behind the point",
		"{func:>.x}":              "{func:>.x}: the width behind the point",
		"{func:1001}":             "{func:1001}: the width",
		"{func:9999999999999999}": "{func:9999999999999999}: the width",
	} {
		_, err := events.ParseTemplate(template)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", template, err, want)
		}
		if _, ok := errors.AsType[*events.UnknownFieldError](err); ok != strings.HasPrefix(want, "there") {
			t.Errorf("%s: %T", template, err)
		}
	}
}

func TestColumns(t *testing.T) {
	columns, err := events.ParseColumns([]string{"seq", "kind:6", "duration"})
	if err != nil {
		t.Fatal(err)
	}
	opts := events.TextOptions{Quiet: true, Columns: columns, Prefix: "> "}
	got := render(t, opts, parse(t,
		"call seq=1 g1 #1 main.a()",
		"call seq=2 g1 #2 depth=1 main.b()",
		"exception seq=3 g1 #2 depth=1 main.b !error(value=x)",
		"return seq=4 g1 #2 depth=1 main.b -> () duration=3ms error=x",
		"return seq=5 g1 #1 main.a -> () duration=4s")...)
	const want = `>      1  call             ╭ main.a()
>      2  call        3ms  │ • main.b() → ✗ x  3ms
>      5  return       4s  ╰ main.a  4s
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := events.ParseColumns([]string{"seq", "sec"}); err == nil || err.Error() != "there is no field sec" {
		t.Error(err)
	}
	// Every field can be a column.
	if _, err := events.ParseColumns(events.Fields()); err != nil {
		t.Error(err)
	}
}

// FuzzTemplate demands that a template is refused or works, and that nothing an
// event carries gets through to a terminal.
func FuzzTemplate(f *testing.F) {
	all := "{" + strings.Join(events.Fields(), ":3}{") + "}"
	for _, e := range eventstest.Everything() {
		f.Add(all, eventstest.Format(e))
	}
	f.Add("{time} {{{func:>10}}}", "call g1 #1 main.f()")
	f.Fuzz(func(t *testing.T, template, event string) {
		tmpl, err := events.ParseTemplate(template)
		if err != nil {
			return
		}
		e, err := eventstest.Parse(event)
		if err != nil {
			return
		}
		var b strings.Builder
		if err := tmpl.Line(&b, events.TextOptions{}).Write(e); err != nil {
			t.Fatal(err)
		}
		if printable := events.Printable(template); printable == template {
			checkPrintable(t, b.String())
		}
	})
}
