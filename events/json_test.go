package events_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gtrace/events"
	"gtrace/events/eventstest"
)

func encode(t testing.TB, list ...events.Event) string {
	t.Helper()
	var b strings.Builder
	sink := events.JSON(&b)
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

func TestJSON(t *testing.T) {
	stream := parse(t,
		`start t=2026-11-21T07:27:00Z gtrace=v1 engine=ptrace pid=1234 program=/bin/shop go=go1.26.8`,
		`call seq=1 t=2026-11-21T07:27:00.123456789Z g7 thread=1240 #1 main.load(id:int=-2) @/src/main.go:19 caller=main.handle@/src/main.go:44`,
		`exception seq=2 t=2026-11-21T07:27:00.12345Z g7 thread=1240 #1 main.load !error(type=*errors.errorString value="negative id" origin=main.load@/src/main.go:21)`,
		`return seq=3 g7 thread=1240 #1 main.load -> (~r0:*main.User=nil, ~r1:error=&errors.errorString{}!"negative id") @/src/main.go:21 duration=12µs error="negative id"`,
		`return seq=4 g7 #3 parent=2 depth=1 main.f unwound recovered partial http_status=503`,
		`exec t=2026-11-21T07:27:01Z pid=1234 program=/bin/next go=go1.26 functions=2 probes=3 stopped=1ms open=(#2 g7 main.g)`,
		`lost count=2 why=full`,
		`lost why=hot func=main.f unseen=1s`,
		`end reason=exited status=0 events=4 lost=2 held=1ms overhead=0.05 thinned=(main.f 1s *2) open=(#4 g1 main.main partial)`,
	)
	want := `{"kind":"start","schema":1,"gtrace":"v1","engine":"ptrace","pid":1234,"program":"/bin/shop","go":"go1.26.8","time":"2026-11-21T07:27:00.000000000Z","functions":0,"probes":0,"stopped_ns":0}
{"kind":"call","seq":1,"time":"2026-11-21T07:27:00.123456789Z","goroutine":7,"thread":1240,"depth":0,"call":1,"func":"main.load","file":"/src/main.go","line":19,"caller":{"func":"main.handle","file":"/src/main.go","line":44},"args":[{"name":"id","type":"int","value":"-2"}]}
{"kind":"exception","seq":2,"time":"2026-11-21T07:27:00.123450000Z","goroutine":7,"thread":1240,"depth":0,"call":1,"func":"main.load","exception":{"class":"error","type":"*errors.errorString","value":"negative id","recovered":false,"origin":{"func":"main.load","file":"/src/main.go","line":21}}}
{"kind":"return","seq":3,"goroutine":7,"thread":1240,"depth":0,"call":1,"func":"main.load","file":"/src/main.go","line":21,"duration_ns":12000,"error":"negative id","results":[{"name":"~r0","type":"*main.User","value":"nil"},{"name":"~r1","type":"error","value":"&errors.errorString{}","error":"negative id"}]}
{"kind":"return","seq":4,"goroutine":7,"thread":0,"depth":1,"call":3,"parent":2,"func":"main.f","unwound":true,"partial":true,"recovered":true,"http_status":503}
{"kind":"exec","pid":1234,"program":"/bin/next","go":"go1.26","time":"2026-11-21T07:27:01.000000000Z","functions":2,"probes":3,"stopped_ns":1000000,"open":[{"call":2,"goroutine":7,"func":"main.g"}]}
{"kind":"lost","count":2,"why":"full"}
{"kind":"lost","count":0,"why":"hot","func":"main.f","unseen_ns":1000000000}
{"kind":"end","reason":"exited","exit_status":0,"events":4,"lost":2,"held_ns":1000000,"overhead":0.05,"thinned":[{"func":"main.f","unseen_ns":1000000000,"times":2}],"open":[{"call":4,"goroutine":1,"func":"main.main","partial":true}]}
`
	if diff := cmp.Diff(want, encode(t, stream...)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestJSONRoundTrip(t *testing.T) {
	want := eventstest.Everything()
	var got []events.Event
	for e, err := range events.ReadJSON(strings.NewReader(encode(t, want...))) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestJSONStrings(t *testing.T) {
	tests := []struct{ s, want string }{
		{"plain", `"plain"`},
		{"é…世🙂", `"é…世🙂"`},
		{"\"\\\n\r\t\x00\x1f", `"\"\\\n\r\t\u0000\u001f"`},
		{"\x1b[31m\x7f\u009b", `"\u001b[31m\u007f\u009b"`},
		{"a\u202eb\u2066c\u200bd\ufeff", `"a\u202eb\u2066c\u200bd\ufeff"`},
		{"\u115f\u3164\uffa0\u2800\ufe0f\u034f\u17b5\U000e0101", `"\u115f\u3164\uffa0\u2800\ufe0f\u034f\u17b5\udb40\udd01"`},
		{"\u200f\u200d\u00ad\u2028\u061c", `"\u200f\u200d\u00ad\u2028\u061c"`},
		{"tag \U000e0041 face 😀 é 中\u00a0", `"tag \udb40\udc41 face 😀 é 中` + "\u00a0" + `"`},
		{"a\u2028b\u2029", `"a\u2028b\u2029"`},
		{"a\xffb\xc3", `"a\ufffdb\ufffd"`},
		{"\xed\xa0\x80", `"\ufffd\ufffd\ufffd"`},
		{"real \ufffd", "\"real \ufffd\""},
	}
	for _, tt := range tests {
		line := encode(t, events.Event{Kind: events.Line, Source: tt.s})
		_, got, _ := strings.Cut(strings.TrimSuffix(line, "}\n"), `"source":`)
		if got != tt.want {
			t.Errorf("%q is written %s, want %s", tt.s, got, tt.want)
		}
		var back struct{ Source string }
		if err := json.Unmarshal([]byte(line), &back); err != nil {
			t.Errorf("%q: %v", tt.s, err)
		} else if want := strings.ToValidUTF8(tt.s, "\ufffd"); !strings.Contains(tt.s, "\xed") && back.Source != want {
			t.Errorf("%q is read as %q", tt.s, back.Source)
		}
	}
}

func TestReadJSON(t *testing.T) {
	tests := []struct {
		name, in string
		events   int
		err      string
	}{
		{"empty", "", 0, ""},
		{"unknown fields and blank lines", `{"kind":"call","seq":1,"new":{"a":[1]},"depth":0}` + "\n\n", 1, ""},
		{"no last newline", `{"kind":"call","seq":1}` + "\n" + `{"kind":"end","reason":"limit"}`, 2, ""},
		{"cut off", `{"kind":"call","seq":1}` + "\n" + `{"kind":"ca`, 1, "line 2: the record is cut off after 11 bytes"},
		{"broken", `{"kind":"call","seq":1}` + "\n" + `{"kind":"ca` + "\n", 1, "line 2: invalid character"},
		{"wrong type", `{"kind":"call","seq":"x"}` + "\n", 0, "line 1: json:"},
		{"unknown kind", `{"kind":"dance"}` + "\n", 0, `line 1: unknown kind of event "dance"`},
		{"newer schema", `{"kind":"start","schema":2,"gtrace":"v9"}` + "\n", 0, "schema 2: this version reads schema 1; use the gtrace that wrote it (v9)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, last := 0, error(nil)
			for _, err := range events.ReadJSON(strings.NewReader(tt.in)) {
				if last = err; err == nil {
					n++
				}
			}
			if n != tt.events {
				t.Errorf("%d events, want %d", n, tt.events)
			}
			if (last != nil) != (tt.err != "") || last != nil && !strings.Contains(last.Error(), tt.err) {
				t.Errorf("error %v, want %q", last, tt.err)
			}
			if tt.name == "cut off" && !errors.Is(last, io.ErrUnexpectedEOF) {
				t.Errorf("%v is not io.ErrUnexpectedEOF", last)
			}
		})
	}
}

// FuzzReadJSON demands that what is read is written back the same.
func FuzzReadJSON(f *testing.F) {
	for _, e := range eventstest.Everything() {
		f.Add([]byte(encode(f, e)))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var list []events.Event
		for e, err := range events.ReadJSON(bytes.NewReader(in)) {
			if err != nil || e.Time.Year() > 9999 || e.Time.Year() < 0 {
				break
			}
			list = append(list, e)
		}
		text := encode(t, list...)
		var again []events.Event
		for e, err := range events.ReadJSON(strings.NewReader(text)) {
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, e)
		}
		if diff := cmp.Diff(text, encode(t, again...)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	sink := events.JSON(io.Discard)
	benchmark(b, sink)
}

// benchmark writes a call with an argument and its return, with an error.
func benchmark(b *testing.B, sink events.Sink) {
	list := eventstest.Everything()
	call, exception, ret := list[1], list[3], list[4]
	exception.Stack = nil
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range [...]events.Event{call, exception, ret} {
			if err := sink.Write(e); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(3*b.N), "ns/event")
}

// TestEscapeJSON escapes what another has written, and changes nothing of what it
// means.
func TestEscapeJSON(t *testing.T) {
	in := map[string]string{"a\u009b\u202e": "\u200b\ufeff\U000e0001 plain é \n\x7f"}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	got := events.EscapeJSON(append(text, '\n'))
	if want := `{"a\u009b\u202e":"\u200b\ufeff\udb40\udc01 plain é \n\u007f"}` + "\n"; string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var out map[string]string
	if err := json.Unmarshal(got, &out); err != nil || !maps.Equal(in, out) {
		t.Errorf("it means %q, %v", out, err)
	}
}
