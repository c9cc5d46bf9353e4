package events

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// exception prints an exception that its call's end does not follow at once.
func (p *page) exception(e *Event) {
	p.margin(e)
	depth := e.Depth
	if e.Call != NoCall && p.brackets {
		depth++
	}
	x := e.Exception
	if x == nil {
		x = new(ExceptionInfo)
		e.Exception = x
	}
	if x.Recovered {
		p.tree(e, depth, "", plainStyle)
		p.rescue(e)
	} else {
		p.tree(e, depth, failMark, alarmStyle)
		p.raised(x)
		p.origin(e)
	}
	if !p.brackets && e.Func != "" {
		p.span(dimStyle, " in ")
		p.function(e.Func, plainStyle)
	}
	p.end()
	p.watch(e)
	p.stack(e)
}

// changes prints the variables that are new or modified. A named result is not
// among them where the row shows it as a result.
func (p *page) changes(e *Event) {
	for i := range e.Changes {
		c := &e.Changes[i]
		if isResult(e, c) {
			continue
		}
		st, mark := greenStyle, "+"
		if c.Modified {
			st, mark = yellowStyle, "~"
		}
		if c.inParts() {
			p.parts(c, st, mark)
			continue
		}
		p.text("  ")
		p.on(st)
		p.text(mark)
		p.text(c.Name)
		p.text("=")
		if c.Error != "" {
			p.text(failMark)
			p.text(c.Error)
		} else {
			p.value(c.Value.Value)
		}
		p.off(st)
		p.was(c.Old)
	}
}

// maxWhole is the size of a value of which a row shows only what has changed in
// it, where that is known.
const maxWhole = 48

// inParts reports whether the pieces of a value that have changed are shown instead
// of the whole.
func (c *Change) inParts() bool {
	return len(c.Parts) > 0 && c.Error == "" && len(c.Value.Value) > maxWhole
}

// parts prints the pieces of a value that have changed.
func (p *page) parts(c *Change, st style, mark string) {
	for i := range c.Parts {
		p.text("  ")
		p.on(st)
		p.text(mark)
		p.piece(c, &c.Parts[i], "=")
		p.off(st)
		p.was(c.Parts[i].Old)
	}
}

// pieces prints them as a field of a template.
func (p *page) pieces(c *Change) {
	for i := range c.Parts {
		p.separate(i, " ")
		p.text("~")
		p.piece(c, &c.Parts[i], "=")
	}
}

// piece prints a piece of a value, with what stands between its name and its value.
func (p *page) piece(c *Change, part *Part, is string) {
	p.text(c.Name)
	p.text(part.Path)
	switch {
	case part.Gone:
		p.text(" gone")
	case part.Value != "":
		p.text(is)
		p.value(part.Value)
	}
}

// was prints what something was before.
func (p *page) was(old string) {
	if old == "" {
		return
	}
	p.on(dimStyle)
	p.text(" was ")
	p.value(old)
	p.off(dimStyle)
}

func isResult(e *Event, c *Change) bool {
	return slices.ContainsFunc(e.Results, func(v Value) bool { return v.Name == c.Name && v.Value == c.Value.Value })
}

// shortSource is how much of a source line there is at least beside its changes.
const shortSource = 24

// line prints a source line, with the variables that changed before it.
func (p *page) line(e *Event) {
	p.margin(e)
	depth := e.Depth
	if p.brackets {
		depth++
	}
	p.tree(e, depth, "", plainStyle)
	begin := p.cols
	p.on(dimStyle)
	p.place(e.File, e.Line)
	p.off(dimStyle)
	p.pad(begin + len(path.Base(e.File)) + len(":1234") + 1)
	at, from := len(p.b), p.cols
	// Lines of a function begin with a tab at least.
	for i, part := range strings.Split(strings.TrimPrefix(e.Source, "\t"), "\t") {
		if i > 0 {
			p.text("    ")
		}
		p.text(part)
	}
	if most := max(shortSource, 2*p.most); p.most != p.opts.Value && len(e.Changes) > 0 && p.cols-from > most {
		p.cut(at, most) // what has changed is nowhere else
		p.cols = from + most
	}
	p.changes(e)
	p.end()
	p.watch(e)
	p.stack(e)
}

// write prints a change of watched memory.
func (p *page) write(e *Event) {
	p.margin(e)
	depth := e.Depth
	if e.Call != NoCall && p.brackets {
		depth++
	}
	p.tree(e, depth, "", plainStyle)
	for i, w := range e.Watch {
		p.separate(i, "  ")
		p.on(yellowStyle)
		p.text("~")
		p.text(w.Expr)
		p.text(" = ")
		p.values([]Value{{Value: w.Value}}, false)
		p.off(yellowStyle)
		p.text(" was ")
		p.values([]Value{{Value: w.Old}}, false)
	}
	if e.Func != "" {
		p.span(dimStyle, " in ")
		p.function(e.Func, plainStyle)
	}
	p.finishRow(e.File, e.Line)
	p.stack(e)
}

