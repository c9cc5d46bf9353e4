package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gtrace/events"
	"gtrace/session"
	"gtrace/session/engine"
)

// several is one trace of several processes. Each has an engine and a session, on a
// goroutine of its own, as an engine belongs to the one that has opened it; their
// streams come together in a merger. It is about all of them when a trace begins,
// which either all do or none, and when it ends by anything else but the end of one
// process.
type several struct {
	*trace
	tracees []*tracee
	merger  *merger

	timed  bool                    // --for runs
	config sync.Mutex              // flags make one configuration at a time
	chosen chan *tracee            // each once: what to trace there is known, or an error
	decide context.CancelCauseFunc // ends the wait for whether the trace begins
}

// A tracee is one of several processes.
type tracee struct {
	number int
	pid    int

	cfg        session.Config
	unmatched  []*session.NoMatchError // for each pattern of which there is nothing here
	patterns   []string                // of those given, the others
	histograms []string
	left       *events.EndInfo // how its trace has ended; nil: it has not
	released   bool            // it runs on without probes
	err        error
}

// isLeftAlone reports whether there is nothing to trace in the process.
func (p *tracee) isLeftAlone() bool { return len(p.unmatched) > 0 && len(p.patterns) == 0 }

// errBegin is the verdict that the trace begins.
var errBegin = errors.New("begin")

// attachSeveral traces several processes until all have ended or the trace does.
func attachSeveral(ctx context.Context, a *app, f *traceFlags, pids []int) error {
	if f.output.splits() {
		return usage(errors.New("-ff: not with several processes, whose goroutines have the same ids: trace each with an output of its own"))
	}
	out, err := openOutput(&f.output, a.streams, a.out)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	relay := listen(cancel, nil)
	defer relay.stop()

	s := &several{
		trace:  newTrace(a, f, out, relay),
		merger: newMerger(len(pids)),
		chosen: make(chan *tracee, len(pids)),
	}
	shown := true
	for i, pid := range pids {
		s.tracees = append(s.tracees, &tracee{number: i, pid: pid})
		shown = shown && a.wantsStatus(out, f, pid)
	}
	if shown {
		s.status = startStatus(s.stderr, cancel)
		a.say.w = s.status
	}
	err = s.run(ctx)
	rest := s.runOn()
	switch {
	case err != nil && !isStop(err):
		a.say.report(err)
		if rest != "" && !s.begun.IsZero() {
			a.say.note("tracing ended; %s", rest)
		}
		return ended(exitStatus(err))
	case rest == "":
		s.summarize("")
	default:
		s.summarize("; " + stopText(&s.end) + "; " + rest)
	}
	if stop := stopOf(ctx); stop != nil && stop.Reason == events.ReasonInterrupted {
		return ended(targetStatus(0, stop.Signal))
	}
	return nil
}

// run traces all of them.
func (s *several) run(ctx context.Context) (err error) {
	defer func() {
		if cerr := s.closeOutput(); !errors.Is(err, cerr) {
			err = errors.Join(err, cerr)
		}
	}()
	ignoreReserved()
	var tracing sync.WaitGroup
	defer tracing.Wait()
	verdict, decide := context.WithCancelCause(ctx)
	s.decide = decide
	if !s.flags.output.full {
		s.out.names = new(events.Names)
	}
	allowance := s.allowance()
	_, read := s.app.working(fmt.Sprintf("reading the debug information of %d programs", len(s.tracees)))
	for _, p := range s.tracees {
		p.cfg.Allowance = allowance
		tracing.Go(func() { s.follow(ctx, verdict, p) })
	}
	err = s.choose()
	read()
	if err == nil && ctx.Err() != nil { // a signal came while the programs were read
		err = context.Cause(ctx)
	}
	if err == nil {
		err = s.out.start(s.flags, s.app.env, ctx.Done(), s.writeFailed)
	}
	if err != nil {
		s.decide(err)
		s.cancel(err)
	} else {
		s.begun = time.Now()
		s.decide(errBegin)
	}
	s.write(ctx)
	if err != nil {
		return err
	}
	for _, p := range s.tracees {
		if p.err != nil {
			return p.err
		}
	}
	return internal(ctx)
}

