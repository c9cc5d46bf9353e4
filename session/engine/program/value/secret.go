package value

import (
	"bytes"
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
	pl.pairs = own == secret.Pairs || pl.form == formArray && pl.count == 2
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

// IsTexts reports whether a type is one of texts, of lists of them, or of anything.
func (r *Reader) IsTexts(t godwarf.Type) bool {
	pl := r.plan(t)
	if pl.form == formSlice {
		pl = r.follow(&pl.elem)
	}
	return pl.form == formEface || r.p.sort(pl).IsText()
}

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
	text, whole, ok := p.nameIn(pl, v, maxKey)
	if !ok {
		return secret.No
	}
	if !whole {
		return secret.Yes
	}
	return p.match(text)
}

// names says whether a value is a text that names a secret. What cannot be a
// name, as a path or a sentence, does not; but the label of a private key does.
func (p *printer) names(pl *plan, v val) secret.Match {
	text, whole, ok := p.nameIn(pl, v, maxName)
	switch {
	case !ok:
		return secret.No
	case text == nil && !whole, secret.IsKeyLabel(text):
		return secret.Yes // in the first case nobody knows
	case !whole || !secret.IsName(string(text)):
		return secret.No
	}
	return p.match(text)
}

// nameIn reads up to n bytes of the text that a value is, or that it holds or points
// at: a string, or bytes, as names are in some headers, in an array up to the zeros
// behind them. It tells whether that is all, and whether there is a text.
func (p *printer) nameIn(pl *plan, v val, n int64) (text []byte, whole, ok bool) {
	pl, v, ok = p.dynamic(pl, v)
	if ok && pl.form == formPointer && p.r.follow(&pl.elem).form == formString {
		pl, v, ok = p.target(pl, v)
	}
	switch {
	case !ok:
	case pl.form == formString, pl.form == formBytes:
		text, whole = p.begins(v, n)
		return text, whole, true
	case pl.form == formArray && p.r.follow(&pl.elem).raw == "uint8":
		text, err := p.need(v, min(n, pl.count))
		return bytes.TrimRight(text, "\x00"), err == nil && pl.count <= n, true
	}
	return nil, false, false
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

// keyFields returns the fields of a struct that name others of it, as key does
// value.
func (pl *plan) keyFields() []*field {
	var keys []*field
	values := false
	for i := range pl.fields {
		f := &pl.fields[i]
		if f.named = secret.IsValue(f.name); f.named {
			values = true
		} else if secret.IsKey(f.name) {
			keys = append(keys, f)
		}
	}
	if !values {
		return nil
	}
	return keys
}

// named says what the fields that name others say of them.
func (p *printer) named(pl *plan, v val) secret.Match {
	most := secret.No
	if p.lim.Hide == nil {
		return most
	}
	for _, key := range pl.keys {
		most = max(most, p.names(p.r.follow(&key.link), v.at(key.off)))
	}
	return most
}

// lists tells whether elements may name what follows them: those of arguments
// and environments, of the lists of keys and values that loggers take, and of those
// that are called pairs.
func (p *printer) lists(elem *plan, pairs bool) bool {
	return p.lim.Hide != nil && !elem.hidden && (elem.form == formString || elem.form == formEface || elem.form == formBytes && pairs)
}

// listed writes an element of a list, unless the one before it says that it is
// secret, and tells whether it says so of the next.
func (p *printer) listed(elem *plan, v val, hide, pairs bool) (next bool) {
	if elem.form == formEface || pairs {
		next = p.names(elem, v).Hides(secret.Other)
		if !hide {
			p.value(elem, v)
			return next
		}
		p.hidden()
		return next && !pairs
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

// spared says what may be shown of a text, of which b are the first bytes: all of
// it, unless it tells itself that there are secrets in it. Then it says so, and returns
// nothing if that is all of the text.
func (p *printer) spared(b []byte, addr uint64, n int64) (shown []byte, found bool) {
	if p.lim.Hide == nil {
		return b, false
	}
	text := b
	if int64(len(b)) < n && (bytes.Contains(b, []byte("://")) || bytes.Contains(b, []byte("-----BEGIN"))) {
		if more, err := p.read(addr, min(n, int64(len(b))+maxSecret)); err == nil {
			text = more // what stands there may be told by what follows
		}
	}
	end := 0
	for _, s := range p.lim.Hide.Spans(text, int64(len(text)) == n) {
		if s.Begin >= len(b) {
			break
		}
		if s.Begin == 0 {
			return nil, true
		}
		shown = append(append(shown, b[end:s.Begin]...), secret.Hidden...)
		end, found = min(s.End, len(b)), true
	}
	if !found {
		return b, false
	}
	return append(shown, b[end:]...), true
}

// maxSecret is how far behind what is shown of a text is searched for the end of a
// secret.
const maxSecret = 1 << 10

// sparing writes a text with secrets in it, of which b are the first bytes, without
// them. It reports whether it has.
func (p *printer) sparing(b []byte, addr uint64, n int64) bool {
	shown, found := p.spared(b, addr, n)
	switch {
	case !found:
		return false
	case shown == nil:
		p.hidden()
		return true
	}
	p.quote(shown)
	if int64(len(b)) < n {
		p.str("…") // how much is left would tell how long the secret is
	}
	return true
}
