package session

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gtrace/events"
	"gtrace/events/eventstest"
	"gtrace/session/engine"
	"gtrace/session/engine/enginetest"
)

// A stageTest gives the pairing hits, and expects events in their text form.
// Times, threads and places are compared where the expected text has them in
// its first line.
type stageTest struct {
	name string
	hits string
	want string
}

func runStage(t *testing.T, tests []stageTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hits, _, err := enginetest.Parse(tt.hits)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(strings.TrimSpace(tt.want), "\n")
			shown := shownIn(first)
			p := newPairer(Config{Capture: engine.Capture{Stack: 8}}, nil, nil, nil)
			var got []string
			for i := range hits {
				for _, e := range p.add(&hits[i]) {
					got = append(got, shown.format(e))
				}
			}
			var want []string
			for line := range strings.Lines(tt.want) {
				if line = strings.TrimSpace(line); line == "" {
					continue
				}
				e, err := eventstest.Parse(line)
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				want = append(want, shown.format(e))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// shown says which fields are compared.
type shown struct{ place, time, duration bool }

func shownIn(line string) shown {
	return shown{
		place:    strings.Contains(line, " @"),
		time:     strings.Contains(line, " t="),
		duration: strings.Contains(line, " t="),
	}
}

func (s shown) format(e events.Event) string {
	e.Thread = 0
	if !s.place {
		e.File, e.Line = "", 0
		if e.Exception != nil {
			x := *e.Exception
			x.Origin = nil
			e.Exception = &x
		}
	}
	if !s.time {
		e.Time = time.Time{}
	}
	if !s.duration {
		e.Duration, e.HasDuration = 0, false
	}
	return eventstest.Format(e)
}
