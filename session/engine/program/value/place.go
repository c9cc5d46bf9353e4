package value

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

// A Place is where the bytes of a value are: Data holds those in hand, Addr is
// where the value stands in the target's memory, 0 when it stands in none.
type Place struct {
	Data []byte
	Addr uint64
}

func (p Place) val() val { return val{p.Data, p.Addr} }

// Underlying takes the names off a type.
func Underlying(t godwarf.Type) godwarf.Type { return underlying(t) }

// Show renders a value, unless it is secret, given what its name says.
func (r *Reader) Show(mem Memory, t godwarf.Type, at Place, m secret.Match, lim engine.Limits) Rendered {
	if m != secret.No && m.Hides(r.begin(mem, lim).sortOf(r.plan(t), at.val())) {
		return Rendered{Text: secret.Hidden}
	}
	return r.read(mem, t, at.val(), lim, m == secret.Pairs)
}

// Field says what the name of a struct's field, and what another field that
// names it, say of it.
func (r *Reader) Field(mem Memory, t godwarf.Type, at Place, f *godwarf.StructField, lim engine.Limits) secret.Match {
	if lim.Hide == nil {
		return secret.No
	}
	p, pl := r.begin(mem, lim), r.plan(t)
	for i := range pl.fields {
		if g := &pl.fields[i]; g.off == f.ByteOffset && g.t == f.Type {
			if g.named {
				return max(g.secret, p.named(pl, at.val()))
			}
			return g.secret
		}
	}
	return secret.No
}

// Key says whether the key of a map names a secret.
func (r *Reader) Key(mem Memory, t godwarf.Type, at Place, lim engine.Limits) secret.Match {
	if lim.Hide == nil {
		return secret.No
	}
	return r.begin(mem, lim).key(r.plan(t), at.val())
}

// Dynamic returns what an interface holds. The type is nil when that is nothing.
func (r *Reader) Dynamic(mem Memory, t godwarf.Type, at Place) (godwarf.Type, Place, error) {
	p, pl := r.begin(mem, engine.Limits{Hide: r.hide}), r.plan(t)
	w, err := p.words(at.val(), 2)
	if err != nil || w[0] == 0 {
		return nil, Place{}, err
	}
	typ, err := p.typeWord(pl, w[0])
	if err != nil {
		return nil, Place{}, err
	}
	d, v, err := p.unpack(typ, w[1])
	if err != nil {
		return nil, Place{}, err
	}
	if d.plan.t == nil {
		return nil, Place{}, errNoTypes
	}
	return d.plan.t, Place{slices.Clone(v.data), v.addr}, nil
}

// Len returns how many entries a map has.
func (r *Reader) Len(mem Memory, t godwarf.Type, addr uint64) (uint64, error) {
	if addr == 0 {
		return 0, nil
	}
	m, err := r.begin(mem, engine.Limits{Hide: r.hide}).openMap(r.plan(t), addr)
	if err != nil {
		return 0, err
	}
	return m.length(), nil
}

// Bounds of a search in a map, whose hash only code of the target can tell.
const (
	maxSearch  = 4 << 20 // bytes read
	maxLookups = 4 << 10 // reads
)

// Find looks for an entry of a map, whose keys match compares. It must not use
// the reader.
func (r *Reader) Find(mem Memory, t godwarf.Type, addr uint64, match func(key Place) (bool, error)) (elem Place, found bool, err error) {
	if addr == 0 {
		return Place{}, false, nil
	}
	p := r.begin(mem, engine.Limits{Hide: r.hide})
	p.bytesLeft, p.readsLeft = maxSearch, maxLookups
	m, err := p.openMap(r.plan(t), addr)
	if err != nil {
		return Place{}, false, err
	}
	var failed error
	err = m.each(p, func(k, e val) bool {
		found, failed = match(Place{k.data, k.addr})
		elem = Place{slices.Clone(e.data), e.addr}
		return !found && failed == nil
	})
	if errors.Is(err, errBudget) {
		err = fmt.Errorf("the map is too large to be searched: it has %d entries", m.length())
	}
	return elem, found, errors.Join(err, failed)
}

// Element renders an element of a list, which the one before it, if there is one,
// may call secret.
func (r *Reader) Element(mem Memory, t godwarf.Type, before *Place, at Place, m secret.Match, lim engine.Limits) Rendered {
	p, pl := r.begin(mem, lim), r.plan(t)
	pairs := m == secret.Pairs
	if !p.lists(pl, pairs) || m != secret.No && !pairs {
		return r.Show(mem, t, at, m, lim)
	}
	hide := false
	if before != nil {
		hide = p.listed(pl, before.val(), false, pairs)
		p.out = p.out[:0]
	}
	p.listed(pl, at.val(), hide, pairs)
	return Rendered{Text: p.text()}
}

// Follows tells what the element before it says of one of a list, as --password does of
// the argument behind it.
func (r *Reader) Follows(mem Memory, t godwarf.Type, before *Place, list secret.Match, lim engine.Limits) secret.Match {
	if before == nil || lim.Hide == nil || t == nil {
		return secret.No
	}
	p, pl, pairs := r.begin(mem, lim), r.plan(t), list == secret.Pairs
	if p.lists(pl, pairs) && p.listed(pl, before.val(), false, pairs) {
		return secret.Yes
	}
	return secret.No
}

// An Entry is one of a map.
type Entry struct {
	Key    string // rendered
	Elem   Place
	Secret secret.Match // what the key says of it
}

// Entries returns entries of a map, as many as the limits say, ordered by key.
func (r *Reader) Entries(mem Memory, t godwarf.Type, addr uint64, lim engine.Limits) ([]Entry, error) {
	if addr == 0 {
		return nil, nil
	}
	p, pl := r.begin(mem, lim), r.plan(t)
	m, err := p.openMap(pl, addr)
	if err != nil {
		return nil, err
	}
	key := r.follow(&pl.key)
	var list []Entry
	err = m.each(p, func(k, e val) bool {
		p.out = p.out[:0]
		p.value(key, k)
		entry := Entry{Key: p.text(), Elem: Place{slices.Clone(e.data), e.addr}}
		if lim.Hide != nil {
			entry.Secret = p.key(key, k)
		}
		list = append(list, entry)
		return len(list) < p.lim.Values
	})
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	return list, err
}
