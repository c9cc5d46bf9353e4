package events_test

import (
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// parse reads a stream written by hand, one event a line.
func parse(t testing.TB, lines ...string) []events.Event {
	t.Helper()
	var list []events.Event
	for _, line := range lines {
		e, err := eventstest.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}
