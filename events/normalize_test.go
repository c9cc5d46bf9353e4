package events_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gtrace/events"
)

// TestNormalize writes the same run twice, with everything different that may
// be.
func TestNormalize(t *testing.T) {
	run := func(format func(*strings.Builder) events.Sink, changes ...string) string {
		stream := strings.NewReplacer(changes...).Replace(`
start t=1s gtrace=v1 engine=ptrace pid=7 program=/tmp/a/prog go=go1.26 patterns=(main.*) functions=1 probes=2 stopped=3ms
call seq=1 t=2s g1 thread=7 #1 depth=0 main.f(p:*int="(*int)(0xc000012345)", s:string="0x12 stays") @/tmp/a/main.go:3 caller=main.main@/tmp/a/main.go:9 stack=(main.f@/tmp/a/main.go:3)
line seq=2 t=3s g1 thread=7 #1 depth=0 main.f @/tmp/a/main.go:4 source="x := p" changes=(+x:*int="(*int)(0xc000012345)") watch=(p:*int="(*int)(0xc000012345)")
call seq=3 t=4s g5 thread=8 #2 depth=0 main.g() @/tmp/a/main.go:7
return seq=4 t=5s g5 thread=8 #2 depth=0 main.g -> (:error=E!"at 0xc000012345") @/tmp/a/main.go:7 duration=2s error="at 0xc000012345"
exception seq=5 t=6s g1 thread=7 #1 depth=0 main.f @/tmp/a/main.go:5 !panic(type=string value="at 0xc000012345" recovered_by=main.r@/tmp/a/main.go:9 origin=main.f@/tmp/a/main.go:5)
end t=7s reason=interrupted events=5 held=3ms open=(#1 g1 main.f, #3 g6 main.h)
`)
		var b strings.Builder
		sink := events.Normalize(format(&b))
		list := parse(t, strings.Split(strings.TrimSpace(stream), "\n")...)
		before := parse(t, strings.Split(strings.TrimSpace(stream), "\n")...)
		for _, e := range list {
			if err := sink.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, list); diff != "" {
			t.Error("the events themselves have changed:", diff)
		}
		return b.String()
	}
	opts := events.TextOptions{Time: events.TimeNone}
	for name, format := range map[string]func(*strings.Builder) events.Sink{
		"text":  func(b *strings.Builder) events.Sink { return events.Text(b, opts) },
		"json":  func(b *strings.Builder) events.Sink { return events.JSON(b) },
		"snoop": func(b *strings.Builder) events.Sink { return events.Snoop(b, opts) },
	} {
		first := run(format)
		second := run(format,
			"t=1s", "t=9s", "t=4s", "t=44s", "pid=7", "pid=12345", "/tmp/a/", "/home/b/c/", "stopped=3ms", "stopped=1s", "thread=7", "thread=3",
			"thread=8", "thread=1", "0xc000012345", "0x7f01020304ab", "g5", "g19", "g6", "g3", "duration=2s", "duration=3ns", "held=3ms", "held=1s")
		if first != second {
			t.Errorf("%s differs:\n%s", name, cmp.Diff(first, second))
		}
		for _, part := range []string{"0xADDR", "main.go", "prog"} {
			if !strings.Contains(first, part) {
				t.Errorf("%s lacks %s:\n%s", name, part, first)
			}
		}
	}
	got := run(func(b *strings.Builder) events.Sink { return events.Text(b, opts) })
	const want = `▸ tracing prog (go1.26, ptrace)  main.*  1 function, 2 probes
g1   ╭ main.f(p=(*int)(0xADDR), s=0x12 stays)  main.go:9
g1   │   at main.f main.go:3
g1   │ main.go:4    x := p  +x=(*int)(0xADDR)
g1   │   watch p = (*int)(0xADDR)
g2   • main.g() → ✗ at 0xADDR
g1   │ ✗ panic: at 0xADDR (main.go:5)
■ interrupted  5 events
  still open  g1  main.f
  still open  g3  main.h
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}
