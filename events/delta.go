package events

import (
	"slices"
	"strconv"
	"strings"
)

// A Part is a piece of a value that has changed.
type Part struct {
	Path  string // from the variable to the piece: .Next.Name, [3], ["key"]
	Value string // as it is now; empty when it is gone
	Gone  bool
	Old   string // as it was, if it was there; only when asked for
}

// maxParts is how many pieces of a value are told apart.
const maxParts = 4

// Delta returns the pieces in which two texts of a value differ, written in Go
// syntax as values in events are. It returns nil when the whole value has
// changed, when the texts are cut where they might differ, or when so many pieces
// have that the whole is easier to read. It takes time linear in the texts.
func Delta(before, now string) []Part {
	a, ok := parseLiteral(before)
	if !ok || a.elems == nil {
		return nil
	}
	b, ok := parseLiteral(now)
	if !ok {
		return nil
	}
	d := delta{}
	if !d.compare("", a, b) || len(d.parts) > maxParts {
		return nil
	}
	return d.parts
}

type delta struct{ parts []Part }

// compare adds the pieces in which two values differ, and reports whether it can
// tell them apart from the whole at path.
func (d *delta) compare(path string, a, b literal) bool {
	if a.text == b.text {
		return true
	}
	if a.head != b.head || a.elems == nil || b.elems == nil {
		return d.changed(path, a, b)
	}
	if a.isCut() || b.isCut() {
		return false
	}
	old := make(map[string]literal, len(a.elems))
	for _, e := range a.elems {
		old[e.key] = e.literal
	}
	for _, e := range b.elems {
		was, ok := old[e.key]
		delete(old, e.key)
		switch {
		case len(d.parts) > maxParts:
			return false
		case !ok:
			d.parts = append(d.parts, Part{Path: path + b.step(e.key), Value: e.text})
		case !d.compare(path+b.step(e.key), was, e.literal):
			return false
		}
	}
	for _, e := range a.elems {
		if _, gone := old[e.key]; gone {
			d.parts = append(d.parts, Part{Path: path + a.step(e.key), Gone: true, Old: e.text})
		}
	}
	return true
}

func (d *delta) changed(path string, was, now literal) bool {
	if path == "" {
		return false
	}
	d.parts = append(d.parts, Part{Path: path, Value: now.text, Old: was.text})
	return true
}

// A literal is the text of a value, taken apart if it is a composite one.
type literal struct {
	text  string
	head  string    // the type of a composite value, with & of a pointer to one
	elems []element // nil: not composite
}

// An element of a composite value. The key of one without is its index.
type element struct {
	key string
	literal
}

// step is how Go reaches the element with that key.
func (l *literal) step(key string) string {
	t := strings.TrimLeft(l.head, "&")
	if strings.HasPrefix(t, "map[") || strings.HasPrefix(t, "[") || key != "" && key[0] >= '0' && key[0] <= '9' {
		return "[" + key + "]"
	}
	return "." + key
}

// isCut reports whether elements were left out.
func (l *literal) isCut() bool {
	return slices.ContainsFunc(l.elems, func(e element) bool { return strings.HasPrefix(e.text, "…") || strings.HasSuffix(e.text, "…") })
}

// maxNesting bounds how deep values lie in values.
const maxNesting = 64

// parseLiteral takes the text of a value apart.
func parseLiteral(text string) (literal, bool) {
	p := literalParser{text: text}
	l, ok := p.value(0)
	return l, ok && p.at == len(text)
}

type literalParser struct {
	text string
	at   int
}

// value reads up to the comma or brace that ends the value.
func (p *literalParser) value(depth int) (literal, bool) {
	begin, open := p.at, 0 // parentheses and brackets
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case '"':
			if !p.quoted() {
				return literal{}, false
			}
		case '(', '[':
			open++
		case ')', ']':
			open--
		case '{':
			if open != 0 || p.at == begin || depth == maxNesting {
				return literal{}, false
			}
			return p.composite(begin, depth)
		case '}', ',':
			if open == 0 {
				return literal{text: p.text[begin:p.at]}, true
			}
		case ':':
			if open == 0 && p.isKey() {
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

// composite reads the elements of a value whose type began at begin.
func (p *literalParser) composite(begin, depth int) (literal, bool) {
	l := literal{head: p.text[begin:p.at], elems: []element{}}
	for p.at++; p.at < len(p.text) && p.text[p.at] != '}'; {
		v, ok := p.value(depth + 1)
		if !ok {
			return literal{}, false
		}
		e := element{key: strconv.Itoa(len(l.elems)), literal: v}
		if p.at < len(p.text) && p.text[p.at] == ':' {
			e.key = v.text
			p.at++
			if e.literal, ok = p.value(depth + 1); !ok {
				return literal{}, false
			}
		}
		l.elems = append(l.elems, e)
		rest := p.text[p.at:]
		switch {
		case strings.HasPrefix(rest, ", "):
			p.at += 2
		case !strings.HasPrefix(rest, "}"):
			return literal{}, false
		}
	}
	if p.at == len(p.text) {
		return literal{}, false
	}
	p.at++
	l.text = p.text[begin:p.at]
	return l, true
}
