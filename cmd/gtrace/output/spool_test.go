package output

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// A slowFile takes what is written to it after a while each time, or never.
type slowFile struct {
	pause  time.Duration // negative: for ever
	closes time.Duration // how long Close takes
	err    error
	quit   chan struct{} // lets go of writes that last for ever

	mu     sync.Mutex
	got    bytes.Buffer
	writes [][]byte
	closed bool
}

func newSlowFile(pause time.Duration) *slowFile {
	return &slowFile{pause: pause, quit: make(chan struct{})}
}

func (f *slowFile) Write(p []byte) (int, error) {
	if f.pause < 0 {
		<-f.quit
		return 0, errors.New("let go")
	}
	time.Sleep(f.pause)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return 0, f.err
	}
	f.writes = append(f.writes, bytes.Clone(p))
	return f.got.Write(p)
}

func (f *slowFile) Close() error {
	time.Sleep(f.closes)
	f.closed = true
	return nil
}

func (f *slowFile) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.got.String()
}

// TestSpoolKeepsEverything writes lines of any length to a slow file: all must
// arrive, in order, in pieces that end where lines do.
func TestSpoolKeepsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := newSlowFile(time.Millisecond)
		s := NewSpool(file, guardTest)
		var want strings.Builder
		for range 3000 {
			line := strings.Repeat("x", rand.IntN(300)) + "\n"
			want.WriteString(line)
			if _, err := s.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
			if s.Full() {
				if err := s.Await(spoolSize-1, Patience{Stall: time.Second}, nil); err != nil {
					t.Fatal(err)
				}
			}
			if n, _ := s.waiting(); n > 2*spoolSize {
				t.Fatalf("%d bytes wait", n)
			}
		}
		if err := s.Finish(true, Patience{Stall: time.Second}); err != nil {
			t.Fatal(err)
		}
		if file.text() != want.String() {
			t.Errorf("%d bytes, want %d", len(file.text()), want.Len())
		}
		if !file.closed {
			t.Error("the file was not closed")
		}
		for _, w := range file.writes {
			if len(w) > spoolChunk || w[len(w)-1] != '\n' {
				t.Fatalf("a write of %d bytes ends in %q", len(w), w[len(w)-1])
			}
		}
	})
}

// TestSpoolIsPrompt has what was written arrive after a short time, and tick
// called before.
func TestSpoolIsPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := newSlowFile(0)
		s := NewSpool(file, guardTest)
		s.Tick = func() { s.Write([]byte("tick\n")) }
		for range 2 {
			s.Write([]byte("line\n"))
			s.Soon()
			s.Soon()
			time.Sleep(FlushAfter - time.Nanosecond)
			synctest.Wait()
			if strings.HasSuffix(file.text(), "line\n") {
				t.Error("every event is a write of its own")
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
		}
		if want := "line\ntick\nline\ntick\n"; file.text() != want {
			t.Errorf("%q, want %q", file.text(), want)
		}
		if err := s.Finish(false, Patience{}); err != nil || file.closed {
			t.Error(err, file.closed)
		}
	})
}

// TestStall waits for files that are slow, stuck, or stuck with a reader that
// moves.
func TestStall(t *testing.T) {
	const stall = 2 * time.Second
	signal := func(after time.Duration) <-chan struct{} {
		c := make(chan struct{})
		time.AfterFunc(after, func() { close(c) })
		return c
	}
	for _, tt := range []struct {
		name   string
		pause  time.Duration
		moves  time.Duration // how long the reader of a stuck file goes on
		stall  time.Duration
		hurry  time.Duration // when a signal comes
		enough time.Duration // when the trace is told to end
		want   time.Duration // how long it waits
		gaveUp time.Duration // what the error says; 0: none
	}{
		{name: "slow", pause: stall - 1, stall: stall, want: 16 * (stall - 1)},
		{name: "too slow", pause: stall + 1, stall: stall, want: stall, gaveUp: stall},
		{name: "stuck", pause: -1, stall: stall, want: stall, gaveUp: stall},
		{name: "reader", pause: -1, stall: stall, moves: 9 * stall, want: 10 * stall, gaveUp: stall},
		{name: "told to end", pause: -1, stall: stall, enough: time.Second, want: time.Second},
		{name: "for ever", pause: time.Hour, want: 16 * time.Hour},
		{name: "for ever until told", pause: -1, enough: time.Hour, want: time.Hour},
		{name: "for ever until a signal", pause: -1, hurry: time.Hour, want: time.Hour + HurriedStall, gaveUp: HurriedStall},
		{name: "long until a signal", pause: -1, stall: time.Hour, hurry: time.Second, want: time.Second + HurriedStall, gaveUp: HurriedStall},
		{name: "short, then a signal", pause: -1, stall: time.Second, hurry: time.Second / 2, want: time.Second, gaveUp: time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := newSlowFile(tt.pause)
				s := NewSpool(file, guardTest)
				begin := time.Now()
				s.unread = func() int { return int(max(tt.moves-time.Since(begin), 0)) }
				s.Write(bytes.Repeat([]byte("x"), spoolSize))
				p := Patience{Stall: tt.stall}
				var enough <-chan struct{}
				if tt.hurry > 0 {
					p.Hurry = signal(tt.hurry)
				}
				if tt.enough > 0 {
					enough = signal(tt.enough)
				}
				err := s.Await(0, p, enough)
				if took := time.Since(begin); took != tt.want {
					t.Errorf("waited for %v, want %v", took, tt.want)
				}
				stalled, ok := errors.AsType[*StallError](err)
				if ok != (tt.gaveUp > 0) || ok && stalled.after != tt.gaveUp {
					t.Errorf("error %v, want a stall of %v", err, tt.gaveUp)
				}
				checkGivenUp(t, s, tt.gaveUp > 0)
				close(file.quit)
				time.Sleep(time.Hour)
				_ = s.Finish(false, Patience{})
			})
		})
	}
}

