// Package output takes what gtrace writes to where it goes, whatever that is: a file
// that others could have prepared is not opened, one that takes nothing holds nobody
// up, and each goroutine can have one of its own. It knows neither flags nor how an
// event looks.
//
// A [Spool] has a goroutine that writes. All else is for the one that calls it.
package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// FlushAfter is how long what was written may stay unseen.
	FlushAfter = 50 * time.Millisecond
	// spoolSize is how much a spool takes before who writes has to wait. As much
	// again may be on its way to the file.
	spoolSize = 64 << 10
	// spoolChunk is how much goes to the file at once: the most that a pipe takes
	// in one piece, and little enough to see a slow reader move.
	spoolChunk = 4 << 10
)

// A Spool writes to a file from a goroutine of its own. A file can take nothing
// for as long as it likes: a pipe that nobody reads, a terminal after Ctrl-S, a
// server that is gone. A write(2) to it cannot be called off, so no goroutine
// that holds a target may be in one. Write never blocks; Await waits until there
// is room again, as long as the file moves. What a spool has been given up on
// with is lost, and its goroutine stays behind until the process ends.
//
// One goroutine at a time may call Await or Finish.
type Spool struct {
	file   io.Writer
	unread func() int  // what the reader of the file has not read
	Tick   func()      // called FlushAfter after Soon, before what there is gets written; may be nil
	Failed func(error) // called once, from any goroutine; may be nil
	guard  Guard

	start sync.Once
	timer *time.Timer
	kick  chan struct{} // there is something to do now
	moved chan struct{} // the file took something, or failed
	done  chan struct{} // the goroutine has ended

	mu     sync.Mutex
	buf    []byte // accepted, not on its way yet
	spare  []byte // the other buffer, while the goroutine does not use it
	way    int    // bytes on their way
	armed  bool   // the timer runs
	ending bool
	close  bool // close the file at the end
	err    error
}

// A Guard is deferred by the goroutine of a spool: of a panic there, which it
// recovers, it makes a failure.
type Guard func(fail func(error))

// NewSpool returns a spool in front of a file.
func NewSpool(file io.Writer, guard Guard) *Spool {
	return &Spool{
		file:   file,
		guard:  guard,
		unread: unreadOf(file),
		kick:   make(chan struct{}, 1),
		moved:  make(chan struct{}, 1),
		done:   make(chan struct{}),
	}
}

// Write takes p, all of it, unless the file has failed.
func (s *Spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	s.buf = append(s.buf, p...)
	if len(s.buf) >= spoolSize/2 {
		s.wake()
	}
	return len(p), nil
}

// wake makes the goroutine write what there is.
func (s *Spool) wake() {
	s.start.Do(s.run)
	post(s.kick)
}

// Soon makes the goroutine call tick and write what there is, FlushAfter the
// first of these calls.
func (s *Spool) Soon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.armed {
		s.armed = true
		s.start.Do(s.run)
		s.timer.Reset(FlushAfter)
	}
}

// waiting returns how much has not reached the file.
func (s *Spool) waiting() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.buf) + s.way, s.err
}

// Full reports whether who writes must wait for room.
func (s *Spool) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.buf) >= spoolSize
}

// run starts the goroutine.
func (s *Spool) run() {
	s.timer = time.NewTimer(time.Hour)
	s.timer.Stop()
	go func() {
		defer close(s.done)
		defer s.guard(s.fail)
		for s.next() {
			s.writeBatch()
		}
		s.closeFile()
	}()
}

// next waits for something to do and reports false when there will be nothing
// more.
func (s *Spool) next() bool {
	ticked := false
	select {
	case <-s.kick:
	case <-s.timer.C:
		ticked = true
	}
	s.mu.Lock()
	if ticked {
		s.armed = false
	}
	last := s.ending && len(s.buf) == 0
	s.mu.Unlock()
	if ticked && s.Tick != nil {
		s.Tick()
	}
	return !last
}