// allowance is what --limit allows all of them together.
func (s *several) allowance() *session.Allowance {
	if s.flags.limit == 0 {
		return nil
	}
	return session.NewAllowance(s.flags.limit)
}

// choose waits until it is known what there is to trace in each process, and decides
// whether the trace begins. A pattern must match something in one of them.
func (s *several) choose() error {
	var first error
	for range s.tracees {
		p := <-s.chosen
		if p.err != nil && first == nil {
			first = p.err
			s.app.say.world.pid = p.pid
			s.decide(first) // the others need not go on
		}
	}
	if first != nil {
		return first
	}
	matched := make(map[string]bool)
	for _, p := range s.tracees {
		for _, pattern := range p.patterns {
			matched[pattern] = true
		}
	}
	s.out.sources = make(map[int]func(string, int) string)
	for _, p := range s.tracees {
		for _, none := range p.unmatched {
			if !matched[none.Pattern] {
				s.app.say.world.pid = p.pid
				return none
			}
		}
		s.out.sources[p.pid] = func(file string, line int) string { return p.cfg.Sources.File(file).Line(line) }
		s.out.histograms = append(s.out.histograms, p.histograms...)
	}
	return nil
}

// follow traces one process, on the goroutine that its engine belongs to. The cause of
// the end of verdict is whether the trace begins.
func (s *several) follow(ctx, verdict context.Context, p *tracee) {
	defer s.merger.put(entry{process: p.number, over: true})
	told := false
	fail := func(err error) {
		if p.err == nil {
			p.err = err
		}
		if !told {
			told = true
			s.chosen <- p
			return
		}
		s.cancel(err)
	}
	defer guard(fail)
	// As for the first goroutine: see app.execute.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tgt, err := s.app.engine.Attach(p.pid)
	if err != nil {
		fail(notStarted(err))
		return
	}
	defer func() {
		err := tgt.Close()
		if p.released = err == nil; err != nil {
			fail(fmt.Errorf("detach: %w", err))
		}
	}()
	if err := s.prepare(ctx, p, tgt); err != nil {
		fail(err)
		return
	}
	told = true
	s.chosen <- p
	if !idle(verdict, tgt) {
		s.app.say.note("PID %d has ended before the trace began", p.pid)
		p.left = &events.EndInfo{Reason: events.ReasonExited}
		return
	}
	if context.Cause(verdict) != errBegin || p.isLeftAlone() {
		return
	}
	if err := s.observe(ctx, p, tgt); err != nil {
		fail(err)
	}
}

// observe puts what a process does into the merger.
func (s *several) observe(ctx context.Context, p *tracee, tgt target) error {
	sess, err := session.New(tgt, p.cfg)
	if err == nil && s.flags.pin {
		err = pin(tgt)
	}
	if err != nil {
		return err
	}
	for e, err := range sess.Events(ctx) {
		if err != nil && !isStop(err) {
			return err
		}
		if err == nil && e.Kind == events.Exec {
			s.out.know(tgt.Functions())
		}
		if err == nil {
			s.merger.put(entry{process: p.number, event: e})
		}
	}
	return nil
}

// prepare finds what there is to trace in a process, and protects one that has any.
func (s *several) prepare(ctx context.Context, p *tracee, tgt target) error {
	s.config.Lock()
	cfg, err := s.flags.config(tgt.Target())
	s.config.Unlock()
	if err != nil {
		return err
	}
	cfg.Warn, cfg.Allowance, cfg.Limit = s.app.say.note, p.cfg.Allowance, 0
	for _, pattern := range s.flags.trace {
		_, err := session.Select(tgt.Functions(), tgt.Target().Module, []string{pattern}, nil)
		if none, ok := errors.AsType[*session.NoMatchError](err); ok {
			p.unmatched = append(p.unmatched, none)
			continue
		}
		p.patterns = append(p.patterns, pattern)
	}
	cfg.Trace = p.patterns
	p.cfg = cfg
	s.out.know(tgt.Functions())
	if p.isLeftAlone() {
		s.app.say.note("PID %d: no function matches %q: it is not traced", p.pid, strings.Join(s.flags.trace, " "))
		return nil
	}
	drawn := *s.flags
	drawn.trace = p.patterns
	if p.histograms, err = drawn.drawn(tgt); err != nil {
		return err
	}
	return s.flags.protect(ctx, tgt)
}

