//go:build linux && amd64

package dlv

import (
	"debug/dwarf"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// enteredDictionary returns the dictionary of a call of generic code that has just
// been entered, 0 if there is none or it cannot be told. What it finds out about
// how a function literal is called it notes in the probe.
func (e *Engine) enteredDictionary(c *hitContext, p *probe, cfa uint64) uint64 {
	lit := p.sig.literal
	if lit == nil {
		return e.dictionaryArgument(c, p.sig, cfa)
	}
	closure := c.thread.Regs.Rdx
	if entry, err := e.word(closure); err == nil && entry == lit.entry {
		return e.capturedDictionary(closure, lit)
	}
	if dict := e.dictionaryArgument(c, lit.spot, cfa); e.isDictionary(lit.family, dict) {
		p.sig = lit.spot
		return dict
	}
	return 0
}

func (e *Engine) dictionaryArgument(c *hitContext, sig *signature, cfa uint64) uint64 {
	if sig.dict == nil {
		return 0
	}
	data, err := e.bytes(c, sig.dict, cfa)
	if err != nil {
		return 0
	}
	return uint64At(data, 0)
}

// capturedDictionary looks for the dictionary in a closure of a literal. Before it
// may stand variables that the debug information leaves out.
func (e *Engine) capturedDictionary(closure uint64, lit *literal) uint64 {
	const most = 64 // words
	for i := range uint64(most) {
		word, err := e.word(closure + lit.from + i*wordSize)
		if err != nil {
			return 0
		}
		if e.isDictionary(lit.family, word) {
			return word
		}
	}
	return 0
}

// isDictionary reports whether an address is that of a dictionary of a family of
// generic code: a symbol says so, where the program has them, and at each place
// that the debug information names stands a type of the size it names.
func (e *Engine) isDictionary(fam *family, addr uint64) bool {
	if addr == 0 || addr%wordSize != 0 {
		return false
	}
	if is, ok := fam.known[addr]; ok {
		return is
	}
	symbols := e.im.dictionaries()
	is := len(symbols) == 0 && len(fam.types) > 0 || symbols[addr]
	for _, t := range fam.types {
		if !is {
			break
		}
		found := e.trueType(addr, t.index)
		is = found != nil && sizeOf(found) == t.size
	}
	if is {
		fam.known[addr] = true
	}
	return is
}

// localDictionary returns the dictionary of a call whose entry was not seen, as
// code that was not optimised keeps it in a variable.
func (e *Engine) localDictionary(c *hitContext, p *probe, cfa uint64) uint64 {
	fam := e.im.family(p.probe.Func)
	if fam == nil {
		return 0
	}
	regs := e.registers(c, cfa)
	for _, child := range e.im.children(p.probe.Func) {
		if child.Val(dwarf.AttrName) != dictionary {
			continue
		}
		addr, pieces, _, err := e.im.bi.Location(child, dwarf.AttrLocation, c.addr, *regs, e.p)
		word := make([]byte, wordSize)
		if err != nil || len(missing(pieces)) > 0 || e.gather(word, addr, pieces, regs) != nil {
			return 0
		}
		if dict := uint64At(word, 0); e.isDictionary(fam, dict) {
			return dict
		}
	}
	return 0
}

// typeOf returns the true type of a variable in a call.
func (e *Engine) typeOf(l *local, dict uint64) godwarf.Type {
	if dict == 0 {
		return l.typ
	}
	indexes := []int64{l.dictIndex}
	switch {
	case l.dictIndex >= 0:
	case l.family != nil:
		indexes = l.family.indexes(l.name, l.typ.Common().Name)
	default:
		return l.typ
	}
	var found godwarf.Type
	for _, i := range indexes {
		t := e.trueType(dict, i)
		if t == nil || found != nil && found != t {
			return l.typ
		}
		found = t
	}
	if found == nil {
		return l.typ
	}
	return found
}
