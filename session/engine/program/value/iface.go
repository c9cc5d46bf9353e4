package value

import (
	"encoding/binary"

	"gtrace/session/engine"
)

// Interface renders the dynamic value of an interface without methods, given
// its two words: the address of the runtime's description of the type, and the
// data. It is how the runtime passes the value of a panic.
func (r *Reader) Interface(mem Memory, typ, data uint64, lim engine.Limits) (typeName string, v Rendered) {
	p := r.begin(mem, lim)
	if typ == 0 {
		return "nil", Rendered{Text: "nil"}
	}
	d, dv, err := p.unpack(typ, data)
	if err != nil {
		p.noType(err, typ)
		return "", Rendered{Text: p.text()}
	}
	p.held(d.plan, dv)
	v.Text = p.text()
	v.Error, v.Runtime = p.errorText(d.plan, dv)
	v.Error = cut(v.Error)
	return d.plan.name, v
}

// interfaceValue writes what an interface holds.
func (p *printer) interfaceValue(pl *plan, v val) {
	w, err := p.words(v, 2)
	if err != nil {
		p.fail(err, v.addr)
		return
	}
	if w[0] == 0 {
		p.str("nil")
		return
	}
	typ, err := p.typeWord(pl, w[0])
	if err != nil {
		p.noType(err, w[0])
		return
	}
	d, dv, err := p.unpack(typ, w[1])
	if err != nil {
		p.noType(err, typ)
		return
	}
	if p.wordy && pl.form == formIface && p.depth < maxDepth {
		if msg, _ := p.errorText(d.plan, dv); msg != "" {
			p.quote([]byte(msg))
			return
		}
	}
	p.held(d.plan, dv)
}

// held writes the value that an interface holds. A nil in there makes no nil
// interface, so it says of which type it is.
func (p *printer) held(pl *plan, v val) {
	n, open, shut := 1, "(", ")"
	switch pl.form {
	default:
		p.value(pl, v)
		return
	case formPointer, formFunc, formChan:
	case formMap:
		open, shut = "", ""
	case formSlice, formBytes:
		n, open, shut = 2, "", ""
	}
	if w, err := p.words(v, n); err != nil || pl.hidden || w[0] != 0 || w[1] != 0 {
		p.value(pl, v)
		return
	}
	p.str(open)
	p.str(pl.name)
	p.str(shut)
	p.str("(nil)")
}

func (p *printer) noType(err error, typ uint64) {
	switch err {
	case errMemory, errBudget:
		p.fail(err, typ)
	case errItab:
		p.unreadable("not an interface")
	default:
		p.unreadable("type not in debug information")
	}
}

// dynamic returns the value in hand, or, when it is an interface, the one that
// is in it. It reports whether there is one.
func (p *printer) dynamic(pl *plan, v val) (*plan, val, bool) {
	if pl.form != formIface && pl.form != formEface {
		return pl, v, true
	}
	w, err := p.words(v, 2)
	if err != nil || w[0] == 0 {
		return nil, v, false
	}
	typ, err := p.typeWord(pl, w[0])
	if err != nil {
		return nil, v, false
	}
	d, dv, err := p.unpack(typ, w[1])
	if err != nil {
		return nil, v, false
	}
	return d.plan, dv, true
}

// typeWord returns the address of the dynamic type's description, given the
// first word of an interface.
func (p *printer) typeWord(pl *plan, w uint64) (uint64, error) {
	if pl.form == formEface {
		return w, nil
	}
	return p.itabType(w)
}

// itabType returns the type that an itab belongs to. What tells an itab from
// other memory that a dead variable may point at is that it begins with the
// description of an interface, and repeats the hash of its type. One that the
// runtime made while the program ran, for the conversion of one interface to
// another, has no hash but 0.
func (p *printer) itabType(itab uint64) (uint64, error) {
	if typ, ok := p.r.itabs[itab]; ok {
		return typ, nil
	}
	b, err := p.read(itab, 24)
	if err != nil {
		return 0, err
	}
	typ := binary.LittleEndian.Uint64(b[8:])
	d, err := p.typeAt(typ)
	if err != nil {
		return 0, err
	}
	hash := binary.LittleEndian.Uint32(b[16:])
	if hash != d.hash && (hash != 0 || !p.isInterface(binary.LittleEndian.Uint64(b))) {
		return 0, errItab
	}
	p.r.itabs[itab] = typ
	return typ, nil
}

// isInterface reports whether the runtime's description of an interface with
// methods stands at addr.
func (p *printer) isInterface(addr uint64) bool {
	d, err := p.typeAt(addr)
	return err == nil && d.plan.form == formIface
}

// unpack returns the type and the value in an interface, given the address of
// the type's description and the interface's second word.
func (p *printer) unpack(typ, data uint64) (*dynamicType, val, error) {
	d, err := p.typeAt(typ)
	if err != nil {
		return nil, val{}, err
	}
	if !d.direct {
		return d, val{addr: data}, nil
	}
	b := p.carve(8)
	binary.LittleEndian.PutUint64(b, data)
	return d, val{data: b}, nil
}
