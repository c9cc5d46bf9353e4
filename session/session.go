package session

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/source"
)

// Config says what to trace. Its zero value traces every function of the
// target's main module.
type Config struct {
	Trace, Ignore []string        // patterns; empty Trace: the target's main module
	Kinds         []events.Kind   // kinds to report; nil: call, return, exception, line where lines are traced, and write where memory is watched
	Lines         bool            // trace the lines of every function
	Follow        Follow          // what to trace for the calls it is part of
	Locals        bool            // show all variables at call and return
	WatchMem      []string        // variables, fields and elements whose changes are reported: see engine.Writes
	Old           bool            // show what a variable was before it changed
	Sources       *source.Finder  // finds the text of lines; nil: none is shown
	Goroutines    []int64         // nil: all
	Capture       engine.Capture  // what to read at a probe
	MaxProbes     int             // 0: 1000
	Watch         []engine.Watch  // what to show when it changes
	If            string          // a Go expression, true of the calls to trace when they begin
	Filters       []events.Filter // all must keep a call
	Pick          Pick            // of the calls that these keep
	Backlog       Backlog         // of events that are shown only when something happens
	StartAt       []string        // patterns; the stream begins at the first call of what they match
	StopAt        []string        // patterns; the trace ends at a call of what they match
	Limit         uint64          // events; 0: no limit
	Allowance     *Allowance      // of events, shared with other sessions; nil: none
	Rate          Rate            // calls that are reported; zero: no limit
	FollowExec    bool            // go on in the program that replaces the target's
	// MaxOverhead is the share of the target's time, above 0 and at most 1, for
	// which its threads may be held: functions that cost too much are not
	// observed for a while, and the stream says so. 0: no limit. It can not be
	// had with lines, nor with FollowExec.
	MaxOverhead float64
	// Remedy says in words what makes inlined calls visible, for a note where there are
	// some; it may be empty.
	Remedy string
	// Warn is told, in words, what is worth knowing at once; it may be nil.
	Warn func(format string, args ...any)

	Version string // of gtrace, for the start record
}

// DefaultMaxProbes is how many functions a session traces at most when its
// Config does not say.
const DefaultMaxProbes = 1000

// A Session turns the hits of one engine into events.
type Session struct {
	eng      engine.Engine
	cfg      Config
	start    events.StartInfo // of the program there is now
	pairer   *pairer
	follower *follower // nil: what traced functions call is not followed
	window   *window   // nil: the whole trace
	sieve    *sieve    // nil: no filters
	backlog  *backlog  // nil: none
	gate     *gate
	doubts   doubts
	thin     *thinner // nil: the overhead has no bound
	lost     uint64
	phase    phase

	// queue holds the events of the last hit; those from next on have not been
	// yielded yet, because the caller left the loop in between.
	queue []events.Event
	next  int
	cut   []events.Event // of that hit, what the limit has left out; nil: it is not reached
	now   time.Time      // of that hit

	alarm  alarm
	execAt time.Time      // when the target last replaced its program
	last   []events.Event // what is left to yield of the last records
	err    error          // after these
}

// A phase is how far the stream has come.
type phase uint8

const (
	fresh   phase = iota // the start record is to come
	running              // events are to come
	ending               // the last records are to come
	ended                // nothing is to come
)

