package value

import (
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

// What is secret is known by names. Those of fields and types are looked at
// once, when a plan is made; those that are values of the target themselves, as
// the keys of a map, when they are read.

func (p *printer) hidden() { p.str(secret.Hidden) }

// mark makes the plans say which names are secret.
func (r *Reader) mark(names *secret.Names) {
	if r.hide == names {
		return
	}
	r.hide = names
	clear(r.keys)
	plans := make([]*plan, 0, len(r.plans))
	for _, pl := range r.plans {
		plans = append(plans, pl) // marking may make more
	}
	for _, pl := range plans {
		r.markPlan(pl)
	}
}

// parts of types of the standard library that are secret, whatever they are
// called.
var parts = map[string]string{
	"net/http.Cookie":         "Value Raw Unparsed",
	"crypto/rsa.PrivateKey":   "D Primes Precomputed",
	"crypto/ecdsa.PrivateKey": "D",
	"crypto/dsa.PrivateKey":   "X",

	"crypto/internal/fips140/hmac.HMAC": "opad ipad",
}

func (r *Reader) markPlan(pl *plan) {
	for i := range pl.fields {
		f := &pl.fields[i]
		f.secret = r.hide.Match(f.name).In(pl.raw)
	}
	own := r.hide.MatchEnd(typeBase(pl.raw))
	pl.hidden = own.Hides(secret.Text) && r.p.holdsText(pl)
	if r.hide == nil {
		return
	}
	if own.Hides(secret.Text) && parts[pl.raw] == "" {
		r.markFields(pl)
	}
	for name := range strings.FieldsSeq(parts[pl.raw]) {
		if f := pl.field(name); f != nil {
			f.secret = max(f.secret, secret.Yes)
		}
	}
}

// markFields marks what a structure holds that is called a secret itself: all but
// numbers, times, and what is embedded, which has names of its own.
func (r *Reader) markFields(pl *plan) {
	for i := range pl.fields {
		f := &pl.fields[i]
		if !f.embedded && (f.t == nil || rawName(f.t) != "time.Time") {
			f.secret = max(f.secret, secret.Plural)
		}
	}
}

// holdsText reports whether a type is one of texts, or of lists or maps of them.
func (p *printer) holdsText(pl *plan) bool {
	switch pl.form {
	case formSlice, formArray, formMap:
		return p.sort(p.r.follow(&pl.elem)).IsText() || p.sort(pl).IsText()
	}
	return p.sort(pl).IsText()
}

// typeBase returns the name of a named type without package and type
// arguments; nothing for others.
func typeBase(raw string) string {
	name, _, _ := strings.Cut(raw, "[")
	name = name[strings.LastIndexByte(name, '/')+1:]
	_, name, _ = strings.Cut(name, ".")
	return name
}

// hides reports whether a value is hidden, given what its name says.
func (p *printer) hides(m secret.Match, l *link, v val) bool {
	return m != secret.No && m.Hides(p.sortOf(p.r.follow(l), v))
}

// sortOf returns of which sort a value is, be it in an interface.
func (p *printer) sortOf(pl *plan, v val) secret.Sort {
	if pl, _, ok := p.dynamic(pl, v); ok {
		return p.sort(pl)
	}
	return secret.Other
}

// sort returns of which sort the values of a type are.
func (p *printer) sort(pl *plan) secret.Sort {
	switch pl.form {
	case formBool:
		return secret.Bool
	case formInt, formUint, formUintptr, formFloat, formComplex, formDuration:
		return secret.Number
	case formString:
		return secret.Text
	case formBytes:
		if pl.raw != "net.HardwareAddr" {
			return secret.Bytes
		}
	case formArray:
		switch {
		case p.r.follow(&pl.elem).raw != "uint8":
		case pl.count >= 16:
			return secret.Block
		default:
			return secret.Text
		}
	}
	return secret.Other
}

// Hides reports whether a value of type t with these bytes is hidden, given
// what its name says.
func (r *Reader) Hides(m secret.Match, mem Memory, t godwarf.Type, data []byte) bool {
	if m == secret.No {
		return false
	}
	p := r.begin(mem, engine.Limits{Hide: r.hide})
	return m.Hides(p.sortOf(r.plan(t), val{data: data}))
}

// IsText reports whether a type is one of strings or bytes.
func (r *Reader) IsText(t godwarf.Type) bool { return r.p.sort(r.plan(t)).IsText() }

// Names says whether a value is a text that names a secret.
func (r *Reader) Names(mem Memory, t godwarf.Type, data []byte, lim engine.Limits) secret.Match {
	if lim.Hide == nil {
		return secret.No
	}
	return r.begin(mem, lim).names(r.plan(t), val{data: data})
}

const (
	maxKey  = 4 << 10 // bytes of a key
	maxName = 1 << 8  // bytes of a text that names something
	maxKeys = 1 << 10 // texts that are remembered
)

// key says whether the key of a map names a secret. One that cannot be read to
// its end may do.
func (p *printer) key(pl *plan, v val) secret.Match {
	v, ok := p.stringIn(pl, v)
	if !ok {
		return secret.No
	}
	text, whole := p.begins(v, maxKey)
	if !whole {
		return secret.Yes
	}
	return p.match(text)
}

// names says whether a value is a text that names a secret. What cannot be a
// name, as a path or a sentence, does not.
func (p *printer) names(pl *plan, v val) secret.Match {
	v, ok := p.stringIn(pl, v)
	if !ok {
		return secret.No
	}
	text, whole := p.begins(v, maxName)
	switch {
	case text == nil && !whole:
		return secret.Yes // nobody knows
	case !whole || !secret.IsName(string(text)):
		return secret.No
	}
	return p.match(text)
}

// stringIn returns the string that a value is, or that it holds or points at; bytes
// too, as names are in some headers. Both begin with where the text is and its length.
func (p *printer) stringIn(pl *plan, v val) (val, bool) {
	pl, v, ok := p.dynamic(pl, v)
	if ok && pl.form == formPointer && p.r.follow(&pl.elem).form == formString {
		pl, v, ok = p.target(pl, v)
	}
	return v, ok && (pl.form == formString || pl.form == formBytes)
}

func (p *printer) match(name []byte) secret.Match {
	m, ok := p.r.keys[string(name)]
	if !ok {
		m = p.lim.Hide.Match(string(name))
		if p.r.keys == nil || len(p.r.keys) >= maxKeys {
			p.r.keys = make(map[string]secret.Match)
		}
		p.r.keys[string(name)] = m
	}
	return m
}

// begins reads up to n bytes of a string, and tells whether that is all.
func (p *printer) begins(v val, n int64) (text []byte, whole bool) {
	w, err := p.words(v, 2)
	if err != nil || int64(w[1]) < 0 {
		return nil, false
	}
	text, err = p.read(w[0], min(n, int64(w[1])))
	return text, err == nil && int64(len(text)) == int64(w[1])
}

// keyField returns the field of a struct that names others of it, as key does
// value.
func (pl *plan) keyField() *field {
	var key *field
	values := false
	for i := range pl.fields {
		f := &pl.fields[i]
		if f.named = secret.IsValue(f.name); f.named {
			values = true
		} else if key == nil && secret.IsKey(f.name) {
			key = f
		}
	}
	if !values {
		return nil
	}
	return key
}

// named says what the field that names others says of them.
func (p *printer) named(pl *plan, v val) secret.Match {
	if p.lim.Hide == nil || pl.keys == nil {
		return secret.No
	}
	return p.names(p.r.follow(&pl.keys.link), v.at(pl.keys.off))
}

// lists tells whether elements may name what follows them: those of arguments
// and environments, and of the lists of keys and values that loggers take.
func (p *printer) lists(elem *plan) bool {
	return p.lim.Hide != nil && !elem.hidden && (elem.form == formString || elem.form == formEface)
}

// listed writes an element of a list, unless the one before it says that it is
// secret, and tells whether it says so of the next.
func (p *printer) listed(elem *plan, v val, hide bool) (next bool) {
	if elem.form == formEface {
		next = p.names(elem, v).Hides(secret.Other)
		if hide {
			p.hidden()
		} else {
			p.value(elem, v)
		}
		return next
	}
	text, whole := p.begins(v, int64(max(p.lim.String, maxName)))
	shown, here, next := p.lim.Hide.Argument(string(text))
	switch {
	case hide:
		p.hidden()
	case here && shown <= p.lim.String:
		p.quote(append(text[:shown:shown], secret.Hidden...))
	case here: // how much is cut would tell how long it is
		p.quote(wholeRunes(text[:p.lim.String]))
		p.str("…")
		p.hidden()
	default:
		p.value(elem, v)
	}
	return next && whole
}
