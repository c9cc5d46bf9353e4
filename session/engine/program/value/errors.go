package value

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

const (
	maxMessage = 1 << 10 // bytes of a part of an error's message
	maxErrors  = 32      // errors in a chain, and messages in a message
)

// ErrorChain walks an error and those it wraps, outermost first, given the two
// words of the interface that holds it. It follows what Unwrap returns for the
// types whose Unwrap is known. The message is that of the outermost.
//
// A message is bounded by itself; the limits hold for what is shown of an error whose
// Error method is not known.
func (r *Reader) ErrorChain(mem Memory, itab, data uint64, lim engine.Limits) (ids []engine.ErrorID, typeName, message string) {
	p := r.begin(mem, lim)
	if itab == 0 {
		return nil, "", ""
	}
	typ, err := p.itabType(itab)
	if err != nil {
		return nil, "", ""
	}
	p.chain(&ids, typ, data)
	d, v, err := p.unpack(typ, data)
	if err != nil {
		return ids, "", ""
	}
	return ids, d.plan.name, cut(p.messageOf(d, v))
}

// chain adds an error and those it wraps to ids, unless it is there.
func (p *printer) chain(ids *[]engine.ErrorID, typ, data uint64) {
	id := engine.ErrorID{Type: typ, Data: data}
	if slices.Contains(*ids, id) {
		return
	}
	if len(*ids) >= maxErrors {
		return
	}
	*ids = append(*ids, id)
	d, v, err := p.unpack(typ, data)
	if err != nil || d.plan.err == nil || d.plan.err.wraps == "" {
		return
	}
	pl, v, ok := p.target(d.plan, v)
	if !ok {
		return
	}
	f := pl.field(d.plan.err.wraps)
	if f == nil {
		return
	}
	fp := p.r.follow(&f.link)
	if fp.form == formSlice {
		p.chains(ids, fp, v.at(f.off))
		return
	}
	if typ, data, ok := p.interfaceWords(fp, v.at(f.off)); ok {
		p.chain(ids, typ, data)
	}
}

func (p *printer) chains(ids *[]engine.ErrorID, pl *plan, v val) {
	elem, v, n, ok := p.errorSlice(pl, v)
	if !ok {
		return
	}
	for i := range n {
		if typ, data, ok := p.interfaceWords(elem, v.at(16*i)); ok {
			p.chain(ids, typ, data)
		}
	}
}

// errorSlice opens a slice of interfaces: as many as a chain may have.
func (p *printer) errorSlice(pl *plan, v val) (elem *plan, data val, n int64, ok bool) {
	w, err := p.words(v, 3)
	elem = p.r.follow(&pl.elem)
	if err != nil || elem.form != formIface || elem.size != 16 {
		return nil, v, 0, false
	}
	n = int64(min(w[1], maxErrors))
	data, err = p.open(val{addr: w[0]}, 16*n)
	return elem, data, n, err == nil
}

// interfaceWords returns the type and the data word of a non-nil interface.
func (p *printer) interfaceWords(pl *plan, v val) (typ, data uint64, ok bool) {
	w, err := p.words(v, 2)
	if err != nil || w[0] == 0 || pl.form != formIface && pl.form != formEface {
		return 0, 0, false
	}
	typ, err = p.typeWord(pl, w[0])
	return typ, w[1], err == nil
}

// target follows the pointer that an error is, if it is one.
func (p *printer) target(pl *plan, v val) (*plan, val, bool) {
	if pl.form != formPointer {
		return pl, v, true
	}
	w, err := p.words(v, 1)
	if err != nil || w[0] == 0 {
		return pl, v, false
	}
	elem := p.r.follow(&pl.elem)
	v, err = p.open(val{addr: w[0]}, elem.size)
	return elem, v, err == nil
}

// messageOf returns the message of an error in an interface: what its Error
// method says if the type is known, else its value as text, with the messages of the
// errors in there.
func (p *printer) messageOf(d *dynamicType, v val) string {
	if msg, _ := p.errorText(d.plan, v); msg != "" {
		return msg
	}
	return p.unworded(d.plan, v)
}

