package value

import (
	"strconv"
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

// jsonTypeError words an encoding/json.UnmarshalTypeError, whose field Type
// holds the runtime's description of a type.
func (p *printer) jsonTypeError(pl *plan, v val) string {
	f := pl.field("Type")
	if f == nil {
		return ""
	}
	w, err := p.words(v.at(f.off), 2)
	if err != nil {
		return ""
	}
	name, ok := p.typeName(w[1])
	if !ok {
		return ""
	}
	s := "json: cannot unmarshal " + p.part("Value", pl, v) + " into Go "
	structure, fld := p.part("Struct", pl, v), p.part("Field", pl, v)
	if structure == "" && fld == "" {
		return s + "value of type " + name
	}
	return s + "struct field " + structure + "." + fld + " of type " + name
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
