package value

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// A mapEntry is one entry as it stands in the printer's text.
type mapEntry struct {
	start, colon, end int
	order             uint64 // of a number among its like
}

// mapValue writes a map. When all its entries are shown they stand in the
// order of their keys, otherwise in the order of memory.
func (p *printer) mapValue(pl *plan, v val) {
	w, err := p.words(v, 1)
	if err != nil {
		p.fail(err, v.addr)
		return
	}
	if w[0] == 0 {
		p.str("nil")
		return
	}
	m, err := p.openMap(pl, w[0])
	p.str(pl.name)
	p.str("{")
	switch {
	case err == errNoTypes:
		p.unreadable("layout of map unknown")
		p.str("}")
		return
	case err != nil:
		p.fail(err, w[0])
		p.str("}")
		return
	}
	first := len(p.entries)
	err = m.each(p, func(k, e val) bool {
		if len(p.entries)-first >= p.lim.Values || p.full() {
			return false
		}
		p.entry(pl, k, e)
		return true
	})
	shown := len(p.entries) - first
	if err == nil && uint64(shown) == m.length() && !p.full() {
		p.sortEntries(first)
	}
	p.entries = p.entries[:first]
	if n := m.length(); n > uint64(shown) || err != nil {
		if shown > 0 {
			p.str(", ")
		}
		if err != nil && err != errBudget || n < uint64(shown) {
			p.fail(err, w[0])
		} else {
			p.more(n - uint64(shown))
		}
	}
	p.str("}")
}

// entry writes an entry. Maps in keys and elements use p.entries, too, and
// leave it as it was.
func (p *printer) entry(pl *plan, k, e val) {
	key, elem := p.r.follow(&pl.key), p.r.follow(&pl.elem)
	if len(p.out) > 0 && p.out[len(p.out)-1] != '{' {
		p.str(", ")
	}
	x := mapEntry{start: len(p.out), order: p.order(key, k)}
	p.value(key, k)
	x.colon = len(p.out)
	p.str(":")
	if p.lim.Hide != nil && p.hides(p.key(key, k), &pl.elem, e) {
		p.hidden()
	} else {
		p.value(elem, e)
	}
	x.end = len(p.out)
	p.entries = append(p.entries, x)
}

// order maps a number to an integer that sorts as the number does.
func (p *printer) order(pl *plan, v val) uint64 {
	const sign = 1 << 63
	if pl.size < 1 || pl.size > 8 {
		return 0
	}
	b, err := p.need(v, pl.size)
	if err != nil {
		return 0
	}
	switch pl.form {
	case formInt, formDuration:
		return uint64(signed(b)) ^ sign
	case formUint, formUintptr, formBool:
		return unsigned(b)
	case formFloat:
		x := unsigned(b)
		if pl.size == 4 {
			x = math.Float64bits(float64(math.Float32frombits(uint32(x))))
		}
		if x&sign != 0 {
			return ^x
		}
		return x | sign
	}
	return 0
}

// sortEntries puts the entries from first on, the last that were written, into
// the order of their keys.
func (p *printer) sortEntries(first int) {
	entries := p.entries[first:]
	if len(entries) < 2 {
		return
	}
	start := entries[0].start
	slices.SortStableFunc(entries, func(a, b mapEntry) int {
		return cmp.Or(cmp.Compare(a.order, b.order),
			bytes.Compare(p.out[a.start:a.colon], p.out[b.start:b.colon]))
	})
	p.sorted = p.sorted[:0]
	for i, e := range entries {
		if i > 0 {
			p.sorted = append(p.sorted, ", "...)
		}
		p.sorted = append(p.sorted, p.out[e.start:e.end]...)
	}
	p.out = append(p.out[:start], p.sorted...)
}

// An openedMap is a map whose header has been read.
type openedMap interface {
	length() uint64
	// each calls yield with the places of each key and element until it
	// returns false.
	each(p *printer, yield func(k, e val) bool) error
}

// openMap reads the header of a map, of whichever implementation it is.
func (p *printer) openMap(pl *plan, addr uint64) (openedMap, error) {
	if pl.swiss == nil && pl.hash == nil {
		t, ok := pl.under.(*godwarf.MapType)
		if !ok {
			return nil, errNoTypes
		}
		if pl.swiss = swissMapOf(t); pl.swiss == nil {
			pl.hash = classicMapOf(t)
		}
	}
	switch {
	case pl.swiss != nil:
		return pl.swiss.open(p, addr)
	case pl.hash != nil:
		return pl.hash.open(p, addr)
	}
	return nil, errNoTypes
}

// A slots describes how the keys and elements of a group or bucket lie.
type slots struct {
	key, keyStride   int64
	elem, elemStride int64
	// Large keys and elements stand elsewhere, and pointers to them here.
	keyIndirect, elemIndirect bool
}

// at returns the places of the key and element of a slot.
func (s *slots) at(p *printer, v val, i int64) (k, e val, err error) {
	k = v.at(s.key + i*s.keyStride)
	e = v.at(s.elem + i*s.elemStride)
	if s.keyIndirect {
		if k, err = p.indirect(k); err != nil {
			return k, e, err
		}
	}
	if s.elemIndirect {
		e, err = p.indirect(e)
	}
	return k, e, err
}

func (p *printer) indirect(v val) (val, error) {
	w, err := p.words(v, 1)
	return val{addr: w[0]}, err
}

// isIndirect tells whether a slot of type slot holds a pointer to a value of
// type t.
func isIndirect(slot, t godwarf.Type) bool {
	_, slotPtr := underlying(slot).(*godwarf.PtrType)
	_, ptr := underlying(t).(*godwarf.PtrType)
	return slotPtr && !ptr && t.Size() > 128
}

// deref returns the structure that a chain of names and pointers leads to.
func deref(t godwarf.Type) *godwarf.StructType {
	for range maxDepth {
		switch u := underlying(t).(type) {
		case *godwarf.PtrType:
			t = u.Type
		case *godwarf.StructType:
			return u
		default:
			return nil
		}
	}
	return nil
}
