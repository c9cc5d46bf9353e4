package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen strings.Builder
		l := startWork(&screen, "building ./server")
		time.Sleep(unnoticed - time.Millisecond)
		synctest.Wait()
		if screen.Len() > 0 {
			t.Errorf("at once: %q", screen.String())
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
