package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"gtrace/cmd/gtrace/output"
	"gtrace/events"
	"gtrace/session/engine"
)

// heldInFile is how long a sink that prints a call and its return in one line may
// hold the call: a file waits longer for that than a person who watches, who waits
// for flushAfter.
const heldInFile = 500 * time.Millisecond

// A destination is where events go: a sink, on a spool, on a file. Write and Close
// are called by the goroutine that traces, and wait for a file that takes
// nothing no longer than patience allows.
type destination struct {
	file     *os.File
	name     string    // for messages
	close    bool      // the file is ours
	truncate bool      // the file keeps its old content until the first event
	prompt   bool      // somebody watches: show every event at once
	pipe     *pipeline // that reads the file; nil: none

	names      *events.Names                      // nil: functions are written in full
	histograms []string                           // functions whose latencies are drawn
	source     func(file string, line int) string // text of a line of source
	sources    map[int]func(string, int) string   // the same of several processes, by PID; nil: there is one

	patience output.Patience
	stopped  <-chan struct{} // once it is closed, Write waits no more
	broken   func(error)
	spool    *output.Spool

	mu      sync.Mutex
	sink    events.Sink // nil once it is closed
	writing bool        // the sink is at work
	last    time.Time   // of the last event
	pending bool        // the sink may hold something
	err     error
}

// openDestination opens what the flags name, or takes std. It fails before anything
// is started when the file cannot be written.
func openDestination(f *outputFlags, s streams, std *os.File) (*destination, error) {
	o := &destination{file: std, name: std.Name()}
	command, isPipe := pipeCommand(f.file)
	switch {
	case f.file == "":
	case isPipe:
		pipe, file, err := startPipeline(command, s)
		if err != nil {
			return nil, fmt.Errorf("--output: %w", err)
		}
		o.file, o.name, o.close, o.pipe = file, f.file, true, pipe
	case f.file == "-":
		o.file, o.name = s.out, s.out.Name()
	default:
		file, err := output.Open(f.file, f.append)
		if err != nil {
			return nil, fmt.Errorf("--output: %w", err)
		}
		o.file, o.name, o.close, o.truncate = file, f.file, true, !f.append
	}
	o.prompt = isTerminal(o.file)
	return o, nil
}

// start makes the sink. A failure to write later on, whichever goroutine meets
// it, calls broken, once. Once stopped is closed, events no longer wait for a
// slow file.
func (o *destination) start(f *traceFlags, env []string, stopped <-chan struct{}, broken func(error)) error {
	if info, err := o.file.Stat(); o.truncate && err == nil && info.Mode().IsRegular() {
		if err := o.file.Truncate(0); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
	}
	o.broken, o.stopped = broken, stopped
	if f.output.splits() {
		o.spool = output.NewSpool(output.NewSplitFile(o.file, o.name, f.output.append), guard)
	} else {
		o.spool = output.NewSpool(o.file, guard)
	}
	o.spool.Tick, o.spool.Failed = o.tick, o.fail
	sink, err := o.newSink(f, env)
	if err != nil {
		return err
	}
	o.sink = sink
	return nil
}

// Write writes one event. After a failure it does nothing.
func (o *destination) Write(e events.Event) {
	if !o.print(e) {
		return
	}
	o.spool.Soon()
	// While waiting the lock is free: the spool's goroutine may need it.
	switch {
	case o.prompt:
		o.fail(o.spool.Await(0, o.patience, o.stopped))
	case o.spool.Full():
		o.fail(o.spool.MakeRoom(o.patience, o.stopped))
	}
}

// print hands an event to the sink, and reports whether it took it.
func (o *destination) print(e events.Event) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil || o.sink == nil {
		return false
	}
	o.writing = true
	err := o.sink.Write(e)
	o.writing = false
	o.last, o.pending = time.Now(), true
	o.failed(err)
	return err == nil
}

// know takes note of what the packages of a program are called.
func (o *destination) know(functions []*engine.Function) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.names == nil {
		return
	}
	for _, f := range functions {
		o.names.Add(events.PackagePath(f.Name), f.PackageName)
	}
}

// tick is called by the spool's goroutine, flushAfter the first event that it
// has not been called for.
func (o *destination) tick() {
	o.mu.Lock()
	defer o.mu.Unlock()
	f, ok := o.sink.(events.Flusher)
	if !ok || !o.pending || o.err != nil {
		return
	}
	hold := heldInFile
	if o.prompt {
		hold = output.FlushAfter
	}
	if time.Since(o.last) < hold {
		o.spool.Soon()
		return
	}
	o.pending = false
	o.failed(f.Flush())
}

// fail remembers the first failure and tells it.
func (o *destination) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed(err)
}

// failed is fail for who holds the lock.
func (o *destination) failed(err error) {
	if err == nil || o.err != nil {
		return
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		o.err = p
	} else {
		o.err = fmt.Errorf("write %s: %w", o.name, output.Cause(err))
	}
	o.broken(o.err)
}

// failure returns what went wrong first.
func (o *destination) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Close writes what is left and closes the file. It returns the first failure
// of all. It may be called twice.
func (o *destination) Close() error {
	if o.spool == nil { // it was never started
		if o.close {
			o.close = false
			o.file.Close() // nothing was written
			o.pipe.wait(o.patience.Hurry)
		}
		return nil
	}
	o.mu.Lock()
	if o.sink != nil && !o.writing && o.err == nil { // a sink that panicked is not asked again
		o.failed(o.sink.Close())
	}
	o.sink = nil
	o.mu.Unlock()
	o.fail(o.spool.Finish(o.close, o.patience))
	o.pipe.wait(o.patience.Hurry)
	return o.failure()
}
