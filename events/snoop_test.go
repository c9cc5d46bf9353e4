package events_test

import (
	"strings"
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// bits is the program of PySnooper's own example.
const bits = `package main

func bits(n int) []int {
	var list []int
	for n > 0 {
		list = append(list, n%2)
		n /= 2
	}
	return list
}
`

// snoop renders a stream with the source of bits.
func snoop(t testing.TB, opts events.TextOptions, stream string) string {
	t.Helper()
	source := strings.Split(bits, "\n")
	var b strings.Builder
	sink := events.WithSource(events.Snoop(&b, opts), func(file string, line int) string {
		if file != "/src/bits.go" {
			return ""
		}
		return source[line-1]
	})
	var lines []string
	for line := range strings.Lines(stream) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	for _, e := range parse(t, lines...) {
		if err := sink.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSnoop(t *testing.T) {
	const lines = `
		start t=0s program=/bin/bits pid=7 engine=ptrace patterns=(main.bits) functions=1 probes=2
		call t=1ms g1 #1 main.bits(n:int=2) @/src/bits.go:3
		line t=2ms g1 #1 main.bits @/src/bits.go:5 source="\tfor n > 0 {" changes=(+list:[]int=nil)
		line t=3ms g1 #1 main.bits @/src/bits.go:6 source="\t\tlist = append(list, n%2)"
		line t=4ms g1 #1 main.bits @/src/bits.go:7 source="\t\tn /= 2" changes=(~list:[]int=[]int{0})
		line t=5ms g1 #1 main.bits @/src/bits.go:9 source="\treturn list" changes=(~n:int=0) watch=("len(list)":int=1)
		return t=6ms g1 #1 main.bits -> (:[]int=[]int{0}) @/src/bits.go:9 duration=5ms
		end t=7ms reason=exited status=0 events=6`
	for _, tt := range []struct {
		name, stream, want string
		opts               events.TextOptions
	}{
		{
			name:   "lines",
			stream: lines,
			want: `
▸ tracing bits (pid 7, ptrace)  main.bits  1 function, 2 probes
Source path:... /src/bits.go
Starting var:.. n = 2
00:00:00.001000  call         3 func bits(n int) []int {
New var:....... list = nil
00:00:00.002000  line         5     for n > 0 {
00:00:00.003000  line         6         list = append(list, n%2)
Modified var:.. list = []int{0}
00:00:00.004000  line         7         n /= 2
Modified var:.. n = 0
Watch:......... len(list) = 1
00:00:00.005000  line         9     return list
00:00:00.006000  return       9     return list
Return value:.. []int{0}
Elapsed time: 5ms
■ exited with status 0  6 events
`,
		},
		{
			name:   "prefix and relative times",
			stream: lines,
			opts:   events.TextOptions{Quiet: true, Prefix: "> ", Time: events.TimeRelative, Color: true},
			want: "\n" + strings.NewReplacer("<", "\x1b[", "|", "\x1b[0m").Replace(`> <2mSource path:... |/src/bits.go
> <2mStarting var:.. |n = 2
>   <2m0.001000|  <1mcall|         3 func bits(n int) []int {
> <2mNew var:....... |<32mlist| = nil
>   <2m0.002000|  <1mline|         5     for n > 0 {
>   <2m0.003000|  <1mline|         6         list = append(list, n%2)
> <2mModified var:.. |<33mlist| = []int{0}
>   <2m0.004000|  <1mline|         7         n /= 2
> <2mModified var:.. |<33mn| = 0
> <2mWatch:......... |len(list) = 1
>   <2m0.005000|  <1mline|         9     return list
>   <2m0.006000|  <1mreturn|       9     return list
> <2mReturn value:.. |[]int{0}
> <2mElapsed time: |5ms
`),
		},
		{
			name: "depth, several goroutines and files, no source",
			opts: events.TextOptions{Quiet: true, Time: events.TimeNone},
			stream: `
				call g1 #1 main.a() @a.go:1
				call g1 #2 parent=1 depth=1 main.b(x:int=1, s:string=` + "`\"q\"`" + `) @b.go:20 stack=(main.b@b.go:20 main.a@a.go:2)
				return g7 #3 main.c @b.go:9 partial
				return g1 #2 parent=1 depth=1 main.b -> (n:int=3, err:error=E!bad) @b.go:21 error=bad
				call g1 #4 depth=30 main.(*T).deep @b.go:12345`,
			want: `
Source path:... a.go
call         1 func main.a()
    Source path:... b.go
    Starting var:.. x = 1
    Starting var:.. s = "q"
    call        20 func main.b(x int, s string)
    Stack:......... main.b b.go:20
    Stack:......... main.a a.go:2
g7   return       9 main.c
g7   Call began before the trace
g1       return      21 main.b
g1       Return value:.. n=3, err=✗ bad
g1   ` + strings.Repeat("    ", 24) + `+6 call      12345 func main.(*T).deep(…)
`,
		},
		{
			name: "exceptions",
			opts: events.TextOptions{Quiet: true, Time: events.TimeNone},
			stream: `
				call g1 #1 main.a() @a.go:1
				call g1 #2 depth=1 main.b() @a.go:5
				exception g1 #2 depth=1 main.b @a.go:6 !panic(type=string value="\"boom\"" origin=main.b@a.go:6)
				return g1 #2 depth=1 main.b @a.go:6 unwound duration=1ms
				exception g1 #1 main.a @a.go:2 !panic(type=string value="\"boom\"" recovered origin=main.b@a.go:6)
				return g1 #1 main.a @a.go:3 recovered http_status=500 duration=2ms
				call g2 #3 main.g() @a.go:9
				exception g2 #3 main.g @a.go:9 !goexit
				return g2 #3 main.g @a.go:9 unwound
				call g1 #4 main.f() @a.go:9
				exception g1 #4 main.f @a.go:9 !fatal(value="all goroutines are asleep")
				return g1 #4 main.f @a.go:9 unwound`,
			want: `
Source path:... a.go
call         1 func main.a()
    call         5 func main.b()
    exception    6 main.b
    Exception:..... panic: boom (a.go:6)
    Call ended by panic
    Elapsed time: 1ms
exception    2 main.a
Recovered:..... panic: boom (main.b a.go:6)
return       3 main.a
Call recovered a panic
HTTP status:.. 500
Elapsed time: 2ms
g2   call         9 func main.g()
g2   exception    9 main.g
g2   Exception:..... Goexit
g2   Call ended by Goexit
g1   call         9 func main.f()
g1   exception    9 main.f
g1   Exception:..... fatal error: all goroutines are asleep
g1   Call ended by fatal error
`,
		},
		{
			name: "what is lost, and values that are long or strange",
			opts: events.TextOptions{Quiet: true, Time: events.TimeNone, Value: 8},
			stream: `
				call g1 #1 "main.\x1b"("\x1b":int=123456789) @"a\x1b.go":1
				lost count=2 why="full"`,
			want: `
Source path:... a\x1b.go
Starting var:.. \x1b = 12345678…
call         1 func main.\x1b(\x1b int)
⚠ 2 events lost: full
`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := "\n" + snoop(t, tt.opts, tt.stream); got != tt.want {
				t.Errorf("got%s\nwant%s", got, tt.want)
			}
		})
	}
}

// TestSnoopLocals prints what a stream has only when it is asked for.
func TestSnoopLocals(t *testing.T) {
	var b strings.Builder
	sink := events.Normalize(events.Snoop(&b, events.TextOptions{Time: events.TimeNone}))
	value := events.Value{Name: "p", Type: "*int", Value: "(*int)(0xc000012345)"}
	for _, e := range []events.Event{
		{Kind: events.Line, Goroutine: 1, Call: 1, Func: "main.f", Line: 3, Source: "p = q", Changes: []events.Change{{Value: value, Modified: true, Old: "(*int)(0xc000067890)"}}},
		{Kind: events.Return, Goroutine: 1, Call: 1, Func: "main.f", Line: 4, Locals: []events.Value{value}},
	} {
		if err := sink.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	const want = `Modified var:.. p = (*int)(0xADDR) (was (*int)(0xADDR))
line         3 p = q
Local var:..... p = (*int)(0xADDR)
return       4 main.f
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// FuzzSnoop demands that nothing an event carries gets through to a terminal.
func FuzzSnoop(f *testing.F) {
	for _, e := range eventstest.Everything() {
		f.Add(eventstest.Format(e))
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, err := eventstest.Parse(line)
		if err != nil {
			return
		}
		var b strings.Builder
		sink := events.WithSource(events.Snoop(&b, events.TextOptions{}), func(file string, _ int) string { return file })
		for range 2 {
			if err := sink.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		checkPrintable(t, b.String())
	})
}
