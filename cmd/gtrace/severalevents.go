package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"gtrace/events"
	"gtrace/session"
)

// What follows makes one stream of those of several processes.

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
