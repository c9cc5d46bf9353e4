// Package eventstest checks that a stream of events keeps the promises which
// every stream makes. All tests of gtrace share it: whatever produces a stream
// is run through a [Validator].
//
// A Validator follows the calls of each goroutine. Those that were running
// before the trace are never announced by a call event; they are known from
// their partial return or exception, or as the parent of another call, and
// from the depth of the first event of their goroutine.
//
// [Format] and [Parse] write and read the form of events in which tests are
// written.
package eventstest

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"gtrace/events"
)

// A Validator checks a stream of events, one by one. Its zero value is ready
// to use for a whole stream of all kinds.
type Validator struct {
	// Kinds are the kinds of event the stream was asked for. Empty: all.
	// Rules that need a kind which is not among them are not checked.
	Kinds []events.Kind
	// Filtered says that calls were left out of the stream by a filter, so
	// that depth and parent may speak of calls that are not in it.
	Filtered bool
	// Fragment says that this is the middle of a stream: it may begin with any
	// number, without a start, and be over without an end.
	Fragment bool

	started, ended bool
	replaced       bool // there was an exec: what is traced now was so from its start
	seq            uint64
	records, lost  uint64
	gaps           bool // something was lost, or not observed
	unseen         map[string]time.Duration
	calls          map[events.CallID]*call
	goroutines     map[int64]*goroutine

	first     *events.Event         // the start
	processes map[int]*Validator    // of several: nil where there is one
	callers   map[events.CallID]int // their PIDs, by call
}

// Validate checks a whole stream that was asked for the given kinds, none
// meaning all. An error of the stream itself is returned as it is.
func Validate(seq iter.Seq2[events.Event, error], kinds ...events.Kind) error {
	v := Validator{Kinds: kinds}
	for e, err := range seq {
		if err != nil {
			return err
		}
		if err := v.Check(e); err != nil {
			return err
		}
	}
	return v.Finish()
}

// Check checks the next event. An error says which event broke which rule;
// what is said of the events after it means nothing.
func (v *Validator) Check(e events.Event) error {
	if v.calls == nil {
		v.calls = make(map[events.CallID]*call)
		v.goroutines = make(map[int64]*goroutine)
		v.unseen = make(map[string]time.Duration)
	}
	if err := v.check(&e); err != nil {
		return fmt.Errorf("invalid stream: %w\n\tat %s", err, Format(e))
	}
	return nil
}

// Finish checks what can be said only after the last event.
func (v *Validator) Finish() error {
	switch {
	case v.Fragment || v.ended:
		return nil
	case !v.started:
		return errors.New("invalid stream: it is empty")
	}
	return fmt.Errorf("invalid stream: it has no end after seq %d", v.seq)
}

func (v *Validator) check(e *events.Event) error {
	switch {
	case v.ended:
		return errors.New("an event after the end")
	case e.Kind == events.Invalid || events.ParseKind(e.Kind.String()) != e.Kind:
		return fmt.Errorf("invalid kind %d", e.Kind)
	case e.Kind == events.Start && v.started && (v.records > 0 || v.first == nil):
		return errors.New("a second start, or one that is not the first event")
	case e.Kind != events.Start && !v.started && !v.Fragment:
		return errors.New("the first event is not the start")
	case v.isSeveral(e):
		return v.checkSeveral(e)
	case e.Kind == events.Left:
		return errors.New("the only process has left")
	}
	v.started = true
	switch e.Kind {
	case events.Start, events.Exec, events.Lost, events.End:
		if e.Seq != 0 {
			return fmt.Errorf("seq %d in a %s, which has none", e.Seq, e.Kind)
		}
		return v.checkStream(e)
	}
	if len(v.Kinds) > 0 && !slices.Contains(v.Kinds, e.Kind) {
		return fmt.Errorf("kind %s was not asked for", e.Kind)
	}
	if want := v.seq + 1; e.Seq != want && (!v.Fragment || v.records > 0) {
		return fmt.Errorf("seq %d, want %d", e.Seq, want)
	}
	v.seq = e.Seq
	v.records++
	return v.checkEvent(e)
}

// has reports whether the stream was asked for all of kinds.
func (v *Validator) has(kinds ...events.Kind) bool {
	for _, k := range kinds {
		if len(v.Kinds) > 0 && !slices.Contains(v.Kinds, k) {
			return false
		}
	}
	return true
}

// nested reports whether the nesting of calls can be followed.
func (v *Validator) nested() bool { return v.has(events.Call, events.Return) }

// checkStream checks a record about the stream itself.
func (v *Validator) checkStream(e *events.Event) error {
	switch e.Kind {
	case events.Start:
		if e.Start == nil {
			return errors.New("a start that carries nothing")
		}
		v.first = e
	case events.Exec:
		return v.checkExec(e)
	case events.Lost:
		return v.checkLost(e.Lost)
	case events.End:
		v.ended = true
		if e.End == nil {
			return errors.New("an end that carries nothing")
		}
		return v.checkEnd(e.End)
	}
	return nil
}