// checkGivenUp checks that nobody waits again for a file that was given up.
func checkGivenUp(t *testing.T, s *Spool, gaveUp bool) {
	t.Helper()
	if !gaveUp {
		return
	}
	begin := time.Now()
	if _, err := s.Write([]byte("more")); err == nil {
		t.Error("a file that was given up takes more")
	}
	if err := s.Finish(true, Patience{Stall: time.Hour}); err == nil {
		t.Error("the end does not know of the failure")
	}
	if took := time.Since(begin); took > 0 {
		t.Errorf("waited again for %v", took)
	}
}

// TestStallInClose gives up a file that cannot be closed.
func TestStallInClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := newSlowFile(0)
		file.closes = time.Hour
		s := NewSpool(file, guardTest)
		s.Write([]byte("line\n"))
		begin := time.Now()
		err := s.Finish(true, Patience{Stall: time.Second})
		if _, ok := errors.AsType[*StallError](err); !ok || time.Since(begin) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if file.text() != "line\n" {
			t.Errorf("wrote %q", file.text())
		}
		time.Sleep(time.Hour)
	})
}

// TestSpoolFails tells a failure once, to whoever waits and to who asked.
func TestSpoolFails(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		tick  func()
		panic bool
	}{
		{name: "full", err: syscall.ENOSPC},
		{name: "panic", tick: func() { panic("bug") }, panic: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := newSlowFile(0)
				file.err = tt.err
				s := NewSpool(file, guardTest)
				s.Tick = tt.tick
				var told []error
				s.Failed = func(err error) { told = append(told, err) }
				s.Write([]byte("line\n"))
				s.Soon()
				time.Sleep(FlushAfter)
				synctest.Wait()
				if len(told) != 1 {
					t.Fatalf("told %v", told)
				}
				if _, ok := errors.AsType[*brokenError](told[0]); ok != tt.panic || !tt.panic && told[0] != tt.err {
					t.Errorf("told %v", told[0])
				}
				if _, err := s.Write([]byte("more\n")); err != told[0] {
					t.Errorf("more: %v", err)
				}
				if err := s.Finish(true, Patience{}); err != told[0] || len(told) > 1 {
					t.Errorf("finish: %v", err)
				}
				if !tt.panic && !file.closed {
					t.Error("the file was not closed")
				}
			})
		})
	}
}

// TestNonBlocking writes to a pipe that somebody else has made non-blocking.
func TestNonBlocking(t *testing.T) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	w, r := os.NewFile(uintptr(fds[1]), "w"), os.NewFile(uintptr(fds[0]), "r")
	defer r.Close()
	if err := unix.SetNonblock(fds[1], true); err != nil { // after NewFile has looked
		t.Fatal(err)
	}
	s := NewSpool(w, guardTest)
	const lines = 50_000
	go func() {
		for range lines {
			s.Write([]byte("line\n"))
		}
		if err := s.Finish(true, Patience{}); err != nil {
			t.Error(err)
		}
	}()
	var got bytes.Buffer
	if n, err := got.ReadFrom(r); n != 5*lines || err != nil {
		t.Errorf("%d bytes, want %d; %v", n, 5*lines, err)
	}
}

// TestUnread looks at what the reader of a pipe has left.
func TestUnread(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	unread := unreadOf(w)
	w.Write([]byte("five\n"))
	if n := unread(); n != 5 {
		t.Errorf("%d unread, want 5", n)
	}
	r.Read(make([]byte, 2))
	if n := unread(); n != 3 {
		t.Errorf("%d unread, want 3", n)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if n := unreadOf(file)(); n != 0 {
		t.Errorf("%d unread of a file", n)
	}
}

// A brokenError is a panic in a spool.
type brokenError struct{ value any }

func (e *brokenError) Error() string { return fmt.Sprint(e.value) }

func guardTest(fail func(error)) {
	if v := recover(); v != nil {
		fail(&brokenError{v})
	}
}
