package eventstest

import (
	"errors"
	"fmt"

	"gtrace/events"
)

// A stream of several processes is those of each, run together: each begins with a
// start, and ends with a left record that says of it what an end says. All of them
// count their events together, and the end has the sums.

// isSeveral reports whether the stream turns out to be one of several processes.
func (v *Validator) isSeveral(e *events.Event) bool {
	return v.processes != nil || v.first != nil && (e.PID != 0 || e.Kind == events.Start)
}

func (v *Validator) checkSeveral(e *events.Event) error {
	if v.processes == nil {
		v.processes, v.callers = make(map[int]*Validator), make(map[events.CallID]int)
		if err := v.startProcess(v.first); err != nil {
			return err
		}
	}
	switch e.Kind {
	case events.Start:
		return v.startProcess(e)
	case events.End:
		return v.endSeveral(e.End)
	}
	pid := e.Process()
	p := v.processes[pid]
	if p == nil {
		return fmt.Errorf("pid %d has not started", pid)
	}
	part := *e
	part.PID = 0
	switch e.Kind {
	case events.Left:
		part.Kind = events.End
	case events.Lost, events.Exec:
	default:
		if e.Seq != v.seq+1 {
			return fmt.Errorf("seq %d, want %d", e.Seq, v.seq+1)
		}
		v.seq = e.Seq
		part.Seq = p.seq + 1
	}
	if whose, ok := v.callers[e.Call]; ok && e.Call != events.NoCall && whose != pid {
		return fmt.Errorf("call #%d is of process %d", e.Call, whose)
	}
	v.callers[e.Call] = pid
	return p.Check(part)
}

func (v *Validator) startProcess(e *events.Event) error {
	pid := e.Process()
	if pid == 0 || v.processes[pid] != nil {
		return errors.New("a second start of a process, or one without its pid")
	}
	p := &Validator{Kinds: v.Kinds, Filtered: v.Filtered}
	v.processes[pid] = p
	return p.Check(*e)
}

// endSeveral checks that every process has left, and the sums.
func (v *Validator) endSeveral(end *events.EndInfo) error {
	v.ended = true
	if end == nil {
		return errors.New("an end that carries nothing")
	}
	var records, lost uint64
	for pid, p := range v.processes {
		if err := p.Finish(); err != nil {
			return fmt.Errorf("pid %d: %w", pid, err)
		}
		records, lost = records+p.records, lost+p.lost
	}
	switch {
	case end.Events != records:
		return fmt.Errorf("the end counts %d events, there were %d", end.Events, records)
	case end.Lost != lost:
		return fmt.Errorf("the end counts %d events lost, there were %d", end.Lost, lost)
	case end.Open != nil:
		return errors.New("calls are open at the end of several processes, and not where theirs has left")
	}
	return nil
}
