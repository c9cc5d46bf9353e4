package events_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gtrace/events"
)

func TestFilters(t *testing.T) {
	calls := map[string]string{
		"returned":   "call g1 #1 main.a\nreturn g1 #1 main.a duration=5ms",
		"error":      "call g1 #1 main.a\nexception g1 #1 main.a !error(value=x)\nreturn g1 #1 main.a error=x duration=20ms",
		"error deep": "call g1 #2 depth=1 parent=1 main.b\nexception g1 #2 depth=1 parent=1 main.b !error(value=x)\nreturn g1 #2 depth=1 parent=1 main.b error=x duration=1ms",
		"unwound":    "call g1 #1 main.a\nexception g1 #1 main.a !panic\nreturn g1 #1 main.a unwound duration=10ms",
		"recovered":  "call g1 #1 main.a\nexception g1 #1 main.a !panic(recovered)\nreturn g1 #1 main.a recovered duration=1ms",
		"partial":    "return g1 #1 main.a partial",
		"fatal":      "exception g1 !fatal",
	}
	for _, tt := range []struct {
		name   string
		filter events.Filter
		want   string
	}{
		{"failed", events.Failed(), "error, error deep, unwound, fatal"},
		{"succeeded", events.Succeeded(), "returned, recovered, partial"},
		{"slower", events.Slower(10 * time.Millisecond), "error, unwound"},
	} {
		if !tt.filter.NeedsEnd() {
			t.Errorf("%s does not need the end of a call", tt.name)
		}
		for name, text := range calls {
			call := parse(t, strings.Split(text, "\n")...)
			if got := tt.filter.Keep(call); got != slices.Contains(strings.Split(tt.want, ", "), name) {
				t.Errorf("%s keeps %s: %t", tt.name, name, got)
			}
		}
	}
}
