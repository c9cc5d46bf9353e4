package value

import (
	"strconv"
	"strings"
)

// boundsError words an index or a slice expression out of range. The texts are
// the runtime's own, in the order of its codes; %x is the index and %y the
// length. For a negative index the length does not matter.
func (p *printer) boundsError(pl *plan, v val) string {
	words := [...][2]string{
		{"index out of range [%x] with length %y", "index out of range [%x]"},
		{"slice bounds out of range [:%x] with length %y", "slice bounds out of range [:%x]"},
		{"slice bounds out of range [:%x] with capacity %y", "slice bounds out of range [:%x]"},
		{"slice bounds out of range [%x:%y]", "slice bounds out of range [%x:]"},
		{"slice bounds out of range [::%x] with length %y", "slice bounds out of range [::%x]"},
		{"slice bounds out of range [::%x] with capacity %y", "slice bounds out of range [::%x]"},
		{"slice bounds out of range [:%x:%y]", "slice bounds out of range [:%x:]"},
		{"slice bounds out of range [%x:%y:]", "slice bounds out of range [%x::]"},
		{"cannot convert slice with length %y to array or pointer to array with length %x", ""},
	}
	x, err1 := p.fieldWord(pl, v, "x")
	y, err2 := p.fieldWord(pl, v, "y")
	isSigned, code := pl.field("signed"), pl.field("code")
	if err1 != nil || err2 != nil || isSigned == nil || code == nil {
		return ""
	}
	s, err1 := p.need(v.at(isSigned.off), 1)
	c, err2 := p.need(v.at(code.off), 1)
	if err1 != nil || err2 != nil || int(c[0]) >= len(words) {
		return ""
	}
	text := words[c[0]][0]
	index := strconv.FormatUint(x, 10)
	if s[0] != 0 {
		index = strconv.FormatInt(int64(x), 10)
		if int64(x) < 0 && words[c[0]][1] != "" {
			text = words[c[0]][1]
		}
	}
	length := strconv.FormatInt(int64(y), 10)
	return "runtime error: " + strings.NewReplacer("%x", index, "%y", length).Replace(text)
}

// assertionError words a failed type assertion.
func (p *printer) assertionError(pl *plan, v val) string {
	iface, ok1 := p.typeField(pl, v, "_interface")
	concrete, ok2 := p.typeField(pl, v, "concrete")
	asserted, ok3 := p.typeField(pl, v, "asserted")
	missing := pl.field("missingMethod")
	if !ok1 || !ok2 || !ok3 || missing == nil {
		return ""
	}
	if iface == "" {
		iface = "interface"
	}
	method := p.plain(v.at(missing.off))
	switch {
	case concrete == "":
		return "interface conversion: " + iface + " is nil, not " + asserted
	case method != "":
		return "interface conversion: " + concrete + " is not " + asserted + ": missing method " + method
	}
	s := "interface conversion: " + iface + " is " + concrete + ", not " + asserted
	if concrete == asserted {
		if p.packageOf(pl, v, "concrete") != p.packageOf(pl, v, "asserted") {
			return s + " (types from different packages)"
		}
		return s + " (types from different scopes)"
	}
	return s
}

// packageOf returns the import path of the type that a field points at.
func (p *printer) packageOf(pl *plan, v val, name string) string {
	addr, err := p.fieldWord(pl, v, name)
	if err != nil {
		return ""
	}
	d, err := p.typeAt(addr)
	if err != nil {
		return ""
	}
	return d.plan.raw[:max(0, strings.LastIndexByte(d.plan.raw, '.'))]
}

func (p *printer) unhashable(pl *plan, v val) string {
	name, ok := p.typeField(pl, v, "typ")
	if !ok {
		return ""
	}
	return "hash of unhashable type: " + name
}

// typeField returns the name, as the runtime writes it, of the type that a
// field points at, empty for a nil pointer.
func (p *printer) typeField(pl *plan, v val, name string) (string, bool) {
	addr, err := p.fieldWord(pl, v, name)
	if err != nil || addr == 0 {
		return "", err == nil
	}
	return p.typeName(addr)
}

// typeName returns the name, as the runtime writes it, of the type described
// at addr.
func (p *printer) typeName(addr uint64) (string, bool) {
	x := p.r.index()
	if p.locate(x) != nil {
		return "", false
	}
	b, err := p.read(addr, descSize)
	if err != nil {
		return "", false
	}
	text, err := p.runtimeName(x, desc(b))
	return text, err == nil
}
