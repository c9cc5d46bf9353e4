package events

import (
	"cmp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// These methods of the page print parts of a row.

// function prints a function's name, without its package in the given style.
func (p *page) function(name string, st style) {
	pkg, rest := p.opts.Names.split(name)
	p.text(pkg)
	if after, ok := strings.CutPrefix(rest, "."); ok {
		p.text(".")
		rest = after
	}
	p.span(st, rest)
}

func (p *page) signature(e *Event) {
	p.function(e.Func, boldStyle)
	if e.Args == nil {
		p.span(dimStyle, "(…)")
		return
	}
	p.text("(")
	p.values(e.Args, true)
	p.text(")")
}

// values prints a list of arguments or results. The name of a result is left
// out when the compiler made it up.
func (p *page) values(list []Value, enclosed bool) {
	for i := range list {
		v := &list[i]
		if i > 0 {
			p.text(", ")
		}
		if v.Name != "" && v.Name[0] != '~' {
			p.on(dimStyle)
			p.text(v.Name)
			p.text("=")
			p.off(dimStyle)
		}
		if v.Error == "" {
			p.value(v.Value)
			continue
		}
		p.on(redStyle)
		p.text(failMark)
		if enclosed || i < len(list)-1 {
			p.text(Quote(v.Error))
		} else {
			p.text(v.Error)
		}
		p.off(redStyle)
	}
}

const (
	// longestType is how long the name of a type can be that is shown whole where
	// there is no room for more of a value; with less room than leastTyped there is
	// none for that either.
	longestType = 32
	leastTyped  = 6
	// leastSaved is what must be saved by cutting a value.
	leastSaved = 4
)

// value prints a value, or its begin where it is too long for a row: its type at
// least.
func (p *page) value(text string) {
	if text != "" && text[0] >= 'a' {
		text = p.opts.Names.Shorten(text) // it may be a function
	}
	end := p.most
	if end <= 0 || len(text) <= end || p.most != p.opts.Value && len(text) < end+leastSaved {
		p.text(text)
		return
	}
	closing := ""
	if brace := strings.IndexByte(text[:min(len(text)-1, longestType)], '{') + 1; brace >= end && end >= leastTyped && text[0] != '"' && text[0] != '`' {
		end, closing = brace, text[len(text)-1:]
	}
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	p.text(text[:end])
	p.span(dimStyle, "…")
	p.text(closing)
}

// outcome prints how a call ended: by x, which came right before, or not.
func (p *page) outcome(x, e *Event) {
	if e.Unwound {
		p.text("  ")
		p.on(alarmStyle)
		p.text(failMark)
		switch {
		case x == nil:
			p.text("unwound")
		case passes(x):
			p.text("unwound by ")
		}
		p.off(alarmStyle)
		if x != nil {
			p.raised(x.Exception)
			p.origin(x)
		}
		return
	}
	isError := x != nil && x.Exception.Class == ClassError
	switch {
	case x != nil && x.Exception.Recovered:
		p.text("  ")
		p.rescue(x)
	case e.Recovered:
		p.text("  ")
		p.span(greenStyle, rescueMark+"recovered")
	case x != nil && !isError:
		p.text("  ")
		p.span(alarmStyle, failMark)
		p.raised(x.Exception)
		p.origin(x)
	}
	if isError {
		p.results(e, cmp.Or(e.Error, x.Exception.Value))
		p.origin(x)
	} else {
		p.results(e, e.Error)
	}
	if e.HTTPStatus != 0 {
		p.text("  ")
		p.on(alarmStyle)
		p.text(failMark)
		p.text("HTTP status ")
		p.int(int64(e.HTTPStatus))
		p.off(alarmStyle)
	}
}

func (p *page) results(e *Event, message string) {
	shown := false
	for i := range e.Results {
		shown = shown || e.Results[i].Error != ""
	}
	if len(e.Results) == 0 && message == "" {
		return
	}
	p.span(dimStyle, " → ")
	p.values(e.Results, false)
	if message != "" && !shown {
		if len(e.Results) > 0 {
			p.text("  ")
		}
		p.span(redStyle, failMark)
		p.span(redStyle, message)
	}
}

// passes reports whether the exception of e began in another function.
func passes(e *Event) bool {
	o := e.Exception.Origin
	return o != nil && o.Func != e.Func
}

// raised prints what was raised, as the Go runtime does.
func (p *page) raised(x *ExceptionInfo) {
	p.on(alarmStyle)
	defer p.off(alarmStyle)
	value := x.Value
	switch x.Class {
	case ClassGoexit:
		p.text("Goexit")
	case ClassFatal:
		p.text("fatal error")
	case ClassError:
		p.text("error")
	case ClassPanic:
		p.text("panic")
		if s, err := strconv.Unquote(value); err == nil && x.Type == "string" {
			value = s
		}
	case ClassRuntime:
		if strings.HasPrefix(value, "runtime error") {
			p.text(value)
			return
		}
		p.text("runtime error")
	default:
		p.text(string(x.Class))
	}
	if value == "" {
		return
	}
	p.text(": ")
	p.text(value)
	if x.Class == ClassPanic && x.Type != "" && x.Type != "string" {
		p.text(" (")
		p.text(x.Type)
		p.text(")")
	}
}

// origin prints where the exception of e began: the function too when that
// was in another one.
func (p *page) origin(e *Event) {
	o := e.Exception.Origin
	if o == nil || o.Func == "" && o.File == "" {
		return
	}
	p.on(dimStyle)
	p.text(" (")
	if o.Func != e.Func {
		p.function(o.Func, plainStyle)
		p.text(" ")
	}
	p.place(o.File, o.Line)
	p.text(")")
	p.off(dimStyle)
}

// rescue prints what the call of e recovered.
func (p *page) rescue(e *Event) {
	p.span(greenStyle, rescueMark+"recovered ")
	p.raised(e.Exception)
	p.origin(e)
	// That a closure of the function itself recovered is how it is done.
	if by := e.Exception.RecoveredBy; by != nil && by.Func != "" && !strings.HasPrefix(by.Func, e.Func) {
		p.on(dimStyle)
		p.text(" by ")
		p.function(by.Func, plainStyle)
		p.off(dimStyle)
	}
}
