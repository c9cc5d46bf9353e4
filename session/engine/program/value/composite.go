package value

import (
	"strconv"

	"gtrace/events/secret"
)

func (p *printer) structure(pl *plan, v val) {
	p.str(pl.name)
	p.str("{")
	v, err := p.open(v, pl.size)
	if err != nil && pl.size > 0 {
		p.fail(err, v.addr)
		p.str("}")
		return
	}
	named, shown := p.named(pl, v), 0
	for i := range pl.fields {
		f := &pl.fields[i]
		if p.leavesOut(f, v.at(f.off)) {
			continue
		}
		if shown > 0 {
			p.str(", ")
		}
		if shown >= p.lim.Fields || p.full() {
			p.more(p.fieldsLeft(pl.fields[i:], v))
			break
		}
		shown++
		p.str(f.name)
		p.str(":")
		m := f.secret
		if f.named {
			m = max(m, named)
		}
		if p.hides(m, &f.link, v.at(f.off)) {
			p.hidden()
			continue
		}
		if f.bits {
			p.unreadable("bit field")
			continue
		}
		p.pairs = m == secret.Pairs
		p.value(p.r.follow(&f.link), v.at(f.off))
	}
	p.str("}")
}

// fieldsLeft counts the fields that are worth to be shown.
func (p *printer) fieldsLeft(fields []field, v val) uint64 {
	n := uint64(0)
	for i := range fields {
		if !p.leavesOut(&fields[i], v.at(fields[i].off)) {
			n++
		}
	}
	return n
}

func (p *printer) array(pl *plan, v val) {
	p.pairs = p.pairs || pl.pairs
	p.str(pl.name)
	p.str("{")
	p.elements(p.r.follow(&pl.elem), v, uint64(pl.count))
	p.str("}")
}

func (p *printer) slice(pl *plan, v val) {
	w, err := p.words(v, 3)
	if err != nil {
		p.fail(err, v.addr)
		return
	}
	addr, n := w[0], int64(w[1])
	switch {
	case addr == 0 && n == 0:
		p.str("nil")
		return
	case n < 0 || w[2] < w[1]:
		p.unreadable("slice of length " + strconv.FormatInt(n, 10) + ", capacity " + strconv.FormatInt(int64(w[2]), 10))
		return
	}
	if pl.form == formBytes && n > 0 {
		p.bytes(pl, addr, n)
		return
	}
	p.pairs = p.pairs || pl.pairs
	p.str(pl.name)
	p.str("{")
	p.elements(p.r.follow(&pl.elem), val{addr: addr}, w[1])
	p.str("}")
}

// elements writes n values that stand one after the other, as many as the
// limits allow.
func (p *printer) elements(elem *plan, v val, n uint64) {
	pairs := p.pairs
	p.pairs = false
	listed, hide := p.lists(elem, pairs), false
	shown := min(n, uint64(p.lim.Values))
	if shown == 0 && n > 0 {
		p.more(n)
		return
	}
	if elem.size < 0 {
		p.unreadable("type " + elem.name)
		return
	}
	size := uint64(elem.size)
	// A window into large elements would only hold a part of the first.
	if size < window {
		o, err := p.openUpTo(v, int64(size*shown), 4*window)
		if err != nil {
			p.fail(err, v.addr)
			return
		}
		v = o
	}
	for i := range shown {
		if i > 0 {
			p.str(", ")
		}
		if p.full() {
			shown = i
			break
		}
		if listed {
			hide = p.listed(elem, v.at(int64(i*size)), hide, pairs)
			continue
		}
		p.element(elem, v.at(int64(i*size)))
	}
	if n > shown {
		if shown > 0 {
			p.str(", ")
		}
		p.more(n - shown)
	}
}

// element writes an element, bytes in hexadecimal as %#v does.
func (p *printer) element(elem *plan, v val) {
	if elem.raw != "uint8" {
		p.value(elem, v)
		return
	}
	b, err := p.need(v, 1)
	if err != nil {
		p.fail(err, v.addr)
		return
	}
	p.hex(uint64(b[0]))
}

// bytes writes a byte slice that is not empty: as a string when it is text.
func (p *printer) bytes(pl *plan, addr uint64, n int64) {
	b, err := p.read(addr, min(n, int64(max(p.lim.String, p.lim.Values))))
	if err != nil {
		p.str(pl.name)
		p.str("(")
		p.fail(err, addr)
		p.str(")")
		return
	}
	text := b[:min(len(b), p.lim.String)]
	if int64(len(text)) < n {
		text = wholeRunes(text)
	}
	readable := len(text) > 0 && isText(text)
	if shown, found := p.spared(b, addr, n); found && (shown == nil || !readable) {
		p.hidden()
		return
	}
	p.str(pl.name)
	if !readable {
		p.str("{")
		p.elements(p.r.follow(&pl.elem), val{b, addr}, uint64(n))
		p.str("}")
		return
	}
	p.str("(")
	if p.sparing(text, addr, n) {
		p.str(")")
		return
	}
	p.quote(text)
	if rest := n - int64(len(text)); rest > 0 {
		p.more(uint64(rest))
	}
	p.str(")")
}