// idle lets a process run on, without probes, until ctx is done. Were it not waited
// for, its threads would stand still at their next signal. It reports whether the
// process still runs.
func idle(ctx context.Context, tgt target) bool {
	for h, err := range tgt.Hits(ctx) {
		if err == nil && h.Kind == engine.Ended {
			return false
		}
	}
	return true
}

// write writes what all of them do, and the end.
func (s *several) write(ctx context.Context) {
	defer guard(s.cancel)
	var end events.EndInfo
	for number, e := range s.merger.all {
		p := s.tracees[number]
		s.own(p, &e)
		switch e.Kind {
		case events.Start:
			s.start(e.Start)
		case events.Exec:
			s.announce(&e.Exec.StartInfo)
		case events.End:
			e.Kind, p.left = events.Left, e.End
			s.leave(ctx, &end, e.End)
		case events.Lost:
		default:
			end.Events++
			e.Seq = end.Events
		}
		s.status.count(&e)
		s.out.Write(e)
	}
	if s.begun.IsZero() {
		return
	}
	s.end = end
	s.out.Write(events.Event{Kind: events.End, Time: time.Now(), End: &end})
}

// own makes an event one of a process among others: the ids of calls differ.
func (s *several) own(p *tracee, e *events.Event) {
	id := func(id events.CallID) events.CallID {
		if id == events.NoCall {
			return id
		}
		return (id-1)*events.CallID(len(s.tracees)) + events.CallID(p.number) + 1
	}
	calls := func(open []events.OpenCall) []events.OpenCall {
		open = slices.Clone(open)
		for i := range open {
			open[i].Call = id(open[i].Call)
		}
		return open
	}
	e.PID, e.Call, e.Parent = p.pid, id(e.Call), id(e.Parent)
	if e.Exec != nil {
		e.Exec = &events.ExecInfo{StartInfo: e.Exec.StartInfo, Open: calls(e.Exec.Open)}
	}
	if e.End != nil {
		end := *e.End
		end.Open = calls(end.Open)
		e.End = &end
	}
}

// start takes note of one process whose trace has begun.
func (s *several) start(info *events.StartInfo) {
	s.announce(info)
	if s.flags.duration > 0 && !s.timed {
		s.timed = true
		time.AfterFunc(s.flags.duration, func() { s.cancel(&session.Stop{Reason: events.ReasonDuration}) })
	}
}

// leave adds what is said of one process that is not traced any more to the end of
// all. Others go on, unless it is by what was asked for of the whole trace.
func (s *several) leave(ctx context.Context, all, one *events.EndInfo) {
	all.Lost += one.Lost
	all.Held += one.Held
	if alone(all.Reason) {
		all.Reason, all.Status, all.Signal, all.Message = one.Reason, one.Status, one.Signal, one.Message
	}
	if stop := stopOf(ctx); stop != nil {
		all.Reason, all.Status, all.Signal, all.Message = stop.Reason, nil, stop.Signal, stop.Message
	} else if !alone(one.Reason) {
		s.cancel(&session.Stop{Reason: one.Reason, Message: one.Message})
	}
}

// alone reports whether the trace of one process may end so while that of others goes
// on; also for no reason yet.
func alone(r events.Reason) bool { return r == "" || targetEnded(r) || r == events.ReasonExec }

// runOn says which processes run on, without tracing.
func (s *several) runOn() string {
	var pids []string
	for _, p := range s.tracees {
		if p.released && (p.left == nil || !targetEnded(p.left.Reason)) {
			pids = append(pids, strconv.Itoa(p.pid))
		}
	}
	switch len(pids) {
	case 0:
		return ""
	case 1:
		return "PID " + pids[0] + " runs on"
	}
	return "PIDs " + strings.Join(pids, ", ") + " run on"
}
