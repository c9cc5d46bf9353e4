package events

import "strconv"

// A Part is a piece of a value that has changed.
type Part struct {
	Path  string // from the variable to the piece: .Next.Name, [3], ["key"]
	Value string // as it is now; empty when it is gone
	Gone  bool
	Old   string // as it was, if it was there; only when asked for
}

// A value of which more pieces than fewParts have changed is shown whole, unless that
// is much longer. Of mostParts pieces the rest are counted.
const (
	fewParts  = 4
	mostParts = 16
)

// Delta returns the pieces in which two texts of a value differ, written in Go
// syntax as values in events are. It returns nil when the whole value has
// changed, when what differs was cut out of the texts, or when so many pieces
// have changed that the whole is easier to read. The last piece of very many has the
// path …+N and no value: N others have changed. It takes time linear in the texts.
func Delta(before, now string) []Part {
	a, ok := parseLiteral(before)
	if !ok || a.elems == nil {
		return nil
	}
	b, ok := parseLiteral(now)
	if !ok {
		return nil
	}
	var d delta
	if !d.compare("", a, b) {
		return nil
	}
	if len(d.parts) > fewParts && 2*d.size() > len(now) {
		return nil
	}
	if more := len(d.parts) - mostParts; more > 0 {
		d.parts = append(d.parts[:mostParts:mostParts], Part{Path: cutMark + "+" + strconv.Itoa(more)})
	}
	return d.parts
}

// cutMark stands in a text for what was left out of it.
const cutMark = "…"

type delta struct{ parts []Part }

// size returns how long the pieces are as text.
func (d *delta) size() int {
	n := 0
	for i := range d.parts {
		n += len(d.parts[i].Path) + len(d.parts[i].Value)
	}
	return n
}

// compare adds the pieces in which two values differ, and reports whether it can
// tell them apart from the whole.
func (d *delta) compare(path string, a, b literal) bool {
	if a.text == b.text {
		return true
	}
	if a.head == b.head && a.elems != nil && b.elems != nil {
		before := len(d.parts)
		if d.elements(path, a, b) && len(d.parts) > before {
			return true
		}
		d.parts = d.parts[:before]
	}
	return d.changed(path, a, b)
}

// elements compares the elements of two values of the same type. It fails where
// what was left out of one may be what the other shows.
func (d *delta) elements(path string, a, b literal) bool {
	isCut := a.rest != "" || b.rest != ""
	if a.kind != b.kind && len(a.elems) > 0 && len(b.elems) > 0 || isCut && a.kind == listKind && a.count() != b.count() {
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
		case !ok && isCut && b.kind == mapKind:
			return false
		case !ok && a.rest != "" || e.isUnknown() || ok && was.isUnknown():
		case !ok:
			d.parts = append(d.parts, Part{Path: path + b.step(e.key), Value: e.text})
		default:
			d.compare(path+b.step(e.key), was, e.literal)
		}
	}
	for _, e := range a.elems {
		if _, gone := old[e.key]; !gone {
			continue
		}
		switch {
		case isCut && a.kind == mapKind:
			return false
		case b.kind == structKind && b.rest == "":
			// A field that says nothing any more is left out.
			d.parts = append(d.parts, Part{Path: path + a.step(e.key), Value: e.zero(), Old: e.text})
		case b.rest == "":
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
