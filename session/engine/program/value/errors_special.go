package value

import (
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func (p *printer) timeParseError(pl *plan, v val) string {
	e := time.ParseError{
		Layout:     p.part("Layout", pl, v),
		Value:      p.part("Value", pl, v),
		LayoutElem: p.part("LayoutElem", pl, v),
		ValueElem:  p.part("ValueElem", pl, v),
		Message:    p.part("Message", pl, v),
	}
	return e.Error()
}

func (p *printer) durationError(pl *plan, v val) string {
	// The package quotes in its own way.
	const before, after = "parsing time ", "."
	quoted := (&time.ParseError{Value: p.part("value", pl, v), Message: after}).Error()
	return "time: " + p.part("message", pl, v) + " " + strings.TrimSuffix(strings.TrimPrefix(quoted, before), after)
}

func (p *printer) reflectError(pl *plan, v val) string {
	kind, err := p.fieldWord(pl, v, "Kind")
	if err != nil {
		return ""
	}
	return (&reflect.ValueError{Method: p.part("Method", pl, v), Kind: reflect.Kind(kind)}).Error()
}

// exitError words the state in which a process that was run has ended.
func (p *printer) exitError(pl *plan, v val) string {
	f := pl.field("ProcessState")
	if f == nil {
		return ""
	}
	state, v, ok := p.target(p.r.follow(&f.link), v.at(f.off))
	if !ok {
		return "<nil>"
	}
	if f = state.field("status"); f == nil {
		return ""
	}
	b, err := p.need(v.at(f.off), 4)
	if err != nil {
		return ""
	}
	status := syscall.WaitStatus(unsigned(b))
	var s string
	switch {
	case status.Exited():
		s = "exit status " + strconv.Itoa(status.ExitStatus())
	case status.Signaled():
		s = "signal: " + status.Signal().String()
	}
	if status.CoreDump() {
		s += " (core dumped)"
	}
	return s
}