// checkLost checks a record of what was lost: events, or a time in which a
// function was not observed.
func (v *Validator) checkLost(x *events.LostInfo) error {
	switch {
	case x == nil || x.Count == 0 && x.Unseen == 0:
		return errors.New("a lost that counts no event")
	case x.Unseen < 0:
		return errors.New("a function that was not observed for a negative time")
	case x.Unseen > 0 && x.Func == "":
		return errors.New("a time in which something was not observed, but not what")
	}
	v.gaps = true
	v.lost += x.Count
	if x.Unseen > 0 {
		v.unseen[x.Func] += x.Unseen
	}
	return nil
}

// checkThinned checks what the end says of functions that were not observed all
// the time against the records before it.
func (v *Validator) checkThinned(list []events.Thinned) error {
	told := make(map[string]bool)
	for _, t := range list {
		switch {
		case t.Func == "" || told[t.Func]:
			return fmt.Errorf("the end has a thinned function %q without a name, or twice", t.Func)
		case t.Times <= 0:
			return fmt.Errorf("%s was thinned %d times", t.Func, t.Times)
		case t.Unseen != v.unseen[t.Func]:
			return fmt.Errorf("the end says that %s was not observed for %s, the records before it say %s", t.Func, t.Unseen, v.unseen[t.Func])
		}
		told[t.Func] = true
	}
	for fn := range v.unseen {
		if !told[fn] {
			return fmt.Errorf("the end does not say that %s was not observed for a time", fn)
		}
	}
	return nil
}

// checkExec checks that every call ends with the program it was made in.
func (v *Validator) checkExec(e *events.Event) error {
	if e.Exec == nil || e.Exec.Program == "" {
		return errors.New("an exec without the new program")
	}
	if !v.Fragment {
		if err := v.checkOpen(e.Exec.Open); err != nil {
			return err
		}
	}
	for _, o := range e.Exec.Open {
		if v.calls[o.Call] == nil {
			v.calls[o.Call] = &call{id: o.Call, goroutine: o.Goroutine}
		}
	}
	for _, c := range v.calls {
		c.ended = true
	}
	clear(v.goroutines)
	v.replaced = true
	return nil
}

var reasons = []events.Reason{
	events.ReasonExited, events.ReasonSignaled, events.ReasonExec, events.ReasonInterrupted,
	events.ReasonLimit, events.ReasonDuration, events.ReasonStopAt, events.ReasonOutput, events.ReasonError,
}

func (v *Validator) checkEnd(x *events.EndInfo) error {
	switch {
	case !slices.Contains(reasons, x.Reason):
		return fmt.Errorf("unknown reason %q", x.Reason)
	case x.Reason == events.ReasonExited && x.Status == nil:
		return errors.New("the target exited, but without a status")
	case x.Reason == events.ReasonSignaled && x.Signal == "":
		return errors.New("a signal killed the target, but not which")
	case x.Held < 0 || x.Overhead < 0:
		return errors.New("a negative time held")
	case v.Fragment:
		return nil
	case x.Events != v.records:
		return fmt.Errorf("the end counts %d events, there were %d", x.Events, v.records)
	case x.Lost != v.lost:
		return fmt.Errorf("the end counts %d events lost, there were %d", x.Lost, v.lost)
	}
	if err := v.checkThinned(x.Thinned); err != nil {
		return err
	}
	return v.checkOpen(x.Open)
}

// checkEvent checks an event that has a number.
func (v *Validator) checkEvent(e *events.Event) error {
	if e.Depth < 0 {
		return fmt.Errorf("negative depth %d", e.Depth)
	}
	g := v.goroutines[e.Goroutine]
	if g == nil {
		g = &goroutine{seen: v.replaced}
		v.goroutines[e.Goroutine] = g
	}
	if err := g.checkPending(e); err != nil {
		return err
	}
	for _, w := range e.Watch {
		if w.Old != "" && e.Kind != events.Write {
			return fmt.Errorf("a %s with an old value", e.Kind)
		}
	}
	switch e.Kind {
	case events.Call:
		return v.checkCall(g, e)
	case events.Return:
		return v.checkReturn(g, e)
	case events.Exception:
		return v.checkException(g, e)
	}
	if e.Kind == events.Write {
		return v.checkWrite(g, e)
	}
	if e.Call == events.NoCall {
		if e.Kind == events.Line {
			return errors.New("a line of no call")
		}
		return nil
	}
	c, err := v.openCall(g, e)
	if err != nil {
		return err
	}
	if n := len(g.stack); e.Kind == events.Line && v.nested() && n > 0 && g.stack[n-1] != c {
		return fmt.Errorf("a line of call #%d, while it is inside call #%d", c.id, g.stack[n-1].id)
	}
	return nil
}
