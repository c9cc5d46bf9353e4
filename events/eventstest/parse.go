package eventstest

import (
	"fmt"
	"strings"

	"gtrace/events"
)

// Parse reads a line written by [Format] or by hand. An error says where in
// the line it was.
func Parse(line string) (events.Event, error) {
	p := parser{s: strings.TrimRight(line, " \t\r\n")}
	p.blanks()
	name := p.until(" \t")
	e := events.Event{Kind: events.ParseKind(name)}
	switch e.Kind {
	case events.Invalid:
		p.fail("unknown kind of event %q", name)
	case events.Start:
		e.Start = new(events.StartInfo)
		p.fields(func() { p.startField(&e, e.Start) })
	case events.Exec:
		e.Exec = new(events.ExecInfo)
		p.fields(func() { p.startField(&e, &e.Exec.StartInfo) })
	case events.Lost:
		e.Lost = new(events.LostInfo)
		p.fields(func() { p.lostField(&e) })
	case events.Left, events.End:
		e.End = new(events.EndInfo)
		p.fields(func() { p.endField(&e) })
	default:
		p.fields(func() { p.eventField(&e) })
	}
	if p.err != nil {
		return events.Event{}, fmt.Errorf("parse event %q: %w", line, p.err)
	}
	return e, nil
}

// A parser reads one line. After its first error it consumes nothing more.
type parser struct {
	s   string
	pos int
	err error
}

// fields calls field at the begin of each field of an event.
func (p *parser) fields(field func()) {
	for p.blanks(); p.err == nil && p.pos < len(p.s); p.blanks() {
		field()
	}
}

func (p *parser) eventField(e *events.Event) {
	switch {
	case p.skip("#"):
		e.Call = events.CallID(p.uint())
	case p.peek() == '@':
		f := p.frame()
		e.File, e.Line = f.File, f.Line
	case p.skip("->"):
		p.blanks()
		e.Results = p.values()
	case p.skip("!"):
		e.Exception = p.exception()
	case p.peek() == '"' || p.peek() == '`':
		p.function(e, p.word(""))
	default:
		word := p.funcWord()
		if p.skip("=") {
			p.eventKey(e, word)
			return
		}
		if g, ok := goroutineWord(word); ok {
			e.Goroutine = g
			return
		}
		switch word {
		case "unwound":
			e.Unwound = true
		case "partial":
			e.Partial = true
		case "recovered":
			e.Recovered = true
		default:
			p.function(e, word)
		}
	}
}

func (p *parser) function(e *events.Event, name string) {
	if e.Func != "" || e.Args != nil {
		p.fail("a second function %q", name)
		return
	}
	e.Func = name
	if p.peek() == '(' {
		e.Args = p.values()
	}
	if e.Func == "" && e.Args == nil {
		p.fail("expected a field")
	}
}

func (p *parser) eventKey(e *events.Event, key string) {
	switch key {
	case "pid":
		e.PID = p.int()
	case "seq":
		e.Seq = p.uint()
	case "t":
		e.Time = p.time()
	case "thread":
		e.Thread = p.int()
	case "parent":
		e.Parent = events.CallID(p.uint())
	case "depth":
		e.Depth = p.int()
	case "caller":
		e.Caller = new(p.frame())
	case "duration":
		e.Duration, e.HasDuration = p.duration(), true
	case "error":
		e.Error = p.word(wordStops)
	case "http_status":
		e.HTTPStatus = p.int()
	case "source":
		e.Source = p.word(wordStops)
	case "changes":
		p.list(func() {
			modified := p.skip("~")
			if !modified {
				p.expect("+")
			}
			c := events.Change{Value: p.value(), Modified: modified}
			if p.skip(" was ") {
				c.Old = p.word(wordStops)
			}
			e.Changes = append(e.Changes, c)
		})
	case "locals":
		p.list(func() { e.Locals = append(e.Locals, p.value()) })
	case "watch":
		p.list(func() {
			v := p.value()
			if v.Error != "" {
				p.fail("a watched expression has no error")
			}
			w := events.Watch{Expr: v.Name, Type: v.Type, Value: v.Value}
			if p.blanks(); p.skip("old=") {
				w.Old = p.word(wordStops)
			}
			e.Watch = append(e.Watch, w)
		})
	case "stack":
		p.list(func() { e.Stack = append(e.Stack, p.frame()) })
	default:
		p.fail("unknown field %q", key)
	}
}

