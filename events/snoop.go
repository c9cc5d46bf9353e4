package events

import (
	"io"
	"strings"
)

// Snoop returns a Sink that prints events as PySnooper does: the source lines as
// they run, with the variables that appeared or changed before each. What opts
// says of kinds does not matter. Calls and returns should have a source too, as
// [WithSource] gives it to them. What one event makes the sink print is one call
// of w.Write. Close does not close w.
//
// Nothing an event carries reaches w as a control character.
func Snoop(w io.Writer, opts TextOptions) Sink {
	return &snoopSink{
		out:     lineWriter{w: w},
		page:    newPage(opts),
		leaving: make(map[int64]Class),
	}
}

type snoopSink struct {
	out  lineWriter
	page page

	path      string          // the source path told last
	goroutine int64           // the first
	several   bool            // there was another one
	leaving   map[int64]Class // the exception that each goroutine reported last
}

func (s *snoopSink) Write(e Event) error {
	s.page.reset()
	switch e.Kind {
	case Start:
		s.page.start(&e)
	case Exec:
		s.page.exec(&e)
	case Lost:
		s.page.lost(&e)
	case End:
		s.page.finish(&e)
	default:
		s.page.cutting(func() { s.event(&e) })
	}
	return s.out.write(s.page.b)
}

func (s *snoopSink) Close() error { return s.out.err }

func (s *snoopSink) event(e *Event) {
	if s.goroutine == 0 {
		s.goroutine = e.Goroutine
	}
	s.several = s.several || e.Goroutine != s.goroutine
	if e.File != "" && e.File != s.path {
		s.path = e.File
		s.label(e, "Source path:... ")
		s.page.text(e.File)
		s.page.end()
	}
	s.variables(e)
	if e.Unwound {
		s.unwound(e)
	} else {
		s.row(e)
	}
	switch e.Kind {
	case Return:
		s.returned(e)
	case Exception:
		s.exception(e)
	}
	for i := range e.Stack {
		f := &e.Stack[i]
		s.label(e, "Stack:......... ")
		s.page.function(f.Func, plainStyle)
		s.page.text(" ")
		s.page.place(f.File, f.Line)
		s.page.end()
	}
	delete(s.leaving, e.Goroutine)
	if e.Kind == Exception && e.Exception != nil {
		s.leaving[e.Goroutine] = e.Exception.Class
	}
}

// variables prints what stands before the line that was reached.
func (s *snoopSink) variables(e *Event) {
	for i := range e.Args {
		s.variable(e, "Starting var:.. ", plainStyle, &e.Args[i], "")
	}
	for i := range e.Changes {
		c := &e.Changes[i]
		switch {
		case c.Modified && c.inParts():
			for k := range c.Parts {
				s.label(e, "Modified var:.. ")
				s.page.on(yellowStyle)
				s.page.piece(c, &c.Parts[k], " = ")
				s.page.off(yellowStyle)
				s.was(c.Parts[k].Old)
				s.page.end()
			}
		case c.Modified:
			s.variable(e, "Modified var:.. ", yellowStyle, &c.Value, c.Old)
		default:
			s.variable(e, "New var:....... ", greenStyle, &c.Value, "")
		}
	}
	for i := range e.Locals {
		s.variable(e, "Local var:..... ", plainStyle, &e.Locals[i], "")
	}
	for _, w := range e.Watch {
		if e.Kind == Write {
			s.variable(e, "Was:........... ", plainStyle, &Value{Name: w.Expr, Value: w.Old}, "")
			s.variable(e, "Modified var:.. ", yellowStyle, &Value{Name: w.Expr, Value: w.Value}, "")
			continue
		}
		s.variable(e, "Watch:......... ", plainStyle, &Value{Name: w.Expr, Value: w.Value}, "")
	}
}

// variable prints a variable and, unless it is empty, what it was before.
func (s *snoopSink) variable(e *Event, label string, st style, v *Value, old string) {
	s.label(e, label)
	p := &s.page
	p.span(st, v.Name)
	p.text(" = ")
	p.values([]Value{{Value: v.Value, Error: v.Error}}, false)
	s.was(old)
	p.end()
}

