package main

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A screen is written to by one goroutine and read by another.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *screen) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Reset()
}

func TestWorkLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen screen
		l := startWork(&screen, "building ./server")
		time.Sleep(unnoticed - time.Millisecond)
		synctest.Wait()
		if got := screen.String(); got != "" {
			t.Errorf("at once: %q", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		const row = "\r\x1b[Kgtrace: building ./server …"
		if got := screen.String(); got != row {
			t.Errorf("%q, want %q", got, row)
		}
		screen.Reset()
		if _, err := l.Write([]byte("# server\n")); err != nil {
			t.Error(err)
		}
		if got, want := screen.String(), "\r\x1b[K# server\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		screen.Reset()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		l.stop()
		if got, want := screen.String(), row+" 2s\r\x1b[K"; !strings.HasSuffix(got, want) {
			t.Errorf("%q, want %q at its end", got, want)
		}
	})
	(*workLine)(nil).stop()
}
