package value

import (
	"fmt"
	"go/token"
	"strconv"
	"strings"
)

// templateError says where in a template, as far as it is known, and what is wrong.
func (p *printer) templateError(pl *plan, v val) string {
	line, err := p.fieldWord(pl, v, "Line")
	f := pl.field("Node")
	if err != nil || f == nil {
		return ""
	}
	what, name := p.part("Description", pl, v), p.part("Name", pl, v)
	if _, _, ok := p.interfaceWords(p.r.follow(&f.link), v.at(f.off)); ok {
		at, ok := p.nodePlace(p.r.follow(&f.link), v.at(f.off))
		if !ok {
			return ""
		}
		return "html/template:" + at + ": " + what
	}
	switch {
	case line != 0:
		return "html/template:" + name + ":" + strconv.FormatInt(int64(line), 10) + ": " + what
	case name != "":
		return "html/template:" + name + ": " + what
	}
	return "html/template: " + what
}

// nodePlace returns where a node of a template is: its tree has the text.
func (p *printer) nodePlace(pl *plan, v val) (string, bool) {
	pl, v, ok := p.dynamic(pl, v)
	if !ok {
		return "", false
	}
	pl, v, ok = p.target(pl, v)
	pos, err := p.fieldWord(pl, v, "Pos")
	f := pl.field("tr")
	if !ok || err != nil || f == nil {
		return "", false
	}
	tree, v, ok := p.target(p.r.follow(&f.link), v.at(f.off))
	f = tree.field("text")
	if !ok || f == nil {
		return "", false
	}
	w, err := p.words(v.at(f.off), 2)
	if err != nil || pos > w[1] {
		return "", false
	}
	text, err := p.read(w[0], int64(pos))
	if err != nil {
		return "", false
	}
	before := string(text)
	column := len(before) - 1 - strings.LastIndexByte(before, '\n')
	return fmt.Sprintf("%s:%d:%d", p.part("ParseName", tree, v), 1+strings.Count(before, "\n"), column), true
}

// scannerError says where in Go source, and what is wrong.
func (p *printer) scannerError(pl *plan, v val) string {
	f := pl.field("Pos")
	if f == nil {
		return ""
	}
	pp, pv := p.r.follow(&f.link), v.at(f.off)
	line, err := p.fieldWord(pp, pv, "Line")
	column, err2 := p.fieldWord(pp, pv, "Column")
	if err != nil || err2 != nil {
		return ""
	}
	pos := token.Position{Filename: p.part("Filename", pp, pv), Line: int(line), Column: int(column)}
	if pos.Filename != "" || pos.IsValid() {
		return pos.String() + ": " + p.part("Msg", pl, v)
	}
	return p.part("Msg", pl, v)
}

func (p *printer) scannerErrors(pl *plan, v val) string {
	w, err := p.words(v, 2)
	switch {
	case err != nil:
		return ""
	case w[1] == 0:
		return "no errors"
	}
	elem := p.r.follow(&pl.elem)
	first, at, ok := p.target(elem, val{addr: w[0]})
	if !ok {
		return ""
	}
	s := p.scannerError(first, at)
	if w[1] > 1 && s != "" {
		s += fmt.Sprintf(" (and %d more errors)", w[1]-1)
	}
	return s
}

func (p *printer) packagesError(pl *plan, v val) string {
	packages, files := p.texts("Packages", pl, v), p.texts("Files", pl, v)
	if len(packages) < 2 || len(files) < 2 {
		return ""
	}
	return fmt.Sprintf("found packages %s (%s) and %s (%s) in %s", packages[0], files[0], packages[1], files[1], p.part("Dir", pl, v))
}

func (p *printer) idnaRuneError(pl *plan, v val) string {
	b, err := p.need(v, 4)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("idna: disallowed rune %U", rune(signed(b)))
}

func (p *printer) asn1TargetError(pl *plan, v val) string {
	const begin = "asn1: Unmarshal recipient value is "
	typ := p.reflected("Type", pl, v)
	switch {
	case typ == noReflected:
		return begin + "nil"
	case !strings.HasPrefix(typ, "*"):
		return begin + "non-pointer " + typ
	}
	return begin + "nil " + typ
}

func (p *printer) echConfigError(pl *plan, v val) string {
	if field := p.part("field", pl, v); field != "" {
		return "tls: malformed ECHConfig, invalid " + field + " field"
	}
	return "tls: malformed ECHConfig"
}

func (p *printer) http2ConnError(pl *plan, v val) string {
	return "http2: connection error: " + http2Code(p.part("Code", pl, v)) + ": " + p.part("Reason", pl, v)
}

func (p *printer) tarError(pl *plan, v val) string {
	list := p.textsIn(pl, v)
	parts := make([]string, 0, len(list))
	for _, s := range list {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return "archive/tar: cannot encode header"
	}
	return "archive/tar: cannot encode header: " + strings.Join(parts, "; and ")
}
