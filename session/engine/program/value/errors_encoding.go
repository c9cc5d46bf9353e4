package value

import (
	"encoding/hex"
	"strings"
)

// jsonTypeError words an encoding/json.UnmarshalTypeError, whose field Type
// holds the runtime's description of a type.
func (p *printer) jsonTypeError(pl *plan, v val) string {
	s := "json: cannot unmarshal " + p.part("Value", pl, v) + " into Go "
	structure, fld, typ := p.part("Struct", pl, v), p.part("Field", pl, v), p.reflected("Type", pl, v)
	if structure == "" && fld == "" {
		return s + "value of type " + typ
	}
	return s + "struct field " + structure + "." + fld + " of type " + typ
}

func (p *printer) jsonTargetError(pl *plan, v val) string {
	typ := p.reflected("Type", pl, v)
	switch {
	case typ == noReflected:
		return "json: Unmarshal(nil)"
	case !strings.HasPrefix(typ, "*"):
		return "json: Unmarshal(non-pointer " + typ + ")"
	}
	return "json: Unmarshal(nil " + typ + ")"
}

func (p *printer) jsonMarshalerError(pl *plan, v val) string {
	source := p.part("sourceFunc", pl, v)
	if source == "" {
		source = "MarshalJSON"
	}
	return "json: error calling " + source + " for type " + p.reflected("Type", pl, v) + ": " + p.part("Err", pl, v)
}

// noReflected is the text of a reflect.Type that is nil.
const noReflected = "<nil>"

// reflected returns the name of the type that a field of type reflect.Type is about.
func (p *printer) reflected(name string, pl *plan, v val) string {
	f := pl.field(name)
	if f == nil {
		return "<unreadable: no field " + name + ">"
	}
	w, err := p.words(v.at(f.off), 2)
	if err != nil {
		return "<unreadable: type>"
	}
	if w[0] == 0 {
		return noReflected
	}
	if text, ok := p.typeName(w[1]); ok {
		return text
	}
	return "<unreadable: type>"
}

func (p *printer) hexError(pl *plan, v val) string {
	b, err := p.need(v, 1)
	if err != nil {
		return ""
	}
	return hex.InvalidByteError(b[0]).Error()
}

func (p *printer) csvError(pl *plan, v val) string {
	err, line, start := p.part("Err", pl, v), p.part("Line", pl, v), p.part("StartLine", pl, v)
	const fieldCount = "wrong number of fields"
	switch {
	case err == fieldCount:
		return "record on line " + line + ": " + err
	case start != line:
		return "record on line " + start + "; parse error on line " + line + ", column " + p.part("Column", pl, v) + ": " + err
	}
	return "parse error on line " + line + ", column " + p.part("Column", pl, v) + ": " + err
}
