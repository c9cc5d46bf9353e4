package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gtrace/cmd/gtrace/output"
)

// A workLine says on the last line of a terminal what gtrace is busy with before
// there is anything to see, and goes away. What is written through it stands on
// lines of its own. A nil *workLine does nothing.
type workLine struct {
	w     *output.Steady
	what  string
	begun time.Time
	done  chan struct{}
	wg    sync.WaitGroup

	mu    sync.Mutex
	shown bool
}

// unnoticed is how long something may take without a word. An attached target is
// not kept waiting for a terminal that is busy for longer than workStall.
const (
	unnoticed = 300 * time.Millisecond
	workStall = time.Second
)

// startWork begins to say on w what is being done.
func startWork(w io.Writer, what string) *workLine {
	l := &workLine{w: output.NewSteady(w, guard, output.Patience{Stall: workStall}), what: what, begun: time.Now(), done: make(chan struct{})}
	l.wg.Go(func() {
		tick := time.NewTicker(unnoticed)
		defer tick.Stop()
		for {
			select {
			case <-l.done:
				return
			case <-tick.C:
				l.show()
			}
		}
	})
	return l
}

func (l *workLine) show() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shown = true
	text := clearLine + "gtrace: " + l.what + " …"
	if d := time.Since(l.begun).Truncate(time.Second); d > 0 {
		text += fmt.Sprintf(" %v", d)
	}
	l.w.Offer([]byte(text))
}

// Write clears the line and writes p.
func (l *workLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown {
		l.shown = false
		p = append([]byte(clearLine), p...)
	}
	return l.w.Write(p)
}

// stop takes the line away.
func (l *workLine) stop() {
	if l == nil {
		return
	}
	close(l.done)
	l.wg.Wait()
	_, _ = l.Write(nil)
	_ = l.w.Finish() // a terminal that takes nothing shows in what follows
}

// working tells a user who watches a terminal what takes its time, until the
// function that it returns is called. What else is to be told meanwhile goes to
// the writer.
func (a *app) working(what string) (w io.Writer, done func()) {
	if a.say.quiet || !isTerminal(a.err) || isDumb(a.env) {
		return a.err, func() {}
	}
	l := startWork(a.err, what)
	before := a.say.through(l)
	return l, func() {
		l.stop()
		a.say.through(before)
	}
}

// reading tells that a program is read, which takes long for a large one.
func (a *app) reading(path string) (done func()) {
	what := "reading the debug information"
	if info, err := os.Stat(path); err == nil {
		if name, err := os.Readlink(path); err == nil {
			path = name // that of a process
		}
		what += fmt.Sprintf(" of %s (%d MB)", printable(filepath.Base(path)), info.Size()>>20)
	}
	_, done = a.working(what)
	return done
}
