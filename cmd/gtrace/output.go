package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"gtrace/events"
)

// How long what was written may stay unseen. A sink that prints a call and its
// return in one line holds the call until it knows; a person who watches waits
// less long for that than a file does.
const (
	flushAfter    = 50 * time.Millisecond
	heldInFile    = 500 * time.Millisecond
	outputBufSize = 64 << 10
)

// An output is where events go: a sink, on a buffer, on a file. Write and Close
// are called by the goroutine that traces; a timer flushes in between.
type output struct {
	file     *os.File
	name     string // for messages
	close    bool   // the file is ours
	truncate bool   // the file keeps its old content until the first event
	prompt   bool   // somebody watches: show every event at once
	broken   func(error)

	mu      sync.Mutex
	sink    events.Sink
	buf     *bufio.Writer
	timer   *time.Timer
	last    time.Time // of the last event
	armed   bool
	pending bool // the sink may hold something
	err     error
}

// openOutput opens what the flags name, or takes std. It fails before anything
// is started when the file cannot be written.
func openOutput(f *outputFlags, s streams, std *os.File) (*output, error) {
	o := &output{file: std, name: std.Name()}
	switch f.file {
	case "":
	case "-":
		o.file, o.name = s.out, s.out.Name()
	default:
		file, err := openFile(f.file, f.append, os.Geteuid())
		if err != nil {
			return nil, fmt.Errorf("--output: %w", err)
		}
		o.file, o.name, o.close, o.truncate = file, f.file, true, !f.append
	}
	o.prompt = isTerminal(o.file)
	return o, nil
}

// start makes the sink. A failure to write later on, also one that the timer
// meets, calls broken, once.
func (o *output) start(f *traceFlags, env []string, broken func(error)) error {
	if info, err := o.file.Stat(); o.truncate && err == nil && info.Mode().IsRegular() {
		if err := o.file.Truncate(0); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
	}
	o.broken = broken
	o.buf = bufio.NewWriterSize(o.file, outputBufSize)
	if f.output.format == "json" {
		o.sink = events.JSON(o.buf)
	} else {
		mode, err := events.ParseTimeMode(f.output.time)
		if err != nil {
			return usage(err)
		}
		o.sink = events.Text(o.buf, events.TextOptions{
			Color:  f.output.colored(o.file, env),
			Time:   mode,
			Prefix: f.output.prefix,
			Quiet:  f.quiet,
			Value:  f.valueWidth(),
			Kinds:  f.eventKinds(),
		})
	}
	return nil
}

// Write writes one event. After a failure it does nothing.
func (o *output) Write(e events.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return
	}
	err := o.sink.Write(e)
	if o.prompt && err == nil {
		err = o.buf.Flush()
	}
	o.last, o.pending = time.Now(), true
	o.arm()
	o.fail(err)
}

// arm starts the timer unless it runs already: what is written first is seen
// after flushAfter, however many events follow.
func (o *output) arm() {
	if o.armed {
		return
	}
	o.armed = true
	if o.timer == nil {
		o.timer = time.AfterFunc(flushAfter, o.tick)
	} else {
		o.timer.Reset(flushAfter)
	}
}

// tick is called by the timer.
func (o *output) tick() {
	defer guard(o.broken)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.armed = false
	if o.err != nil || o.sink == nil {
		return
	}
	hold := heldInFile
	if o.prompt {
		hold = flushAfter
	}
	var err error
	if f, ok := o.sink.(events.Flusher); ok && o.pending {
		if time.Since(o.last) >= hold {
			err, o.pending = f.Flush(), false
		} else {
			o.arm()
		}
	}
	o.fail(errors.Join(err, o.buf.Flush()))
}

// fail remembers the first failure and tells it.
func (o *output) fail(err error) {
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("write %s: %w", o.name, cause(err))
		o.broken(o.err)
	}
}

// cause strips the path that the file's own error repeats.
func cause(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

// Close writes what is left and closes the file. It returns the first failure
// of all.
func (o *output) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer != nil {
		o.timer.Stop()
	}
	if o.sink != nil && o.err == nil {
		o.fail(errors.Join(o.sink.Close(), o.buf.Flush()))
	}
	o.sink = nil
	if o.close {
		o.close = false
		if err := o.file.Close(); err != nil && o.err == nil {
			o.err = fmt.Errorf("close %s: %w", o.name, cause(err))
		}
	}
	return o.err
}
