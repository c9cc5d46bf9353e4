package filter

import (
	"strings"
	"testing"
	"time"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// calls are those that the expressions of the tests are asked about.
var calls = map[string]string{
	"load": `
		call g7 thread=9 depth=1 #4 parent=2 t=2026-11-21T07:27:00Z main.load(id:int="7", name:string="\"bob\"", big:uint64="18446744073709551615", ok:bool="true", p:*main.T="nil", wait:time.Duration="1.5s", f:float64="0.5", req:main.Req="main.Req{ID:5}") caller=main.handle@/src/main.go:44 stack=(main.load@/src/main.go:19, main.handle@/src/main.go:44) @/src/main.go:19
		exception g7 depth=1 #4 parent=2 main.load !error(type=*errors.errorString, value="i/o timeout", origin=main.dial@/src/net.go:3)
		return g7 depth=1 #4 parent=2 main.load -> (~r0:*main.User="nil", ~r1:error="&errors.errorString{}"!"i/o timeout") error="i/o timeout" duration=12ms`,
	"fast": `
		call g1 depth=0 #1 main.fast(n:int="200", s:string="\"a\\nb\"")
		return g1 depth=0 #1 main.fast -> (~r0:int="3") duration=5µs`,
	"rescue": `
		call g1 depth=0 #1 main.rescue()
		exception g1 depth=0 #1 main.rescue !panic(type=string, value="\"boom\"", recovered)
		exception g1 depth=0 #1 main.rescue !error(value=boom)
		return g1 depth=0 #1 main.rescue recovered error=boom duration=1ms`,
	"partial": `return g1 depth=0 #1 main.serve partial`,
	"fatal":   `exception g3 !fatal(value="all goroutines are asleep - deadlock!")`,
}

func callNamed(t testing.TB, name string) []events.Event {
	t.Helper()
	var list []events.Event
	for line := range strings.Lines(strings.TrimSpace(calls[name])) {
		e, err := eventstest.Parse(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func TestKeep(t *testing.T) {
	// What is true of which of the calls.
	tests := []struct{ expr, want string }{
		{`true`, "fast fatal load partial rescue"},
		{`func == "main.load"`, "load"},
		{`func startsWith "main."`, "fast load partial rescue"},
		{`not (func startsWith "main.")`, "fatal"},
		{`func matches "^main\\.(load|fast)$"`, "fast load"},
		{`func in ["main.load", "main.fast"]`, "fast load"},
		{`file endsWith "main.go" and line == 19`, "load"},
		{`goroutine == 7 and thread == 9 and depth == 1 and call == 4 and parent == 2`, "load"},
		{`time.Year() == 2026`, "load"},
		{`caller.func == "main.handle" and caller.line == 44`, "load"},
		{`caller == nil`, "fast fatal partial rescue"},
		{`any(stack, .func == "main.handle")`, "load"},
		{`labels.tenant == "7"`, ""},
		// Durations.
		{`duration > 10ms`, "load"},
		{`duration >= 12ms and duration < 1m30s`, "load"},
		{`duration < 10ms`, "fast rescue"},
		{`not (duration > 10ms)`, "fast fatal partial rescue"},
		{`duration == nil`, "fatal partial"},
		{`duration == 12ms`, "load"},
		{`duration > 0.5ms and duration != 12ms`, "rescue"},
		{`duration * 2 > 20ms`, "load"},
		{`duration in [1ms, 12ms]`, "load rescue"},
		{`5µs == duration`, "fast"},
		// Errors.
		{`error contains "timeout"`, "load"},
		{`error != ""`, "load rescue"},
		{`error != nil`, "load rescue"},
		{`error == nil`, "fast fatal partial"},
		{`exception.class == "error"`, "load"},
		{`exception.class == "panic" and recovered`, "rescue"},
		{`exception.origin.func == "main.dial"`, "load"},
		{`exception == nil`, "fast partial"},
		{`exception != nil`, "fatal load rescue"},
		{`any(exceptions, .class == "error")`, "load rescue"},
		{`len(exceptions) == 2`, "rescue"},
		{`exception.value contains "deadlock"`, "fatal"},
		{`unwound`, ""},
		{`partial`, "partial"},
		// Kinds.
		{`kind == "exception"`, "fatal load rescue"},
		{`kind != "exception"`, "fast partial"},
		{`kind in ["call"]`, "fast load rescue"},
		{`kind not in ["call", "return"]`, "fatal"},
		{`"return" == kind`, "fast load partial rescue"},
		// Arguments.
		{`args.id == "7"`, "load"},
		{`args.id == 7`, "load"},
		{`args.id == 7.0`, "load"},
		{`args.id != 7`, "fast fatal partial rescue"},
		{`args.n > 100`, "fast"},
		{`args.n > "100"`, "fast"},
		{`100 < args.n`, "fast"},
		{`args.n > 100 or args.id < 10`, "fast load"},
		{`not (args.n > 100)`, "fatal load partial rescue"},
		{`args.id in 5..9`, "load"},
		{`args.id in ["7", "8"]`, "load"},
		{`args.id not in [1, 7]`, "fast fatal partial rescue"},
		{`args.id not in 1..1000000000000`, "fast fatal partial rescue"},
		{`line in 10..20`, "load"},
		{`args.n % 3 == 2`, "fast"},
		{`args.id + 1 == 8`, "load"},
		{`args.big == 18446744073709551615.0`, ""},
		{`args.big == "18446744073709551615"`, "load"},
		{`args.big > 9223372036854775807`, "load"},
		{`args.name == "bob"`, "load"},
		{`args.name startsWith "b" && args.name endsWith "b"`, "load"},
		{`args.name > "alice"`, "load"},
		{`args.name > 5`, ""},
		{`args.name matches "(?i)^BO"`, "load"},
		{`args.s == "a\nb"`, "fast"},
		{`len(args.s ?? "") > 1`, "fast"},
		{`args["name"] == "bob" and args[0] == 7`, "load"},
		{`args.ok`, "load"},
		{`not args.ok`, "fast fatal partial rescue"},
		{`args.ok == true`, "load"},
		{`args.ok ? args.id == 7 : func == "main.fast"`, "fast load"},
		{`args.p == nil`, "fast fatal load partial rescue"},
		{`args.p == "nil" and args.id == 7`, "load"},
		{`args.wait > 1s`, "load"},
		{`args.wait == "1500ms"`, "load"},
		{`args.f < 1`, "load"},
		{`args.req contains "ID:5"`, "load"},
		{`let n = args.n ?? 0; n > 100`, "fast"},
		// Results.
		{`results[0] == 3`, "fast"},
		{`results["~r1"] contains "timeout"`, "load"},
		{`len(results) == 0`, "fatal partial rescue"},
	}
	for _, tt := range tests {
		f, err := Parse(tt.expr)
		if err != nil {
			t.Errorf("%s: %v", tt.expr, err)
			continue
		}
		var got []string
		for _, name := range []string{"fast", "fatal", "load", "partial", "rescue"} {
			if f.Keep(callNamed(t, name)) {
				got = append(got, name)
			}
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.expr, got, tt.want)
		}
	}
}

func TestLabels(t *testing.T) {
	f, err := Parse(`labels.tenant == "7" and labels["zone"] == ""`)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Uses("labels") || f.Uses("args") || f.NeedsEnd() {
		t.Error("it uses labels only")
	}
	if !f.Keep([]events.Event{{Kind: events.Call, Labels: map[string]string{"tenant": "7"}}}) {
		t.Error("the label is not seen")
	}
}

func TestNeedsEnd(t *testing.T) {
	for text, want := range map[string]bool{
		`func == "main.load"`:                 false,
		`args.n > 100 and caller.line == 3`:   false,
		`partial or depth > 2`:                false,
		`any(stack, .func == "main.a")`:       false,
		`func == "main.load" or error != ""`:  true,
		`duration > 10ms`:                     true,
		`kind == "exception"`:                 true,
		`results[0] == 1`:                     true,
		`exception.class == "panic"`:          true,
		`"duration" in ["duration", "error"]`: false,
	} {
		f, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if f.NeedsEnd() != want {
			t.Errorf("%s: needs the end: %t", text, f.NeedsEnd())
		}
	}
}

func TestErrors(t *testing.T) {
	tests := []struct{ expr, mark, want string }{
		{`fnuc == "main.load"`, "^^^^", "unknown field fnuc: perhaps func"},
		{`duration > 10ms and eror != ""`, "                    ^^^^", "unknown field eror: perhaps error"},
		{`zzz == 1`, "^^^", "unknown field zzz: a text stands in quotes, an argument is args.zzz"},
		{`10ms < duration and exception.clas == "panic"`, "                              ^^^^", "unknown field clas of exception: perhaps class"},
		{`caller.fnc == ""`, "       ^^^", "unknown field fnc of caller: perhaps func"},
		{`kind == "retrun"`, "        ^^^^^^^^", `unknown kind "retrun": use call, line, return, exception, write`},
		{`kind in ["call", "bogus"]`, "                 ^^^^^^^", `unknown kind "bogus": use call, line, return, exception, write`},
		{`kind == "go_end"`, "        ^^^^^^^^", `unknown kind "go_end": use call, line, return, exception, write`},
		{`"exec" != kind`, "^^^^^^", `unknown kind "exec": use call, line, return, exception, write`},
		{`kind startsWith "c"`, "     ^^^^^^^^^^", "kind can be compared with ==, != and in"},
		{`args.req.ID == 5`, "         ^^", "a value has no fields here: compare it as text, as with contains"},
		{`duration > 5`, "         ^", "invalid operation: > (mismatched types duration and number): write a unit, as 10ms"},
		{`func = "x"`, "     ^", `unexpected "=": to compare, write ==`},
		{`depth > 10ms`, "      ^", "invalid operation: > (mismatched types number and duration)"},
		{`caller == "main.f"`, "       ^^", "invalid operation: == (mismatched types place and string)"},
		{`func > 10ms`, "     ^", "invalid operation: > (mismatched types string and duration)"},
		{`duration > 1.5s or line contains "x"`, "                        ^^^^^^^^", "invalid operation: contains (mismatched types number and string)"},
		{`duration > 10sec`, "             ^", "a number that cannot be read; units of a duration are ns, us, ms, s, m and h"},
		{`duration`, "^", "this is of type duration, and not true or false: compare it with something"},
		{`func`, "^", "this is of type string, and not true or false: compare it with something"},
		{`func == "a`, "          ^", "the quote is not closed"},
		{`duration > 1m30s and`, "                    ^", "something is missing at the end"},
		{``, "^", "something is missing at the end"},
		{`func == "a" func`, "            ^^^^", `unexpected "func"`},
		{`(func == "a"`, "            ^", "something is missing at the end"},
		{`func matches "("`, "     ^^^^^^^", "error parsing regexp: missing closing ): `(`"},
		{"func == 'ü' and\n10ms < durtion", "       ^^^^^^^", "unknown field durtion: perhaps duration"},
		{`sum([1]) > 5`, "^^^", "unknown function sum"},
		{`all(1..9, # > 5)`, "     ^^", "a range can only follow in, as in args.n in 1..9"},
		{`$env["duration"] == 1`, "^^^^", "unknown field $env: a text stands in quotes, an argument is args.$env"},
		{`__took == nil`, "^^^^^^", "unknown field __took: a text stands in quotes, an argument is args.__took"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.expr)
		if err == nil {
			t.Errorf("%s: no error", tt.expr)
			continue
		}
		lines := strings.Split(tt.expr, "\n")
		want := tt.want + "\n  " + lines[len(lines)-1] + "\n  " + tt.mark
		if err.Error() != want {
			t.Errorf("got\n%v\nwant\n%s", err, want)
		}
	}
	for _, text := range []string{"\xff", strings.Repeat("(", maxLength+1)} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%.20q: no error", text)
		}
	}
}

func TestFailures(t *testing.T) {
	f, err := Parse(`func == "main.fast" or int(args.name) > 5`)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fast", "load", "partial"} {
		if keep := f.Keep(callNamed(t, name)); keep != (name == "fast") {
			t.Errorf("%s: %t", name, keep)
		}
	}
	want := "invalid operation: int(bob)\n  func == \"main.fast\" or int(args.name) > 5\n                         ^^^"
	if n, first := f.Failures(); n != 2 || first == nil || first.Error() != want {
		t.Errorf("%d failures, the first %v", n, first)
	}
}

