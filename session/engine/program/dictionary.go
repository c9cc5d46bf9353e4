package program

import (
	"debug/dwarf"

	"gtrace/session/engine"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// Enter finds out the dictionary of a call of generic code that has just been entered,
// where there is one and it can be told; and how a function literal is called. It
// returns the signature of that way.
func (fr *Frame) Enter(sig *Signature) *Signature {
	lit := sig.literal
	if lit == nil {
		fr.Dictionary = fr.dictionaryArgument(sig)
		return sig
	}
	closure := fr.Registers.General(dxRegister)
	if entry, err := fr.word(closure); err == nil && entry == lit.entry {
		fr.Dictionary = fr.capturedDictionary(closure, lit)
		return sig
	}
	if dict := fr.dictionaryArgument(lit.spot); fr.isDictionary(lit.family, dict) {
		fr.Dictionary = dict
		return lit.spot
	}
	return sig
}

func (fr *Frame) dictionaryArgument(sig *Signature) uint64 {
	if sig.dict == nil {
		return 0
	}
	data, err := fr.bytes(sig.dict)
	if err != nil {
		return 0
	}
	return uint64At(data, 0)
}

// capturedDictionary looks for the dictionary in a closure of a literal. Before it
// may stand variables that the debug information leaves out.
func (fr *Frame) capturedDictionary(closure uint64, lit *literal) uint64 {
	const most = 64 // words
	for i := range uint64(most) {
		word, err := fr.word(closure + lit.from + i*wordSize)
		if err != nil {
			return 0
		}
		if fr.isDictionary(lit.family, word) {
			return word
		}
	}
	return 0
}

// isDictionary reports whether an address is that of a dictionary of a family of
// generic code: a symbol says so, where the program has them, and at each place
// that the debug information names stands a type of the size it names.
func (fr *Frame) isDictionary(fam *family, addr uint64) bool {
	if addr == 0 || addr%wordSize != 0 {
		return false
	}
	if is, ok := fam.known[addr]; ok {
		return is
	}
	symbols := fr.im.dictionaries()
	is := len(symbols) == 0 && len(fam.types) > 0 || symbols[addr]
	for _, t := range fam.types {
		if !is {
			break
		}
		found := fr.trueType(addr, t.index)
		is = found != nil && sizeOf(found) == t.size
	}
	if is {
		fam.known[addr] = true
	}
	return is
}

// FindDictionary looks for the dictionary of a call of f whose entry was not seen, as
// code that was not optimised keeps it in a variable.
func (fr *Frame) FindDictionary(f *engine.Function) {
	fam := fr.im.family(f)
	if fam == nil {
		return
	}
	for _, child := range fr.im.children(f) {
		if child.Val(dwarf.AttrName) != dictionary {
			continue
		}
		addr, pieces, err := fr.im.debug.Location(child, fr.PC, fr.dwarf())
		word := make([]byte, wordSize)
		if err != nil || len(missing(pieces)) > 0 || fr.gather(word, addr, pieces) != nil {
			return
		}
		if dict := uint64At(word, 0); fr.isDictionary(fam, dict) {
			fr.Dictionary = dict
			return
		}
	}
}

// trueType looks up what a type parameter stands for in a call.
func (fr *Frame) trueType(dict uint64, index int64) godwarf.Type {
	word, err := fr.word(dict + uint64(index)*wordSize)
	if err != nil {
		return nil
	}
	return fr.im.values.RuntimeType(fr.Memory, word)
}

// typeOfParam returns the true type of an argument or a result in this call.
func (fr *Frame) typeOfParam(p *Param) godwarf.Type {
	if p.dictIndex >= 0 && fr.Dictionary != 0 {
		if t := fr.trueType(fr.Dictionary, p.dictIndex); t != nil {
			return t
		}
	}
	return p.Type
}

// typeOf returns the true type of a variable in this call.
func (fr *Frame) typeOf(l *Local) godwarf.Type {
	dict := fr.Dictionary
	if dict == 0 {
		return l.Type
	}
	indexes := []int64{l.dictIndex}
	switch {
	case l.dictIndex >= 0:
	case l.family != nil:
		indexes = l.family.indexes(l.Name, l.Type.Common().Name)
	default:
		return l.Type
	}
	var found godwarf.Type
	for _, i := range indexes {
		t := fr.trueType(dict, i)
		if t == nil || found != nil && found != t {
			return l.Type
		}
		found = t
	}
	if found == nil {
		return l.Type
	}
	return found
}
