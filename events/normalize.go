package events

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Normalize returns a Sink that passes every event on to next without what
// differs from one run of a program to the next: times, durations, process and
// thread ids, the directories of files, and addresses. Goroutines are numbered
// anew, in the order in which they come up; the main one is 1 as ever. Next
// should not print times. It is never flushed, for what it holds back must not
// depend on time.
func Normalize(next Sink) Sink {
	return &normalizer{next: next, goroutines: map[int64]int64{0: 0, 1: 1}, last: 1}
}

type normalizer struct {
	next       Sink
	goroutines map[int64]int64
	processes  map[int]int // of several, in the order of their starts
	last       int64       // number given
}

func (n *normalizer) Close() error { return n.next.Close() }

func (n *normalizer) Write(e Event) error {
	e.Time = time.Time{}
	if e.PID != 0 {
		e.PID = n.process(e.PID)
	}
	e.Goroutine = n.goroutine(e.Goroutine)
	e.Thread = 0
	e.File = base(e.File)
	e.Duration, e.HasDuration = 0, false
	e.Error = withoutAddresses(e.Error)
	e.Caller = normalFrame(e.Caller)
	e.Args, e.Results, e.Locals = normalValues(e.Args), normalValues(e.Results), normalValues(e.Locals)
	e.Stack = slices.Clone(e.Stack)
	for i := range e.Stack {
		e.Stack[i].File = base(e.Stack[i].File)
	}
	e.Changes = slices.Clone(e.Changes)
	for i := range e.Changes {
		normalValue(&e.Changes[i].Value)
		e.Changes[i].Old = withoutAddresses(e.Changes[i].Old)
		e.Changes[i].Parts = slices.Clone(e.Changes[i].Parts)
		for k := range e.Changes[i].Parts {
			part := &e.Changes[i].Parts[k]
			part.Value, part.Old = withoutAddresses(part.Value), withoutAddresses(part.Old)
		}
	}
	e.Watch = slices.Clone(e.Watch)
	for i := range e.Watch {
		e.Watch[i].Value = withoutAddresses(e.Watch[i].Value)
		e.Watch[i].Old = withoutAddresses(e.Watch[i].Old)
	}
	if e.Exception != nil {
		x := *e.Exception
		x.Value = withoutAddresses(x.Value)
		x.Origin, x.RecoveredBy = normalFrame(x.Origin), normalFrame(x.RecoveredBy)
		e.Exception = &x
	}
	n.stream(&e)
	return n.next.Write(e)
}

// stream normalizes what an event says about the stream.
func (n *normalizer) stream(e *Event) {
	if e.Start != nil {
		e.Start = new(normalStart(*e.Start, e.PID))
	}
	if e.Exec != nil {
		e.Exec = &ExecInfo{StartInfo: normalStart(e.Exec.StartInfo, e.PID), Open: n.open(e.Exec.Open)}
	}
	if e.End != nil {
		end := *e.End
		end.Held, end.Overhead = 0, 0
		end.Open = n.open(end.Open)
		e.End = &end
	}
}

func normalStart(info StartInfo, pid int) StartInfo {
	info.PID, info.Program, info.Stopped = pid, base(info.Program), 0
	return info
}

// process numbers the processes of a stream that has several.
func (n *normalizer) process(pid int) int {
	if _, ok := n.processes[pid]; !ok {
		if n.processes == nil {
			n.processes = make(map[int]int)
		}
		n.processes[pid] = len(n.processes) + 1
	}
	return n.processes[pid]
}

func (n *normalizer) open(open []OpenCall) []OpenCall {
	open = slices.Clone(open)
	for i := range open {
		open[i].Goroutine = n.goroutine(open[i].Goroutine)
	}
	return open
}

func (n *normalizer) goroutine(id int64) int64 {
	number, ok := n.goroutines[id]
	if !ok {
		n.last++
		number = n.last
		n.goroutines[id] = number
	}
	return number
}

func normalFrame(f *Frame) *Frame {
	if f == nil {
		return nil
	}
	return &Frame{Func: f.Func, File: base(f.File), Line: f.Line}
}

func normalValues(list []Value) []Value {
	list = slices.Clone(list)
	for i := range list {
		normalValue(&list[i])
	}
	return list
}

func normalValue(v *Value) {
	v.Value, v.Error = withoutAddresses(v.Value), withoutAddresses(v.Error)
}

// base is the name of a file without its directory.
func base(file string) string {
	if file == "" {
		return ""
	}
	return path.Base(file)
}

// address is what looks like one. Other numbers that are written so are shorter.
var address = regexp.MustCompile(`\b0x[0-9a-f]{6,16}\b`)

func withoutAddresses(s string) string {
	if !strings.Contains(s, "0x") {
		return s
	}
	return address.ReplaceAllString(s, "0xADDR")
}