// startField reads a field of a record about a program whose trace begins.
func (p *parser) startField(e *events.Event, info *events.StartInfo) {
	switch key := p.key(); key {
	case "t":
		e.Time = p.time()
	case "gtrace":
		info.Version = p.word(wordStops)
	case "engine":
		info.Engine = p.word(wordStops)
	case "pid":
		info.PID = p.int()
	case "program":
		info.Program = p.word(wordStops)
	case "go":
		info.GoVersion = p.word(wordStops)
	case "patterns":
		p.list(func() { info.Patterns = append(info.Patterns, p.word(wordStops)) })
	case "functions":
		info.Functions = p.int()
	case "probes":
		info.Probes = p.int()
	case "stopped":
		info.Stopped = p.duration()
	case "notes":
		p.list(func() { info.Notes = append(info.Notes, p.word(wordStops)) })
	case "open":
		if e.Exec == nil {
			p.fail("a start has no open calls")
			return
		}
		e.Exec.Open = p.openCalls()
	default:
		p.fail("unknown field %q of a start", key)
	}
}

func (p *parser) lostField(e *events.Event) {
	switch key := p.key(); key {
	case "t":
		e.Time = p.time()
	case "pid":
		e.PID = p.int()
	case "count":
		e.Lost.Count = p.uint()
	case "why":
		e.Lost.Why = p.word(wordStops)
	case "func":
		e.Lost.Func = p.word(wordStops)
	case "unseen":
		e.Lost.Unseen = p.duration()
	default:
		p.fail("unknown field %q of a lost", key)
	}
}

func (p *parser) endField(e *events.Event) {
	switch key := p.key(); key {
	case "t":
		e.Time = p.time()
	case "pid":
		e.PID = p.int()
	case "reason":
		e.End.Reason = events.Reason(p.word(wordStops))
	case "status":
		e.End.Status = new(p.int())
	case "signal":
		e.End.Signal = p.word(wordStops)
	case "message":
		e.End.Message = p.word(wordStops)
	case "events":
		e.End.Events = p.uint()
	case "lost":
		e.End.Lost = p.uint()
	case "held":
		e.End.Held = p.duration()
	case "overhead":
		e.End.Overhead = p.float()
	case "thinned":
		p.list(func() { e.End.Thinned = append(e.End.Thinned, p.thinned()) })
	case "open":
		e.End.Open = p.openCalls()
	default:
		p.fail("unknown field %q of an end", key)
	}
}

// thinned reads main.hot 2.5s *3.
func (p *parser) thinned() events.Thinned {
	var t events.Thinned
	t.Func = p.word(wordStops)
	p.blanks()
	t.Unseen = p.duration()
	p.blanks()
	p.expect("*")
	t.Times = p.int()
	return t
}

func (p *parser) openCalls() (open []events.OpenCall) {
	p.list(func() { open = append(open, p.openCall()) })
	return open
}

// openCall reads #4 g1 main.main partial.
func (p *parser) openCall() events.OpenCall {
	var c events.OpenCall
	p.expect("#")
	c.Call = events.CallID(p.uint())
	p.blanks()
	p.expect("g")
	c.Goroutine = p.int64()
	p.blanks()
	c.Func = p.word(wordStops)
	p.blanks()
	c.Partial = p.skip("partial")
	return c
}

func (p *parser) exception() *events.ExceptionInfo {
	x := &events.ExceptionInfo{Class: events.Class(p.word(wordStops))}
	if p.peek() != '(' {
		return x
	}
	p.list(func() {
		switch key := p.until(" =,()"); key {
		case "recovered":
			x.Recovered = true
		case "type":
			p.expect("=")
			x.Type = p.word(wordStops)
		case "value":
			p.expect("=")
			x.Value = p.word(wordStops)
		case "recovered_by":
			p.expect("=")
			x.RecoveredBy = new(p.frame())
		case "origin":
			p.expect("=")
			x.Origin = new(p.frame())
		default:
			p.fail("unknown field %q of an exception", key)
		}
	})
	return x
}

// values is never nil: the list is there, even when it is empty.
func (p *parser) values() []events.Value {
	list := []events.Value{}
	p.list(func() { list = append(list, p.value()) })
	return list
}

// value reads name:type=value!error.
func (p *parser) value() events.Value {
	v := events.Value{Name: p.word(nameStops)}
	if p.skip(":") {
		v.Type = p.word(nameStops)
	}
	p.expect("=")
	v.Value = p.word(valueStops)
	if p.skip("!") {
		v.Error = p.word(wordStops)
	}
	return v
}

// frame reads func@file:line.
func (p *parser) frame() events.Frame {
	var f events.Frame
	f.Func = p.word(funcStops)
	p.expect("@")
	f.File = p.word(fileStops)
	p.expect(":")
	f.Line = p.int()
	return f
}
