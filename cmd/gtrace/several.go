package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"gtrace/events"
	"gtrace/session"
)

// several is one trace of several processes. Each has an engine and a session, on a
// goroutine of its own, as an engine belongs to the one that has opened it; their
// streams come together in a merger. It is about all of them when a trace begins,
// which either all do or none, and when it ends by anything else but the end of one
// process.
//
// They vote twice before anything is planted: on what there is to trace, while nothing
// of any process has been changed, and then on whether each is protected.
type several struct {
	*trace
	tracees []*tracee
	merger  *merger

	timed              bool       // --for runs
	config             sync.Mutex // flags make one configuration at a time
	planned, protected *vote
}

// A tracee is one of several processes.
type tracee struct {
	number int
	pid    int

	unmatched  []*session.NoMatchError // for each pattern of which there is nothing here
	patterns   []string                // of those given, the others
	histograms []string
	source     func(file string, line int) string
	left       *events.EndInfo // how its trace has ended; nil: it has not
	released   bool            // it runs on without probes
	err        error
}

// isLeftAlone reports whether there is nothing to trace in the process.
func (p *tracee) isLeftAlone() bool { return len(p.unmatched) > 0 && len(p.patterns) == 0 }

// attachSeveral traces several processes until all have ended or the trace does.
func attachSeveral(ctx context.Context, a *app, f *traceFlags, pids []int) error {
	if f.output.splits() {
		return usage(errors.New("-ff: not with several processes, whose goroutines have the same ids: trace each with an output of its own"))
	}
	ctx, t, done, err := a.open(ctx, f, a.out, nil)
	if err != nil {
		return err
	}
	defer done()
	s := &several{trace: t, merger: newMerger(len(pids)), planned: newVote(ctx, len(pids)), protected: newVote(ctx, len(pids))}
	shown := true
	for i, pid := range pids {
		s.tracees = append(s.tracees, &tracee{number: i, pid: pid})
		shown = shown && t.wantsStatus(pid)
	}
	if shown {
		t.showStatus()
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
	if !s.flags.output.full {
		s.out.names = new(events.Names)
	}
	allowance := s.allowance()
	_, read := s.app.working(fmt.Sprintf("reading the debug information of %d programs", len(s.tracees)))
	for _, p := range s.tracees {
		tracing.Go(func() { s.follow(ctx, p, allowance) })
	}
	err = s.agree(ctx)
	read()
	if err != nil {
		s.cancel(err)
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

// agree decides whether the trace begins.
func (s *several) agree(ctx context.Context) (err error) {
	defer func() {
		s.planned.decide(err)
		s.protected.decide(err)
	}()
	if err := s.hear(s.planned); err != nil {
		return err
	}
	if err := s.choose(); err != nil {
		return err
	}
	s.planned.decide(errCarried)
	if err := s.hear(s.protected); err != nil {
		return err
	}
	if ctx.Err() != nil { // a signal came meanwhile
		return context.Cause(ctx)
	}
	if err := s.out.start(s.flags, s.app.env, ctx.Done(), s.writeFailed); err != nil {
		return err
	}
	s.begun = time.Now()
	s.protected.decide(errCarried)
	return nil
}

// hear waits for what the processes say to a vote.
func (s *several) hear(v *vote) error {
	by, err := v.count()
	if err != nil {
		s.app.say.world.pid = s.tracees[by].pid
	}
	return err
}

// allowance is what --limit allows all of them together.
func (s *several) allowance() *session.Allowance {
	if s.flags.limit == 0 {
		return nil
	}
	return session.NewAllowance(s.flags.limit)
}

// choose puts together what there is to trace. A pattern must match something in one
// of the processes.
func (s *several) choose() error {
	matched := make(map[string]bool)
	for _, p := range s.tracees {
		for _, pattern := range p.patterns {
			matched[pattern] = true
		}
	}
	for _, p := range s.tracees {
		for _, none := range p.unmatched {
			if !matched[none.Pattern] {
				s.app.say.world.pid = p.pid
				return none
			}
		}
	}
	s.out.sources = make(map[int]func(string, int) string)
	for _, p := range s.tracees {
		if p.isLeftAlone() {
			s.app.say.note("PID %d: no function matches %q: it is not traced", p.pid, strings.Join(s.flags.trace, " "))
		}
		s.out.sources[p.pid] = p.source
		s.out.histograms = append(s.out.histograms, p.histograms...)
	}
	return nil
}

// follow traces one process, on the goroutine that its engine belongs to.
func (s *several) follow(ctx context.Context, p *tracee, allowance *session.Allowance) {
	defer s.merger.put(entry{process: p.number, over: true})
	fail := func(err error) {
		if p.err == nil {
			p.err = err
		}
		if !s.planned.say(p.number, err) && !s.protected.say(p.number, err) {
			s.cancel(err)
		}
	}
	defer func() { // nobody waits for one that is not there any more
		s.planned.say(p.number, nil)
		s.protected.say(p.number, nil)
	}()
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
	sess, err := s.plan(p, tgt, allowance)
	if err == nil && !s.goesOn(s.planned, p, tgt) || p.isLeftAlone() {
		return
	}
	if err == nil {
		err = s.flags.protect(ctx, tgt)
	}
	if err == nil && !s.goesOn(s.protected, p, tgt) {
		return
	}
	if err == nil {
		err = s.observe(ctx, p, tgt, sess)
	}
	if err != nil {
		fail(err)
	}
}

// goesOn gives the voice of a process that can go on, lets it run until the vote is
// decided, and reports whether it does. Were it not waited for, its threads would stand
// still at their next signal.
func (s *several) goesOn(v *vote, p *tracee, tgt target) bool {
	v.say(p.number, nil)
	if !tgt.Idle(v) {
		s.app.say.note("PID %d has ended before the trace began", p.pid)
		p.left = &events.EndInfo{Reason: events.ReasonExited}
		return false
	}
	return v.carried()
}

// observe puts what a process does into the merger.
func (s *several) observe(ctx context.Context, p *tracee, tgt target, sess *session.Session) error {
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

// plan finds what there is to trace in a process, and prepares it: nothing is changed
// in the process yet. The session is nil where there is nothing to trace.
func (s *several) plan(p *tracee, tgt target, allowance *session.Allowance) (*session.Session, error) {
	s.config.Lock()
	cfg, err := s.flags.config(tgt.Target())
	s.config.Unlock()
	if err != nil {
		return nil, err
	}
	cfg.Warn, cfg.Remedy, cfg.Allowance, cfg.Limit = s.app.say.note, s.app.say.world.remedy(), allowance, 0
	for _, pattern := range s.flags.trace {
		_, err := session.Select(tgt.Functions(), tgt.Target().Module, []string{pattern}, nil)
		if none, ok := errors.AsType[*session.NoMatchError](err); ok {
			p.unmatched = append(p.unmatched, none)
			continue
		}
		p.patterns = append(p.patterns, pattern)
	}
	cfg.Trace = p.patterns
	p.source = func(file string, line int) string { return cfg.Sources.File(file).Line(line) }
	s.out.know(tgt.Functions())
	if p.isLeftAlone() {
		return nil, nil
	}
	drawn := *s.flags
	drawn.trace = p.patterns
	if p.histograms, err = drawn.drawn(tgt); err != nil {
		return nil, err
	}
	sess, err := session.New(tgt, cfg)
	if err != nil {
		return nil, fmt.Errorf("PID %d: %w", p.pid, err)
	}
	if s.flags.pin {
		err = pin(tgt)
	}
	return sess, err
}
