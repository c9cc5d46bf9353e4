package main

import (
	"fmt"
	"sync"
	"time"

	"gtrace/cmd/gtrace/output"
	"gtrace/events"
)

const (
	statusEvery = 250 * time.Millisecond
	clearLine   = "\r\x1b[K"
)

// A statusLine shows, on the last line of a terminal, how a trace goes whose
// events go elsewhere. A nil *statusLine does nothing.
type statusLine struct {
	w    *output.Steady
	done chan struct{}
	wg   sync.WaitGroup

	mu     sync.Mutex
	begun  time.Time
	events uint64
	lost   uint64
	before uint64 // events at the last look
	shown  bool
}

// startStatus begins to show the line on w. A panic in it calls fail.
func startStatus(w *output.Steady, fail func(error)) *statusLine {
	s := &statusLine{w: w, done: make(chan struct{})}
	s.wg.Go(func() {
		defer guard(fail)
		tick := time.NewTicker(statusEvery)
		defer tick.Stop()
		for {
			select {
			case <-s.done:
				return
			case <-tick.C:
				s.show()
			}
		}
	})
	return s
}

// count takes note of an event.
func (s *statusLine) count(e *events.Event) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case events.Start:
		s.begun = time.Now()
	case events.Lost:
		if e.Lost != nil {
			s.lost += e.Lost.Count
		}
	case events.Exec, events.Left, events.End:
	default:
		s.events++
	}
}

func (s *statusLine) show() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun.IsZero() {
		return
	}
	rate := (s.events - s.before) * uint64(time.Second/statusEvery)
	s.before, s.shown = s.events, true
	// Offered: whoever counts an event must not wait for the terminal.
	s.w.Offer(fmt.Appendf(nil, clearLine+"%d events  %d/s  %d lost  %v  Ctrl-C ends", s.events, rate, s.lost,
		time.Since(s.begun).Truncate(time.Second)))
}

// Write clears the line and writes p, so that messages and the line do not mix.
func (s *statusLine) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown {
		s.shown = false
		p = append([]byte(clearLine), p...)
	}
	return s.w.Write(p)
}

// stop takes the line away. It may be called twice.
func (s *statusLine) stop() {
	if s == nil {
		return
	}
	select {
	case <-s.done:
		return
	default:
	}
	close(s.done)
	s.wg.Wait()
	s.Write(nil)
}
