package output

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A Patience is how long to wait for a file that takes nothing.
type Patience struct {
	Stall time.Duration   // 0: for ever
	Hurry <-chan struct{} // once it is closed the user waits: HurriedStall at most; nil: never
}

// HurriedStall is how long gtrace waits for a file after a signal.
const HurriedStall = 2 * time.Second

// A StallError says that a file took nothing for too long.
type StallError struct{ after time.Duration }

func (e *StallError) Error() string { return fmt.Sprintf("no progress for %v", e.after) }

// A stallClock runs out when a file takes nothing for as long as a patience
// lasts.
type stallClock struct {
	unread func() int
	stall  time.Duration
	hurry  <-chan struct{}
	timer  *time.Timer // nil: never
	left   int         // unread, at the last look
}

func newStallClock(p Patience, unread func() int) *stallClock {
	c := &stallClock{unread: unread, stall: p.Stall, hurry: p.Hurry, left: unread()}
	if c.stall > 0 {
		c.timer = time.NewTimer(c.stall)
	}
	return c
}

// expired is what to receive from to learn that the clock has run out.
func (c *stallClock) expired() <-chan time.Time {
	if c.timer == nil {
		return nil
	}
	return c.timer.C
}

func (c *stallClock) restart() {
	if c.timer != nil {
		c.timer.Reset(c.stall)
	}
}

// moved is asked when the clock has run out. A reader may have read a few lines
// of what a pipe holds, which is not yet room for a write to go on: the clock
// starts again.
func (c *stallClock) moved() bool {
	before := c.left
	c.left = c.unread()
	if c.left == before {
		return false
	}
	c.restart()
	return true
}

// hurried makes the clock a short one.
func (c *stallClock) hurried() {
	c.hurry = nil
	if c.stall > 0 && c.stall <= HurriedStall {
		return
	}
	c.stop()
	c.stall = HurriedStall
	c.timer = time.NewTimer(c.stall)
}

func (c *stallClock) stop() {
	if c.timer != nil {
		c.timer.Stop()
	}
}

// unreadOf returns what tells how much the reader of a pipe or socket has not
// read yet, for other files 0. It must be made while nothing is held: asking for
// the kind of a file can block as long as writing to it.
func unreadOf(w io.Writer) func() int {
	none := func() int { return 0 }
	f, ok := w.(*os.File)
	if !ok {
		return none
	}
	info, err := f.Stat()
	if err != nil {
		return none
	}
	var request uint
	switch info.Mode().Type() {
	case os.ModeNamedPipe:
		request = unix.TIOCINQ // the same, seen from either end
	case os.ModeSocket:
		request = unix.TIOCOUTQ
	default:
		return none
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return none
	}
	return func() (n int) {
		_ = conn.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), request) })
		return n
	}
}
