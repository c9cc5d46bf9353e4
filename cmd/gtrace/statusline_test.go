package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gtrace/cmd/gtrace/output"
	"gtrace/events"
)

func TestStatusLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen strings.Builder
		stderr := output.NewSteady(&screen, guard, output.Patience{})
		s := startStatus(stderr, func(err error) { t.Error(err) })
		time.Sleep(time.Second)
		synctest.Wait()
		if screen.Len() > 0 {
			t.Errorf("before the start: %q", screen.String())
		}
		s.count(&events.Event{Kind: events.Start})
		for range 5 {
			s.count(&events.Event{Kind: events.Call})
		}
		s.count(&events.Event{Kind: events.Lost, Lost: &events.LostInfo{Count: 3}})
		time.Sleep(statusEvery)
		synctest.Wait()
		if want := "\r\x1b[K5 events  20/s  3 lost  0s  Ctrl-C ends"; screen.String() != want {
			t.Errorf("%q, want %q", screen.String(), want)
		}
		screen.Reset()
		if _, err := s.Write([]byte("gtrace: a message\n")); err != nil {
			t.Error(err)
		}
		if want := "\r\x1b[Kgtrace: a message\n"; screen.String() != want {
			t.Errorf("%q, want %q", screen.String(), want)
		}
		s.stop()
		s.stop()
		if err := stderr.Finish(); err != nil {
			t.Error(err)
		}
	})
	var none *statusLine
	none.count(&events.Event{Kind: events.Call})
	none.stop()
}

func TestCompletesProcesses(t *testing.T) {
	if r := gtrace(t, &fakeBackend{}, "__complete", "run", "--format", ""); !strings.Contains(r.stdout, "text\nsnoop\njson\n") {
		t.Errorf("formats: %s", r.stdout)
	}
	if r := gtrace(t, &fakeBackend{}, "__complete", "attach", ""); r.status != 0 {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
}
