package main

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
	"gtrace/session/engine"
)

// twoTargets are processes 10 and 20, which do as the scripts say.
func twoTargets(t *testing.T, first, second string) *fakeBackend {
	t.Helper()
	b := &fakeBackend{several: map[int]*fakeTarget{10: newFakeTarget(t, first), 20: newFakeTarget(t, second)}}
	for pid, f := range b.several {
		f.About.PID, f.About.Launched = pid, false
	}
	return b
}

// stream reads JSON lines, which must be a valid stream.
func stream(t *testing.T, text string) []events.Event {
	t.Helper()
	if err := eventstest.Validate(events.ReadJSON(strings.NewReader(text))); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	var list []events.Event
	for e, err := range events.ReadJSON(strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func TestAttachSeveral(t *testing.T) {
	b := twoTargets(t, oneCall+"exit 3", oneCall+oneCall+"exit 0")
	r := gtrace(t, b, "attach", "10", "20", "20", "--format", "json")
	if r.status != 0 {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
	ends, calls, ids := map[int]string{}, map[int]int{}, map[events.CallID]bool{}
	list := stream(t, r.stdout)
	for _, e := range list {
		switch e.Kind {
		case events.Call:
			calls[e.PID]++
			ids[e.Call] = true
		case events.Left:
			ends[e.PID] = fmt.Sprint(e.End.Reason, *e.End.Status)
		}
	}
	if want := map[int]string{10: "exited3", 20: "exited0"}; !maps.Equal(ends, want) {
		t.Errorf("left: %v, want %v", ends, want)
	}
	if want := map[int]int{10: 1, 20: 2}; !maps.Equal(calls, want) || len(ids) != 3 {
		t.Errorf("calls: %v, want %v; ids %v", calls, want, ids)
	}
	if end := list[len(list)-1]; end.Kind != events.End || end.End.Events != 6 || end.End.Reason != events.ReasonExited {
		t.Errorf("end: %s", eventstest.Format(end))
	}
	for pid, f := range b.several {
		if !f.closed {
			t.Errorf("the engine of %d was not closed", pid)
		}
	}
}

// TestAttachSeveralText has every line say whose it is.
func TestAttachSeveralText(t *testing.T) {
	for args, wants := range map[string][]string{
		"":                                 {"[pid 10] ▸ tracing", "[pid 10] ■ exited with status 0", "[pid 20] ■ exited with status 0", "main.work"},
		"--prefix x:":                      {"x:[pid 10] ", "x:[pid 20] "},
		"--format {pid}:{func}":            {"10:main.work\n", "20:main.work\n"},
		"--format snoop":                   {"[pid 10] ", "[pid 20] "},
		"--columns pid,time":               {"\n     10 ", "\n     20 "},
		"--normalize":                      {"[pid 1] ", "[pid 2] "},
		"-c":                               {"[pid 10] ■", "     2 ", "main.work"},
		"-t main.work -t main.work2 -q -c": {"main.work"},
	} {
		b := twoTargets(t, oneCall+"exit 0", oneCall+"exit 0")
		if strings.Contains(args, "work2") { // one of them has it
			b = twoTargets(t, oneCall+"exit 0", strings.ReplaceAll(oneCall, "work", "work2")+"exit 0")
		}
		r := gtrace(t, b, append([]string{"-p", "10,20"}, strings.Fields(args)...)...)
		if r.status != 0 {
			t.Errorf("%s: status %d\n%s", args, r.status, r.stderr)
		}
		wantText(t, args, r.stdout, wants...)
	}
}

// TestAttachSeveralLimit counts the events of all of them.
func TestAttachSeveralLimit(t *testing.T) {
	calls := strings.Repeat(oneCall, 50)
	for limit := uint64(1); limit < 30; limit += 4 {
		b := twoTargets(t, calls+"exit 0", calls+"exit 0")
		r := gtrace(t, b, "attach", "10", "20", "--format", "json", "-n", fmt.Sprint(limit))
		list := stream(t, r.stdout)
		if end := list[len(list)-1].End; end == nil || end.Events != limit || end.Reason != events.ReasonLimit {
			t.Errorf("limit %d: %s", limit, eventstest.Format(list[len(list)-1]))
		}
		wantText(t, "messages", r.stderr, fmt.Sprint(limit)+" event", "tracing ended at --limit; PIDs 10, 20 run on")
	}
}

// TestAttachSeveralRefused traces either all of them or none.
func TestAttachSeveralRefused(t *testing.T) {
	for _, tt := range []struct {
		args, stderr string
		status       int
	}{
		{"10 30", "attach to process 30: no such process", statusNotStarted},
		{"10 20 -t main.nothing", `no function matches "main.nothing"`, statusUsage},
		{"10 20 -t main.work -t main.nothing", `no function matches "main.nothing"`, statusUsage},
	} {
		b := twoTargets(t, oneCall+"exit 0", oneCall+"exit 0")
		r := gtrace(t, b, append([]string{"attach"}, strings.Fields(tt.args)...)...)
		if r.status != tt.status || r.stdout != "" {
			t.Errorf("%s: status %d\n%s", tt.args, r.status, r.stdout)
		}
		wantText(t, tt.args, r.stderr, tt.stderr)
		if !b.several[10].closed {
			t.Errorf("%s: the engine of 10 was not closed", tt.args)
		}
	}
}

// TestAttachSeveralUnmatched has a pattern that matches nothing in any process, and
// others of which each process lacks one.
func TestAttachSeveralUnmatched(t *testing.T) {
	b := twoTargets(t, oneCall+"exit 0", strings.ReplaceAll(oneCall, "work", "work2")+"exit 0")
	r := gtrace(t, b, "attach", "10", "20", "-t", "main.nothing", "-t", "main.work", "-t", "main.work2")
	if r.status != statusUsage || r.stdout != "" {
		t.Errorf("status %d\n%s", r.status, r.stdout)
	}
	wantText(t, "messages", r.stderr, `no function matches "main.nothing"`)
}

// TestAttachSeveralUnprotected traces none when one of them would not survive the
// sudden death of gtrace, unless that is accepted.
func TestAttachSeveralUnprotected(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		stderr string
		status int
	}{
		{[]string{"-p", "10", "-p", "20"}, "no memory\ngtrace: hint: gtrace --unprotected -p 10 -p 20 traces it nevertheless", statusNotStarted},
		{[]string{"attach", "10", "20"}, "no memory\ngtrace: hint: gtrace attach --unprotected 10 20 traces it nevertheless", statusNotStarted},
		{[]string{"attach", "--unprotected", "10", "20"}, "", 0},
	} {
		b := twoTargets(t, oneCall+"exit 0", oneCall+"exit 0")
		b.several[20].unprotected = fmt.Errorf("protect process 20: %w: no memory", engine.ErrUnprotected)
		r := gtrace(t, b, tt.args...)
		if r.status != tt.status || (r.stdout == "") != (tt.status != 0) {
			t.Errorf("%q: status %d\n%s", tt.args, r.status, r.stdout)
		}
		wantText(t, "messages", r.stderr, tt.stderr)
	}
}

// TestAttachSeveralPlansFirst knows of everything that cannot be traced in one process
// before any is touched.
func TestAttachSeveralPlansFirst(t *testing.T) {
	other := strings.ReplaceAll(oneCall, "n=1", "m=1")
	if other == oneCall {
		t.Fatal("the script has other arguments")
	}
	for args, want := range map[string]string{
		"--if n==1":                              "PID 20: --if: ",
		"--max-probes 1":                         "more than the 1 that are allowed",
		"--watch n":                              "--watch: ",
		"--watch-mem main.total":                 "main.total: there is none",
		"-t main.nothing":                        `no function matches "main.nothing"`,
		"--depth 2 --rate 1/s --max-overhead 5%": "--max-overhead does not go with",
	} {
		b := twoTargets(t, oneCall+"exit 0", other+"exit 0")
		if strings.Contains(args, "max-probes") {
			b = twoTargets(t, oneCall+"exit 0", oneCall+strings.ReplaceAll(oneCall, "work", "rest")+"exit 0")
		}
		b.several[20].Refuse = map[string]error{"main.total": errors.New("there is none")}
		r := gtrace(t, b, append([]string{"attach", "10", "20"}, strings.Fields(args)...)...)
		if r.status == 0 || r.stdout != "" {
			t.Errorf("%s: status %d\n%s", args, r.status, r.stdout)
		}
		wantText(t, args, r.stderr, want)
		if n := strings.Count(r.stderr, want); n != 1 {
			t.Errorf("%s: it is said %d times:\n%s", args, n, r.stderr)
		}
		for pid, f := range b.several {
			if f.guarded || f.ran || !f.closed {
				t.Errorf("%s: process %d: guarded %v, traced %v, closed %v", args, pid, f.guarded, f.ran, f.closed)
			}
		}
	}
}

// TestAttachSeveralFails lets go of all when the trace of one cannot go on.
func TestAttachSeveralFails(t *testing.T) {
	b := twoTargets(t, oneCall, oneCall)
	b.several[20].Fail = errors.New("no room")
	r := gtrace(t, b, "attach", "10", "20")
	if r.status != statusFailed {
		t.Errorf("status %d", r.status)
	}
	wantText(t, "messages", r.stderr, "no room", "PIDs 10, 20 run on")
	for pid, f := range b.several {
		if !f.closed {
			t.Errorf("the engine of %d was not closed", pid)
		}
	}
}