// unworded shows an error of whose message nothing is known.
func (p *printer) unworded(pl *plan, v val) string {
	out, depth, follow, wordy := p.out, p.depth, p.follow, p.wordy
	p.out, p.depth, p.follow, p.wordy = nil, 0, p.lim.Follow, true
	p.held(pl, v)
	msg := p.text()
	p.out, p.depth, p.follow, p.wordy = out, depth, follow, wordy
	return msg
}

// errorText returns the message of an error of a known type, and whether it is
// one of the runtime's own.
func (p *printer) errorText(pl *plan, v val) (msg string, runtime bool) {
	if pl.err == nil {
		return "", false
	}
	form := pl.err
	if p.errors == 0 {
		return "…", form.runtime
	}
	p.errors--
	pl, v, ok := p.target(pl, v)
	if !ok {
		return "", form.runtime
	}
	if form.special != nil {
		return form.special(p, pl, v), form.runtime
	}
	return p.wording(form.words, pl, v), form.runtime
}

// wording fills in the fields of an error's message: {Name} as text, {Name:q}
// quoted, {Name:t} the name of a reflect.Type, {} the value itself.
func (p *printer) wording(words string, pl *plan, v val) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(words, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		words = after
		name, verb, _ := strings.Cut(name, ":")
		switch verb {
		case "q":
			b.WriteString(strconv.Quote(p.part(name, pl, v)))
		case "t":
			b.WriteString(p.reflected(name, pl, v))
		default:
			b.WriteString(p.part(name, pl, v))
		}
	}
}

// part returns the text of one field of an error.
func (p *printer) part(name string, pl *plan, v val) string {
	if name != "" {
		f := pl.field(name)
		if f == nil {
			return "<unreadable: no field " + name + ">"
		}
		pl, v = p.r.follow(&f.link), v.at(f.off)
		if p.hides(f.secret, &f.link, v) {
			return secret.Hidden
		}
	}
	switch pl.form {
	case formString:
		return p.plain(v)
	case formIface, formEface:
		return p.nestedError(pl, v)
	}
	out := p.out
	p.out = nil
	p.value(pl, v)
	text := string(p.out)
	p.out = out
	return text
}

// noError is the text of an error that is nil.
const noError = "<nil>"

func (p *printer) nestedError(pl *plan, v val) string {
	typ, data, ok := p.interfaceWords(pl, v)
	if !ok {
		return noError
	}
	d, dv, err := p.unpack(typ, data)
	if err != nil {
		return "<unreadable: type not in debug information>"
	}
	return p.messageOf(d, dv)
}

// plain reads a string without quoting it.
func (p *printer) plain(v val) string {
	w, err := p.words(v, 2)
	if err != nil || int64(w[1]) < 0 {
		return "<unreadable: string>"
	}
	b, err := p.read(w[0], min(int64(w[1]), maxMessage))
	if err != nil {
		return "<unreadable: string>"
	}
	if shown, found := p.spared(b, w[0], int64(w[1])); found {
		return cmp.Or(string(shown), secret.Hidden)
	}
	if rest := w[1] - uint64(len(b)); rest > 0 {
		return string(wholeRunes(b)) + "…+" + strconv.FormatUint(rest, 10)
	}
	return string(b)
}

func (p *printer) errno(pl *plan, v val) string {
	b, err := p.need(v, pl.size)
	if err != nil {
		return "<unreadable: errno>"
	}
	return syscall.Errno(unsigned(b)).Error()
}

func (p *printer) joined(pl *plan, v val) string {
	f := pl.field("errs")
	if f == nil {
		return ""
	}
	elem, v, n, ok := p.errorSlice(p.r.follow(&f.link), v.at(f.off))
	if !ok {
		return "<unreadable: errors>"
	}
	parts := make([]string, n)
	for i := range parts {
		parts[i] = p.nestedError(elem, v.at(16*int64(i)))
	}
	return strings.Join(parts, "\n")
}
