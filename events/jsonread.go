package events

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// ReadJSON reads back a stream that a [JSON] sink has written. Fields it does
// not know are ignored, as are summaries. The first error ends the sequence; it names the line.
// A last line that was cut off, as by a full disk, is an error that wraps
// [io.ErrUnexpectedEOF]; every event before it has been yielded by then.
func ReadJSON(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		for n := 1; ; n++ {
			line, err := in.ReadBytes('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Event{}, fmt.Errorf("read events: line %d: %w", n, err))
				return
			}
			last := err != nil
			if len(bytes.TrimSpace(line)) > 0 {
				e, err := decodeJSON(line)
				if err != nil && last {
					err = fmt.Errorf("the record is cut off after %d bytes: %w", len(line), io.ErrUnexpectedEOF)
				}
				if err != nil {
					yield(Event{}, fmt.Errorf("read events: line %d: %w", n, err))
					return
				}
				if e.Kind != Invalid && !yield(e, nil) {
					return
				}
			}
			if last {
				return
			}
		}
	}
}

// The json types mirror the schema. They differ from those of the package
// where the schema does: a start, lost or end record is flat.

type jsonEvent struct {
	Kind      string            `json:"kind"`
	PID       int               `json:"pid"`
	Seq       uint64            `json:"seq"`
	Time      time.Time         `json:"time"`
	Goroutine int64             `json:"goroutine"`
	Thread    int               `json:"thread"`
	Depth     int               `json:"depth"`
	Call      CallID            `json:"call"`
	Parent    CallID            `json:"parent"`
	Func      string            `json:"func"`
	File      string            `json:"file"`
	Line      int               `json:"line"`
	Labels    map[string]string `json:"labels"`
	Caller    *Frame            `json:"caller"`
	Args      []Value           `json:"args"`
	Exception *jsonException    `json:"exception"`
	Duration  *time.Duration    `json:"duration_ns"`
	Error     string            `json:"error"`
	Unwound   bool              `json:"unwound"`
	Partial   bool              `json:"partial"`
	Recovered bool              `json:"recovered"`
	Status    int               `json:"http_status"`
	Results   []Value           `json:"results"`
	Source    string            `json:"source"`
	Changes   []jsonChange      `json:"changes"`
	Locals    []Value           `json:"locals"`
	Watch     []Watch           `json:"watch"`
	Stack     []Frame           `json:"stack"`
}

type jsonException struct {
	Class       Class  `json:"class"`
	Type        string `json:"type"`
	Value       string `json:"value"`
	Recovered   bool   `json:"recovered"`
	RecoveredBy *Frame `json:"recovered_by"`
	Origin      *Frame `json:"origin"`
}

type jsonChange struct {
	Value
	Change string `json:"change"`
	Old    string `json:"old"`
	Parts  []Part `json:"parts"`
}

type jsonStart struct {
	Schema    int           `json:"schema"`
	Version   string        `json:"gtrace"`
	Engine    string        `json:"engine"`
	PID       int           `json:"pid"`
	Program   string        `json:"program"`
	GoVersion string        `json:"go"`
	Patterns  []string      `json:"patterns"`
	Functions int           `json:"functions"`
	Probes    int           `json:"probes"`
	Stopped   time.Duration `json:"stopped_ns"`
	Notes     []string      `json:"notes"`
	Open      []OpenCall    `json:"open"` // of an exec
}

type jsonEnd struct {
	Reason  Reason        `json:"reason"`
	Status  *int          `json:"exit_status"`
	Signal  string        `json:"signal"`
	Message string        `json:"message"`
	Events  uint64        `json:"events"`
	Lost    uint64        `json:"lost"`
	Held    time.Duration `json:"held_ns"`

	Overhead float64       `json:"overhead"`
	Thinned  []jsonThinned `json:"thinned"`
	Open     []OpenCall    `json:"open"`
}

type jsonThinned struct {
	Func   string        `json:"func"`
	Unseen time.Duration `json:"unseen_ns"`
	Times  int           `json:"times"`
}

type jsonLost struct {
	Count  uint64        `json:"count"`
	Why    string        `json:"why"`
	Func   string        `json:"func"`
	Unseen time.Duration `json:"unseen_ns"`
}

// decodeJSON returns the event of a line, or none for a summary.
func decodeJSON(line []byte) (Event, error) {
	var j jsonEvent
	if err := json.Unmarshal(line, &j); err != nil {
		return Event{}, err
	}
	if j.Kind == SummaryKind {
		return Event{}, nil
	}
	e := Event{
		Kind: ParseKind(j.Kind), PID: j.PID, Seq: j.Seq, Time: j.Time.UTC(),
		Goroutine: j.Goroutine, Thread: j.Thread, Depth: j.Depth,
		Call: j.Call, Parent: j.Parent,
		Func: j.Func, File: j.File, Line: j.Line, Labels: j.Labels, Caller: j.Caller,
		Args: j.Args, Results: j.Results, Error: j.Error,
		Unwound: j.Unwound, Partial: j.Partial, Recovered: j.Recovered, HTTPStatus: j.Status,
		Source: j.Source, Locals: j.Locals, Watch: j.Watch, Stack: j.Stack,
	}
	if j.Duration != nil {
		e.Duration, e.HasDuration = *j.Duration, true
	}
	if j.Exception != nil {
		e.Exception = new(ExceptionInfo(*j.Exception))
	}
	for _, c := range j.Changes {
		e.Changes = append(e.Changes, Change{Value: c.Value, Modified: c.Change == "modified", Old: c.Old, Parts: c.Parts})
	}
	switch e.Kind {
	case Start, Exec:
		return decodeStart(line, e.Kind, e.Time)
	case Lost:
		var j jsonLost
		err := json.Unmarshal(line, &j)
		return Event{Kind: Lost, PID: e.PID, Time: e.Time, Lost: new(LostInfo(j))}, err
	case Left, End:
		end, err := decodeEnd(line)
		return Event{Kind: e.Kind, PID: e.PID, Time: e.Time, End: &end}, err
	case Invalid:
		return Event{}, fmt.Errorf("unknown kind of event %q", j.Kind)
	}
	return e, nil
}

func decodeEnd(line []byte) (EndInfo, error) {
	var j jsonEnd
	err := json.Unmarshal(line, &j)
	info := EndInfo{
		Reason: j.Reason, Status: j.Status, Signal: j.Signal, Message: j.Message,
		Events: j.Events, Lost: j.Lost, Held: j.Held, Overhead: j.Overhead, Open: j.Open,
	}
	for _, thinned := range j.Thinned {
		info.Thinned = append(info.Thinned, Thinned(thinned))
	}
	return info, err
}

// decodeStart decodes a record about a program whose trace begins.
func decodeStart(line []byte, kind Kind, t time.Time) (Event, error) {
	var j jsonStart
	if err := json.Unmarshal(line, &j); err != nil {
		return Event{}, err
	}
	if j.Schema > jsonSchema {
		return Event{}, fmt.Errorf("schema %d: this version reads schema %d; use the gtrace that wrote it (%s) or a newer one", j.Schema, jsonSchema, j.Version)
	}
	info := StartInfo{
		Version: j.Version, Engine: j.Engine, PID: j.PID,
		Program: j.Program, GoVersion: j.GoVersion,
		Patterns: j.Patterns, Functions: j.Functions, Probes: j.Probes,
		Stopped: j.Stopped, Notes: j.Notes,
	}
	if kind == Exec {
		return Event{Kind: Exec, Time: t, Exec: &ExecInfo{StartInfo: info, Open: j.Open}}, nil
	}
	return Event{Kind: Start, Time: t, Start: &info}, nil
}