// was prints what something was before.
func (s *snoopSink) was(old string) {
	if old == "" {
		return
	}
	p := &s.page
	p.on(dimStyle)
	p.text(" (was ")
	p.value(old)
	p.text(")")
	p.off(dimStyle)
}

// row prints the event itself, with its line of source.
func (s *snoopSink) row(e *Event) {
	p := &s.page
	s.margin(e)
	p.time(e.Time)
	begin := p.cols
	p.span(boldStyle, e.Kind.String())
	p.pad(begin + len("exception "))
	line := [20]byte{}
	digits := appendPadded(line[:0], int64(e.Line), 1)
	p.pad(p.cols + len("1234") - len(digits))
	p.ascii(digits)
	p.text(" ")
	switch {
	case e.Source != "":
		p.text(strings.ReplaceAll(strings.TrimRight(e.Source, " \t\r\n"), "\t", "    "))
	case e.Kind == Call:
		p.text("func ")
		p.function(e.Func, boldStyle)
		s.parameters(e.Args)
	default:
		p.on(dimStyle)
		p.function(e.Func, plainStyle)
		p.off(dimStyle)
	}
	p.end()
}

// parameters stands for those of a function whose source was not found.
func (s *snoopSink) parameters(args []Value) {
	if args == nil {
		s.page.text("(…)")
		return
	}
	s.page.text("(")
	for i := range args {
		if i > 0 {
			s.page.text(", ")
		}
		s.page.text(args[i].Name + " " + args[i].Type)
	}
	s.page.text(")")
}

func (s *snoopSink) returned(e *Event) {
	p := &s.page
	if len(e.Results) > 0 {
		s.label(e, "Return value:.. ")
		p.values(e.Results, false)
		p.end()
	}
	if e.Recovered {
		s.label(e, "Call recovered a panic")
		p.end()
	}
	if e.HTTPStatus != 0 {
		s.label(e, "HTTP status:.. ")
		p.int(int64(e.HTTPStatus))
		p.end()
	}
	if e.Partial {
		s.label(e, "Call began before the trace")
		p.end()
	}
	if e.HasDuration {
		s.label(e, "Elapsed time: ")
		p.duration(e.Duration, plainStyle)
		p.end()
	}
}

// unwound prints that a call has no return.
func (s *snoopSink) unwound(e *Event) {
	text := "Call ended by panic"
	switch s.leaving[e.Goroutine] {
	case ClassGoexit:
		text = "Call ended by Goexit"
	case ClassFatal:
		text = "Call ended by fatal error"
	}
	s.margin(e)
	s.page.span(alarmStyle, text)
	s.page.end()
}

func (s *snoopSink) exception(e *Event) {
	x := e.Exception
	if x == nil {
		return
	}
	if x.Recovered {
		s.label(e, "Recovered:..... ")
	} else {
		s.label(e, "Exception:..... ")
	}
	s.page.raised(x)
	s.page.origin(e)
	s.page.end()
}

// label begins a row that tells something about a row beside it.
func (s *snoopSink) label(e *Event, text string) {
	s.margin(e)
	s.page.span(dimStyle, text)
}

// margin begins a row: the goroutine, once there are several, and the depth.
func (s *snoopSink) margin(e *Event) {
	p := &s.page
	p.text(p.opts.Prefix)
	if s.several {
		p.goroutine(e)
	}
	const indent = "    "
	n := min(max(e.Depth, 0), maxGuides)
	p.text(strings.Repeat(indent, n))
	if e.Depth > n {
		p.text("+")
		p.int(int64(e.Depth - n))
		p.text(" ")
	}
}

// WithSource returns a Sink that passes every event on to next, with the text of
// its line where it has none. Source returns the text of a line of a file, or
// nothing.
func WithSource(next Sink, source func(file string, line int) string) Sink {
	return &sourcer{next, source}
}

type sourcer struct {
	next   Sink
	source func(string, int) string
}

func (s *sourcer) Write(e Event) error {
	if e.Source == "" && e.Line > 0 {
		e.Source = s.source(e.File, e.Line)
	}
	return s.next.Write(e)
}

func (s *sourcer) Close() error { return s.next.Close() }
