package progen

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"gtrace/e2e/progen/calllog"
	"gtrace/events"
)

// Expect reads a log and returns, for each goroutine, the events that a tracer
// of every logged function should have seen, in order. Of the events it sets
// what the log tells: no ids, places, callers or durations, and of an origin
// the function. Open lists the calls that had not ended.
func Expect(log io.Reader) (seen map[int64][]events.Event, open map[int64][]string, err error) {
	goroutines := map[int64]*goroutine{}
	dec := json.NewDecoder(log)
	for {
		var r calllog.Record
		err := dec.Decode(&r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read log: %w", err)
		}
		g := goroutines[r.Goroutine]
		if g == nil {
			g = &goroutine{id: r.Goroutine, origins: map[string]*events.Frame{}}
			goroutines[r.Goroutine] = g
		}
		if err := g.add(r); err != nil {
			return nil, nil, fmt.Errorf("goroutine %d: %s of call %d: %w", r.Goroutine, r.Op, r.ID, err)
		}
	}
	seen, open = map[int64][]events.Event{}, map[int64][]string{}
	for id, g := range goroutines {
		g.finish()
		seen[id] = g.events
		for _, c := range g.calls {
			open[id] = append(open[id], c.name)
		}
	}
	return seen, open, nil
}

// A goroutine replays what one goroutine did.
//
// A panic takes frames away only when it is recovered or kills the program, so
// until then its frames stay open below the deferred calls that run. At that
// time every frame that is left gets the exception, except the one where it
// began, which has it already, and its unwound return.
type goroutine struct {
	id      int64
	calls   []*call
	panics  []*panicking // those that are not over
	events  []events.Event
	origins map[string]*events.Frame // of errors by identity
}

type call struct {
	id        int
	name      string
	recovered bool
	// recovers is the call that goes on when this one, a deferred call, returns.
	recovers int
}

type panicking struct {
	info  events.ExceptionInfo
	depth int // of the call where it began
}

func (g *goroutine) top() *call { return g.calls[len(g.calls)-1] }

func (g *goroutine) emit(e events.Event) {
	e.Goroutine, e.Depth, e.Func = g.id, len(g.calls)-1, g.top().name
	g.events = append(g.events, e)
}

func (g *goroutine) add(r calllog.Record) error {
	if len(g.calls) == 0 && r.Op != "enter" {
		return errors.New("no call is open")
	}
	switch r.Op {
	case "enter":
		g.calls = append(g.calls, &call{id: r.ID, name: r.Func})
		g.emit(events.Event{Kind: events.Call, Args: captured(r.Values)})
	case "panic":
		info := events.ExceptionInfo{
			Class: events.Class(r.Class), Type: r.Type, Value: r.Text,
			Origin: &events.Frame{Func: g.top().name},
		}
		g.panics = append(g.panics, &panicking{info, len(g.calls) - 1})
		g.emit(events.Event{Kind: events.Exception, Exception: new(info)})
	case "recover":
		g.top().recovers = r.ID
	case "exit", "close":
		if r.Op == "close" && g.leaving(g.depth(r.ID)) {
			return nil
		}
		if g.top().id != r.ID {
			return fmt.Errorf("call %d is open", g.top().id)
		}
		g.exit(r)
	default:
		return errors.New("unknown record")
	}
	return nil
}

// leaving tells whether a panic or Goexit is taking the call at depth away.
func (g *goroutine) leaving(depth int) bool {
	n := len(g.panics)
	return n > 0 && g.panics[n-1].depth >= depth
}

// depth returns the depth of an open call.
func (g *goroutine) depth(id int) int {
	return slices.IndexFunc(g.calls, func(c *call) bool { return c.id == id })
}

func (g *goroutine) exit(r calllog.Record) {
	e := events.Event{Kind: events.Return, Results: captured(r.Values), Recovered: g.top().recovered}
	if len(r.Errors) > 0 {
		e.Error = r.Values[len(r.Values)-1].Error
		g.emit(events.Event{Kind: events.Exception, Exception: &events.ExceptionInfo{
			Class: events.ClassError, Type: r.Type, Value: e.Error, Origin: g.origin(r.Errors),
		}})
	}
	g.emit(e)
	done := g.top()
	g.calls = g.calls[:len(g.calls)-1]
	if done.recovers != 0 {
		g.recover(done.recovers)
	}
}

// origin returns where an error began: where the innermost it wraps was first
// returned. Programs return only new errors and those of their callees.
func (g *goroutine) origin(ids []string) *events.Frame {
	var origin *events.Frame
	for _, id := range ids {
		if origin == nil {
			origin = g.origins[id]
		}
	}
	if origin == nil {
		origin = &events.Frame{Func: g.top().name}
	}
	for _, id := range ids {
		g.origins[id] = origin
	}
	return origin
}

// recover leaves the calls above the one with this id, which goes on.
func (g *goroutine) recover(id int) {
	for g.top().id != id {
		g.unwind()
	}
	if p := g.panics[len(g.panics)-1]; p.depth != len(g.calls)-1 {
		info := p.info
		info.Recovered = true
		g.emit(events.Event{Kind: events.Exception, Exception: &info})
	}
	g.top().recovered = true
	for g.leaving(len(g.calls) - 1) {
		g.panics = g.panics[:len(g.panics)-1]
	}
}

// unwind ends the innermost call, which the newest panic takes away.
func (g *goroutine) unwind() {
	if p := g.panics[len(g.panics)-1]; p.depth != len(g.calls)-1 {
		g.emit(events.Event{Kind: events.Exception, Exception: new(p.info)})
	}
	g.emit(events.Event{Kind: events.Return, Unwound: true})
	g.calls = g.calls[:len(g.calls)-1]
}

// finish ends the calls of a goroutine that a panic or Goexit took away.
func (g *goroutine) finish() {
	for len(g.panics) > 0 && len(g.calls) > 0 {
		g.unwind()
	}
}

func captured(values []calllog.Value) []events.Value {
	var out []events.Value
	for _, v := range values {
		out = append(out, events.Value{Name: v.Name, Value: v.Value, Error: v.Error})
	}
	return out
}
