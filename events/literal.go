package events

import (
	"strconv"
	"strings"
)

// A literal is the text of a value, taken apart if it is a composite one.
type literal struct {
	text  string
	head  string    // the type of a composite value, with & of a pointer to one
	elems []element // nil: not composite
	kind  literalKind
	rest  string // of a composite value: the mark of elements that were left out
}

// A literalKind says what the elements of a composite value are called by.
type literalKind uint8

const (
	listKind literalKind = iota // their index
	mapKind
	structKind
)

// An element of a composite value. The key of one without is its index.
type element struct {
	key string
	literal
}

// step is how Go reaches the element with that key.
func (l *literal) step(key string) string {
	if l.kind == structKind {
		return "." + key
	}
	return "[" + key + "]"
}

// count returns how many elements there are, with those left out.
func (l *literal) count() int {
	more, _ := strconv.Atoi(strings.TrimPrefix(l.rest, cutMark+"+"))
	return len(l.elems) + more
}

// zero returns the text of the zero value of a composite's type, without fields.
func (l *literal) zero() string {
	if l.elems == nil {
		return "0"
	}
	return l.head + "{}"
}

// isUnknown reports whether a value was left out, or the rest of it.
func (l *literal) isUnknown() bool {
	return strings.HasPrefix(l.text, cutMark) || strings.HasSuffix(l.text, cutMark)
}

// maxNesting bounds how deep values lie in values.
const maxNesting = 64

// parseLiteral takes the text of a value apart.
func parseLiteral(text string) (literal, bool) {
	p := literalParser{text: text}
	l, ok := p.value(0, false)
	return l, ok && p.at == len(text)
}

type literalParser struct {
	text string
	at   int
}

// value reads up to the comma or brace that ends the value, or the colon behind it
// if it may be a key.
func (p *literalParser) value(depth int, key bool) (literal, bool) {
	begin, open := p.at, 0 // parentheses and brackets
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case '"':
			if !p.quoted() {
				return literal{}, false
			}
		case '<':
			if strings.HasPrefix(p.text[p.at:], "<unreadable: ") {
				p.at += max(strings.IndexByte(p.text[p.at:], '>'), 0)
			}
		case '(', '[':
			open++
		case ')', ']':
			open--
		case '{':
			// A blank before it has that of a type only: struct { A int }.
			if p.at > begin && p.text[p.at-1] == ' ' {
				if !p.typeBody() {
					return literal{}, false
				}
				continue
			}
			if open != 0 || p.at == begin || depth == maxNesting {
				return literal{}, false
			}
			return p.composite(begin, depth)
		case '}', ',':
			if open == 0 {
				return literal{text: p.text[begin:p.at]}, true
			}
		case ':':
			if open == 0 && key && p.isKey() {
				return literal{text: p.text[begin:p.at]}, true
			}
		}
	}
	return literal{text: p.text[begin:p.at]}, open == 0
}

// isKey reports whether the colon at hand ends a key, rather than being part of
// a time or an address.
func (p *literalParser) isKey() bool {
	return p.at+1 < len(p.text) && p.text[p.at+1] != ' '
}

// quoted passes a string, and leaves its last quote at hand.
func (p *literalParser) quoted() bool {
	for p.at++; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case '"':
			return true
		}
	}
	return false
}

// typeBody passes what stands in braces in a type, and leaves the last one at hand.
func (p *literalParser) typeBody() bool {
	open := 0
	for ; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '"':
			if !p.quoted() {
				return false
			}
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return true
			}
		}
	}
	return false
}

// composite reads the elements of a value whose type began at begin.
func (p *literalParser) composite(begin, depth int) (literal, bool) {
	l := literal{head: p.text[begin:p.at], elems: []element{}}
	p.at++
	l.kind = p.kindOf(l.head)
	for p.at < len(p.text) && p.text[p.at] != '}' {
		e, ok := p.element(&l, depth)
		if !ok {
			return literal{}, false
		}
		rest := p.text[p.at:]
		if strings.HasPrefix(e.text, cutMark) && strings.HasPrefix(rest, "}") && e.key == strconv.Itoa(len(l.elems)) {
			l.rest = e.text
			break
		}
		l.elems = append(l.elems, e)
		switch {
		case strings.HasPrefix(rest, ", "):
			p.at += 2
		case !strings.HasPrefix(rest, "}"):
			return literal{}, false
		}
	}
	if p.at >= len(p.text) {
		return literal{}, false
	}
	p.at++
	l.text = p.text[begin:p.at]
	return l, true
}

// element reads an element of a composite value.
func (p *literalParser) element(l *literal, depth int) (e element, ok bool) {
	e.key = strconv.Itoa(len(l.elems))
	if e.literal, ok = p.value(depth+1, l.kind != listKind); !ok {
		return e, false
	}
	if p.at < len(p.text) && p.text[p.at] == ':' {
		e.key = e.text
		p.at++
		e.literal, ok = p.value(depth+1, false)
	}
	return e, ok
}

// kindOf tells of which kind a composite value is, whose first element is at hand.
// The name of a type may be that of any.
func (p *literalParser) kindOf(head string) literalKind {
	const longest = 256 // name of a field
	head = strings.TrimLeft(head, "&")
	name, _, keyed := strings.Cut(p.text[p.at:min(p.at+longest, len(p.text))], ":")
	switch {
	case strings.HasPrefix(head, "map["):
		return mapKind
	case strings.HasPrefix(head, "["):
		return listKind
	case keyed && isIdentifier(name) && name != "true" && name != "false":
		return structKind
	}
	return mapKind
}

func isIdentifier(s string) bool {
	for i, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c < 0x80 && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