// New selects the functions that cfg asks for and plants a probe in each. When
// it fails, what it has planted is removed again. It wraps a [NoMatchError], a
// [TooManyError] or an [InlinedError] when the patterns are at fault.
func New(eng engine.Engine, cfg Config) (*Session, error) {
	if cfg.FollowExec {
		f, ok := eng.(engine.ExecFollower)
		if !ok {
			return nil, fmt.Errorf("follow exec: %w", engine.ErrNotSupported)
		}
		if cfg.bound() {
			return nil, errBoundExec
		}
		f.FollowExec()
	}
	p, err := begin(eng, cfg)
	if err != nil {
		return nil, err
	}
	gate := newGate(p.cfg)
	s := &Session{
		eng:      eng,
		cfg:      cfg,
		start:    p.start,
		pairer:   newPairer(p.cfg, p.lines, p.scope, p.watcher),
		follower: p.follower,
		window:   p.window,
		sieve:    newSieve(p.cfg, p.window),
		backlog:  newBacklog(cfg.Backlog, gate.asks),
		gate:     gate,
		doubts:   newDoubts(cfg),
	}
	if s.backlog != nil && s.backlog.failures != nil {
		s.backlog.status = watchStatus(eng)
	}
	if cfg.MaxOverhead > 0 {
		if s.thin, err = newThinner(eng, cfg.MaxOverhead, p.done.costings, neededCapture(cfg), s.pairer); err != nil {
			return nil, errors.Join(err, unplant(eng, p.done.probes))
		}
	}
	return s, nil
}

// Events lets the target run and yields what it does, from a start record to an
// end record, whatever ends the trace. Breaking out of the loop leaves the
// target stopped where the engine can stop it; ranging again goes on with the
// next event. Cancelling ctx ends the trace for the reason that a [*Stop] as
// its cause gives, or as interrupted. An error comes after the end record.
func (s *Session) Events(ctx context.Context) iter.Seq2[events.Event, error] {
	return func(yield func(events.Event, error) bool) {
		if s.phase == fresh {
			s.phase = running
			start, now := s.start, time.Now()
			if s.thin != nil {
				s.thin.begun = now
			}
			if !yield(events.Event{Kind: events.Start, Time: now, Start: &start}, nil) {
				return
			}
		}
		if s.phase == running {
			end, err := s.run(ctx, yield)
			if end == nil {
				return
			}
			s.phase, s.err = ending, err
			s.last = s.lastRecords(end)
		}
		for len(s.last) > 0 {
			e := s.last[0]
			if s.last = s.last[1:]; len(s.last) == 0 {
				s.phase = ended
			}
			if !yield(e, nil) {
				return
			}
		}
		if err := s.err; err != nil {
			s.err = nil
			yield(events.Event{}, err)
		}
	}
}

// run yields events until the trace ends, and returns why and with which error,
// or nil when the loop body broke off.
func (s *Session) run(ctx context.Context, yield func(events.Event, error) bool) (*events.Event, error) {
	if end, more := s.drain(yield); !more {
		return end, nil
	}
	for {
		end, err := s.watch(ctx, yield)
		more := false
		switch {
		case errors.Is(err, errAlarm):
			end, more = s.look(yield)
		case errors.Is(err, errExec):
			end, more = s.follow(yield)
		default:
			return end, err
		}
		if !more {
			return end, nil
		}
		if s.thin.failed() {
			return s.failed(ctx, s.thin.err)
		}
	}
}

// watch yields the events of hits, until the trace ends, the loop body breaks
// off, or the alarm goes off, for which the error is errAlarm, or the target is
// to be followed into another program, for which it is errExec.
func (s *Session) watch(ctx context.Context, yield func(events.Event, error) bool) (*events.Event, error) {
	inner, stop := s.alarm.watch(ctx)
	defer stop()
	for h, err := range s.eng.Hits(inner) {
		switch {
		case errors.Is(err, errAlarm):
			return nil, err
		case err != nil:
			return s.failed(ctx, err)
		case h.Kind == engine.Ended && h.Exit.Exec && s.cfg.FollowExec:
			s.execAt = h.Time
			return nil, errExec
		case h.Kind == engine.Ended:
			return exited(&h), nil
		}
		if end, more := s.serve(&h, yield); !more {
			return end, nil
		}
		if s.thin.failed() {
			return s.failed(ctx, s.thin.err)
		}
	}
	return s.failed(ctx, errNoEnd)
}

