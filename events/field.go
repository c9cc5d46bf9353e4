package events

import (
	"slices"
	"strings"
)

// A field is a part of an event that a user can ask for by its name.
type field struct {
	name  string
	width int                     // of a column; negative: it stands to the right
	add   func(p *page, e *Event) // to the row
}

// allFields are those of the JSON schema, each as text output prints it, with
// some parts of them. None writes a line end.
var allFields = []field{
	{"kind", 9, func(p *page, e *Event) { p.text(e.Kind.String()) }},
	{"time", 15, func(p *page, e *Event) { p.stamp(e.Time) }},
	{"seq", -6, func(p *page, e *Event) { p.int(int64(e.Seq)) }},
	{"pid", -7, func(p *page, e *Event) { p.some(int64(e.PID)) }},
	{"goroutine", -4, func(p *page, e *Event) { p.int(e.Goroutine) }},
	{"thread", -7, func(p *page, e *Event) { p.some(int64(e.Thread)) }},
	{"depth", -3, func(p *page, e *Event) { p.int(int64(e.Depth)) }},
	{"call", -6, func(p *page, e *Event) { p.some(int64(e.Call)) }},
	{"parent", -6, func(p *page, e *Event) { p.some(int64(e.Parent)) }},
	{"func", 24, func(p *page, e *Event) { p.function(e.Func, plainStyle) }},
	{"file", 24, func(p *page, e *Event) { p.text(e.File) }},
	{"line", -5, func(p *page, e *Event) { p.some(int64(e.Line)) }},
	{"place", 24, func(p *page, e *Event) { p.frame(&Frame{File: e.File, Line: e.Line}) }},
	{"caller", 32, func(p *page, e *Event) { p.frame(e.Caller) }},
	{"args", 24, func(p *page, e *Event) { p.values(e.Args, true) }},
	{"results", 24, func(p *page, e *Event) { p.values(e.Results, true) }},
	{"duration", -7, func(p *page, e *Event) {
		if e.HasDuration {
			p.duration(e.Duration, plainStyle)
		}
	}},
	{"duration_ns", -12, func(p *page, e *Event) {
		if e.HasDuration {
			p.int(int64(e.Duration))
		}
	}},
	{"error", 24, func(p *page, e *Event) { p.text(e.Error) }},
	{"unwound", 7, func(p *page, e *Event) { p.flag(e.Unwound, "unwound") }},
	{"partial", 7, func(p *page, e *Event) { p.flag(e.Partial, "partial") }},
	{"recovered", 9, func(p *page, e *Event) { p.flag(e.Recovered, "recovered") }},
	{"http_status", 11, func(p *page, e *Event) {
		if e.HTTPStatus != 0 {
			p.int(int64(e.HTTPStatus))
		}
	}},
	{"exception", 24, func(p *page, e *Event) {
		if e.Exception != nil {
			p.raised(e.Exception)
		}
	}},
	{"class", 7, func(p *page, e *Event) {
		if e.Exception != nil {
			p.text(string(e.Exception.Class))
		}
	}},
	{"origin", 24, func(p *page, e *Event) {
		if e.Exception != nil {
			p.frame(e.Exception.Origin)
		}
	}},
	{"source", 32, func(p *page, e *Event) { p.text(strings.TrimSpace(e.Source)) }},
	{"changes", 24, func(p *page, e *Event) {
		for i := range e.Changes {
			c := &e.Changes[i]
			p.separate(i, " ")
			switch {
			case c.Modified && c.inParts():
				p.pieces(c)
				continue
			case c.Modified:
				p.text("~")
			default:
				p.text("+")
			}
			p.values([]Value{c.Value}, true)
		}
	}},
	{"locals", 32, func(p *page, e *Event) { p.values(e.Locals, true) }},
	{"watch", 24, func(p *page, e *Event) {
		for i, w := range e.Watch {
			p.separate(i, " ")
			p.values([]Value{{Name: w.Expr, Value: w.Value}}, true)
		}
	}},
	{"old", 24, func(p *page, e *Event) {
		for i, w := range e.Watch {
			p.separate(i, " ")
			p.values([]Value{{Value: w.Old}}, false)
		}
	}},
	{"stack", 32, func(p *page, e *Event) {
		for i := range e.Stack {
			p.separate(i, " < ")
			p.frame(&e.Stack[i])
		}
	}},
}

// Fields returns the names of the fields that a template or a column can have.
func Fields() []string {
	names := make([]string, len(allFields))
	for i, f := range allFields {
		names[i] = f.name
	}
	return names
}

// findField returns the field with the given name, or nil.
func findField(name string) *field {
	i := slices.IndexFunc(allFields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &allFields[i]
}

// An UnknownFieldError says that there is no field of that name.
type UnknownFieldError struct{ Name string }

func (e *UnknownFieldError) Error() string { return "there is no field " + Printable(e.Name) }

// some prints a number that means nothing when it is 0.
func (p *page) some(n int64) {
	if n != 0 {
		p.int(n)
	}
}

func (p *page) flag(set bool, name string) {
	if set {
		p.text(name)
	}
}

func (p *page) separate(i int, by string) {
	if i > 0 {
		p.text(by)
	}
}

// frame prints a place with its function, as far as they are known.
func (p *page) frame(f *Frame) {
	switch {
	case f == nil || f.Func == "" && f.File == "":
		return
	case f.Func != "" && f.File != "":
		p.function(f.Func, plainStyle)
		p.text(" ")
	case f.Func != "":
		p.function(f.Func, plainStyle)
		return
	}
	p.place(f.File, f.Line)
}