// Parse never panics, and neither does what it returns; an error points into
// what was written.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`func startsWith "main." and duration > 10ms`, `args.n > 1e3 or not (error contains 'x')`,
		`any(exceptions, .class in ["panic"])`, "1.5s", `"1.5s" + 5`, "1..5s", "kind == \"é\" // 5ms", "`a` /* 1s */ < 'b'",
		`let x = 3h; x > duration`, `args.a.b`, `results[-1]`, `1m2.3sx`,
	} {
		f.Add(text)
	}
	asked := callNamed(f, "load")
	f.Fuzz(func(t *testing.T, text string) {
		watchdog := time.AfterFunc(10*time.Second, func() { panic("this takes long: " + text) })
		defer watchdog.Stop()
		filter, err := Parse(text)
		if err != nil {
			x := err.(*Error)
			if n := len([]rune(x.Expr)); x.Offset < 0 || x.Offset > n || x.Offset+x.Length > n+1 || x.Length < 1 && x.Expr != "" {
				t.Errorf("%q: at %d for %d: %v", text, x.Offset, x.Length, err)
			}
			_ = x.Error()
			return
		}
		filter.Keep(asked)
		filter.Keep(asked[:1])
	})
}

func BenchmarkKeep(b *testing.B) {
	call := callNamed(b, "load")
	for _, text := range []string{`args.id >= 0`, `duration < 1s`, `error == "no"`, `func == "main.load" and args.name matches "^b"`} {
		b.Run(text, func(b *testing.B) {
			f, err := Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				f.Keep(call)
			}
		})
	}
}
