package session

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// errExec says that the target has replaced its program, and is held there.
var errExec = errors.New("the target has replaced its program")

// errBoundExec refuses what is meant for one program only.
var errBoundExec = fmt.Errorf("follow exec: %w together with a start, an end or a backlog of the trace, or a bound on the overhead", engine.ErrNotSupported)

// bound reports whether a part of one program's trace is asked for.
func (c *Config) bound() bool {
	return len(c.StartAt) > 0 || len(c.StopAt) > 0 || c.Backlog.Events > 0 || c.MaxOverhead > 0
}

// follow goes on in the program that has replaced the target's, whose begin it
// yields. It reports whether the target may run on, as drain does. Where there
// is no going on, the trace ends as it does without following.
func (s *Session) follow(yield func(events.Event, error) bool) (end *events.Event, more bool) {
	s.queue, s.next, s.now = nil, 0, s.execAt
	p, err := s.reopen()
	if err != nil {
		return endFor(events.EndInfo{Reason: events.ReasonExec, Message: err.Error()}), false
	}
	info := &events.ExecInfo{StartInfo: p.start, Open: s.open()}
	info.Version, info.Engine = "", "" // the same as in the start record
	if s.sieve != nil {
		s.queue = append(s.queue, s.sieve.add(nil, s.execAt, true)...)
		if !s.sieve.missed.due().IsZero() {
			s.queue = append(s.queue, s.sieve.account(s.execAt))
		}
	}
	s.queue = append(s.queue, events.Event{Kind: events.Exec, Time: s.execAt, Exec: info})
	s.start, s.follower, s.sieve = p.start, p.follower, newSieve(p.cfg, p.window)
	s.pairer = s.pairer.successor(p.cfg, p.lines, p.scope, p.watcher)
	s.gate.goOn(p.cfg)
	return s.drain(yield)
}

// reopen plants what was asked for in the new program.
func (s *Session) reopen() (traced, error) {
	if err := s.eng.(engine.ExecFollower).Follow(); err != nil {
		return traced{}, err
	}
	p, err := begin(s.eng, s.cfg)
	p.start.Stopped = time.Since(s.execAt)
	return p, err
}

// choose selects the functions that cfg asks for. Where exec is followed, a
// pattern may be meant for a program to come: then what matches nothing is noted,
// even when that is all of them.
func choose(eng engine.Engine, cfg Config) (Selection, *window, error) {
	fns, module := eng.Functions(), eng.Target().Module
	if !cfg.FollowExec {
		return selectAll(fns, module, cfg)
	}
	var missing []string
	trace := slices.DeleteFunc(slices.Clone(cfg.Trace), func(pattern string) bool {
		_, err := Select(fns, module, []string{pattern}, nil)
		_, none := errors.AsType[*NoMatchError](err)
		if none {
			missing = append(missing, "nothing in this program matches "+pattern)
		}
		return none
	})
	if len(trace) == 0 && len(cfg.Trace) > 0 {
		return Selection{Patterns: cfg.Trace, Notes: missing}, nil, nil
	}
	sel, err := Select(fns, module, trace, cfg.Ignore)
	_, none := errors.AsType[*NoMatchError](err)
	_, inlined := errors.AsType[*InlinedError](err)
	if none || inlined {
		sel, err = Selection{Notes: []string{err.Error()}}, nil
	}
	if len(cfg.Trace) > 0 {
		sel.Patterns = cfg.Trace
	}
	sel.Notes = append(missing, sel.Notes...)
	return sel, nil, err
}