// locals prints the variables that a call has at its return. At its begin they are
// its arguments.
func (p *page) locals(e *Event) {
	for i := range e.Locals {
		v := &e.Locals[i]
		p.below(e, e.Depth, "    ")
		p.on(dimStyle)
		p.text(v.Name)
		p.text(" = ")
		p.off(dimStyle)
		p.value(cmp.Or(v.Error, v.Value))
		p.end()
	}
}

func (p *page) watch(e *Event) {
	for _, w := range e.Watch {
		p.under(e)
		p.on(dimStyle)
		p.text("watch ")
		p.text(w.Expr)
		p.text(" = ")
		p.off(dimStyle)
		p.text(w.Value)
		p.end()
	}
}

func (p *page) stack(e *Event) {
	for _, f := range e.Stack {
		p.under(e)
		p.on(dimStyle)
		p.text("at ")
		p.function(f.Func, plainStyle)
		p.text(" ")
		p.place(f.File, f.Line)
		p.off(dimStyle)
		p.end()
	}
}

// under begins a row that continues the one of e.
func (p *page) under(e *Event) { p.below(e, e.Depth+1, "  ") }

func (p *page) below(e *Event, depth int, mark string) {
	last, base := p.last, p.base
	p.margin(e)
	p.last, p.base = last, base
	p.tree(e, depth, mark, plainStyle)
}

func (p *page) start(e *Event) {
	p.base, p.last = e.Time, e.Time
	if p.opts.Quiet || e.Start == nil {
		return
	}
	p.program("▸ tracing ", e.Start)
}

// exec prints that the target goes on as another program.
func (p *page) exec(e *Event) {
	if p.opts.Quiet || e.Exec == nil {
		return
	}
	p.program("▸ exec: now tracing ", &e.Exec.StartInfo)
	p.open("ended by exec", e.Exec.Open)
}

// program prints what is said of a program whose trace begins.
func (p *page) program(what string, s *StartInfo) {
	p.text(p.opts.Prefix)
	p.span(boldStyle, what)
	p.span(boldStyle, s.Program[strings.LastIndexByte(s.Program, '/')+1:])
	sep := " ("
	if s.PID != 0 {
		p.text(" (pid ")
		p.int(int64(s.PID))
		sep = ", "
	}
	for _, about := range []string{s.GoVersion, s.Engine} {
		if about != "" {
			p.note(sep, about)
			sep = ", "
		}
	}
	if sep == ", " {
		p.text(")")
	}
	p.note("  ", strings.Join(s.Patterns, ", "))
	p.on(dimStyle)
	p.count("  ", uint64(s.Functions), "function")
	p.count(", ", uint64(s.Probes), "probe")
	if s.Stopped > 0 {
		p.text(", stopped ")
		p.duration(s.Stopped, plainStyle)
	}
	p.off(dimStyle)
	p.end()
	for _, n := range s.Notes {
		p.remark(n)
	}
}

// remark prints a note about what is traced, broken between words where it is too wide.
func (p *page) remark(note string) {
	const label = "  note: "
	columns := 0
	if p.opts.Width != nil {
		columns = p.opts.Width() - utf8.RuneCountInString(p.opts.Prefix) - len(label)
	}
	for i, line := range Wrap(note, columns) {
		p.text(p.opts.Prefix)
		if i == 0 {
			p.span(yellowStyle, label)
		} else {
			p.text(strings.Repeat(" ", len(label)))
		}
		p.text(line)
		p.end()
	}
}

// note adds s after sep, unless it is empty.
func (p *page) note(sep, s string) {
	if s != "" {
		p.text(sep)
		p.text(s)
	}
}

func (p *page) count(sep string, n uint64, noun string) {
	p.text(sep)
	p.int(int64(n))
	p.text(" ")
	p.text(noun)
	if n != 1 {
		p.text("s")
	}
}

func (p *page) lost(e *Event) {
	if e.Lost == nil {
		return
	}
	p.text(p.opts.Prefix)
	p.on(alarmStyle)
	if e.Lost.Count > 0 {
		p.count("⚠ ", e.Lost.Count, "event")
		p.text(" lost")
		p.note(": ", e.Lost.Why)
	} else {
		p.note("⚠ ", e.Lost.Why) // how many is not known
	}
	p.off(alarmStyle)
	p.end()
}