// writeBatch writes what there is now. What comes meanwhile asks for the next
// batch when there is enough of it: not every event should be a write(2).
func (s *Spool) writeBatch() {
	s.mu.Lock()
	batch := s.buf
	s.buf, s.spare, s.way = s.spare[:0], nil, len(batch)
	s.mu.Unlock()
	for rest := batch; len(rest) > 0; {
		n, err := writeSome(s.file, chunk(rest))
		if err != nil {
			s.fail(err)
			return
		}
		rest = rest[n:]
		if !s.advance(len(rest)) {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(batch) <= 2*spoolSize { // one huge event need not be paid for ever
		s.spare = batch
	}
	if s.ending {
		post(s.kick)
	}
}

// advance takes note of how much of a batch is left, and reports whether to go
// on with it.
func (s *Spool) advance(left int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil { // it was given up meanwhile
		return false
	}
	s.way = left
	post(s.moved)
	return true
}

// chunk returns what to write of b at once: whole lines if it can, so that a
// line does not mix with what others write to the same pipe.
func chunk(b []byte) []byte {
	if len(b) <= spoolChunk {
		return b
	}
	if i := bytes.LastIndexByte(b[:spoolChunk], '\n'); i >= 0 {
		return b[:i+1]
	}
	return b[:spoolChunk]
}

// writeSome writes to a file that may be in non-blocking mode: everybody who
// has the same terminal or pipe open can switch that on at any time.
func writeSome(w io.Writer, p []byte) (int, error) {
	n, err := w.Write(p)
	f, ok := w.(*os.File)
	if !ok || !errors.Is(err, unix.EAGAIN) {
		return n, err
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return n, err
	}
	cerr := conn.Control(func(fd uintptr) {
		_, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
	})
	if err == unix.EINTR {
		err = nil
	}
	return n, errors.Join(cerr, err)
}

// fail takes note of a failure: what is left, and what comes, is lost.
func (s *Spool) fail(err error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = err
	}
	s.buf, s.way = nil, 0
	ending := s.ending
	s.mu.Unlock()
	post(s.moved)
	if ending {
		post(s.kick)
	}
	if first && s.Failed != nil {
		s.Failed(err)
	}
}

// closeFile closes the file if that was asked for.
func (s *Spool) closeFile() {
	c, ok := s.file.(io.Closer)
	if !ok || !s.close {
		return
	}
	if err := c.Close(); err != nil {
		s.fail(fmt.Errorf("close: %w", Cause(err)))
	}
}

// Await waits until at most most bytes have not reached the file, or enough is
// closed. The clock of p starts again whenever something moves; when it has run
// out, the spool has failed with a StallError.
func (s *Spool) Await(most int, p Patience, enough <-chan struct{}) error {
	if n, err := s.waiting(); err != nil || n <= most {
		return err
	}
	s.wake()
	c := newStallClock(p, s.unread)
	defer c.stop()
	for {
		if n, err := s.waiting(); err != nil || n <= most {
			return err
		}
		select {
		case <-s.moved:
			c.restart()
		case <-enough:
			return nil
		case <-c.hurry:
			c.hurried()
		case <-c.expired():
			if !c.moved() {
				s.fail(&StallError{c.stall})
			}
		}
	}
}

// MakeRoom waits until there is room for more.
func (s *Spool) MakeRoom(p Patience, enough <-chan struct{}) error {
	return s.Await(spoolSize-1, p, enough)
}

// Finish writes what is left, closes the file if it is ours, and returns the
// first failure of all.
func (s *Spool) Finish(closeFile bool, p Patience) error {
	s.mu.Lock()
	if !s.ending {
		s.ending, s.close = true, closeFile
	}
	s.mu.Unlock()
	s.wake()
	if err := s.Await(0, p, nil); err != nil {
		if _, ok := errors.AsType[*StallError](err); ok {
			return err // its goroutine is stuck
		}
	}
	c := newStallClock(p, s.unread)
	defer c.stop()
	for {
		select {
		case <-s.done:
			_, err := s.waiting()
			return err
		case <-c.hurry:
			c.hurried()
		case <-c.expired():
			return &StallError{c.stall}
		}
	}
}

// post puts a token into a channel that holds one.
func post(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Cause strips the path that the file's own error repeats.
func Cause(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}