// serve yields the events of one hit. It reports whether the target may run on,
// as drain does.
func (s *Session) serve(h *engine.Hit, yield func(events.Event, error) bool) (end *events.Event, more bool) {
	s.queue, s.next, s.now = nil, 0, h.Time
	s.doubts.tell(h)
	var answers *statusWatch
	if s.backlog != nil {
		answers = s.backlog.status
	}
	admitted := s.gate.admits(h)
	switch {
	case !admitted:
	case answers.owns(h):
		s.pairer.meet(h)
	default:
		s.queue = s.pairer.add(h)
		s.follower.see(h, s.pairer.level(h))
	}
	if s.thin != nil {
		s.queue = append(s.queue, s.thin.hit(h)...)
	}
	s.sift()
	if admitted && h.Kind == engine.Entered {
		s.answer(h, answers)
	}
	return s.drain(yield)
}

// answer takes note that a request has failed, if a hit tells so.
func (s *Session) answer(h *engine.Hit, w *statusWatch) {
	status := w.sent(h)
	if status != 0 {
		s.pairer.answered(h, status)
	}
	if status != 0 || w.owns(h) { // of one that cannot be read this much is known
		s.backlog.failures.blame(h.Goroutine)
	}
}

// look does what is due when nothing was hit.
func (s *Session) look(yield func(events.Event, error) bool) (end *events.Event, more bool) {
	s.queue, s.next, s.now = nil, 0, time.Now()
	s.sift()
	return s.drain(yield)
}

// sift leaves in the queue what the filters let through, adds what is due, and
// sets the alarm for what will be.
func (s *Session) sift() {
	var due time.Time
	fires := s.backlog != nil && s.backlog.fires(s.queue, s.now)
	if s.sieve != nil {
		s.queue = s.sieve.add(s.queue, s.now, fires)
		due = s.sieve.due()
	}
	if s.backlog != nil {
		s.queue = s.backlog.add(s.queue, fires)
	}
	if r := s.gate.rate; r != nil {
		if due := r.due(); !due.IsZero() && !s.now.Before(due) {
			s.queue = slices.Insert(s.queue, 0, r.account(s.now))
		}
		due = earlier(due, r.due())
	}
	if t := s.thin; t != nil {
		if list := t.comeBack(s.now); len(list) > 0 {
			s.queue = slices.Insert(s.queue, 0, list...)
		}
		due = earlier(due, t.due())
	}
	s.alarm.set(due)
}

// errNoEnd is an engine's breach of its contract.
var errNoEnd = errors.New("the engine stopped without saying why")

// drain yields the events of the last hit that have not been. It reports
// whether the target may run on; if not, the trace has reached its limit or
// the place to stop at, or the loop body broke off and there is no end.
func (s *Session) drain(yield func(events.Event, error) bool) (end *events.Event, more bool) {
	for s.more() {
		e := &s.queue[s.next]
		s.next++
		if !s.gate.passes(e, s.now) {
			if s.gate.denied {
				s.next-- // another session was quicker
			}
			continue
		}
		if e.Kind == events.Lost {
			s.lost += e.Lost.Count
		}
		if !yield(*e, nil) {
			return nil, false
		}
	}
	switch {
	case s.gate.full():
		return endFor(events.EndInfo{Reason: events.ReasonLimit}), false
	case s.window != nil && s.window.over:
		return endFor(events.EndInfo{Reason: events.ReasonStopAt}), false
	}
	return nil, true
}

// failed tells a trace that was told to end from one that could not go on.
func (s *Session) failed(ctx context.Context, err error) (*events.Event, error) {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
		return stopped(cause), nil
	}
	target := s.start.Program
	if s.start.PID != 0 {
		target = fmt.Sprintf("%s (pid %d)", target, s.start.PID)
	}
	err = fmt.Errorf("trace %s: %w", target, err)
	return endFor(events.EndInfo{Reason: events.ReasonError, Message: err.Error()}), err
}
