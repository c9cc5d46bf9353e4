package program

import (
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/op"

	"gtrace/events/secret"
	"gtrace/session/engine"
	"gtrace/session/engine/program/eval"
	"gtrace/session/engine/program/value"
)

// A Viewpoint is a place in a function where variables are looked at, with what must be
// known to tell which of them are where the debug information says.
type Viewpoint struct {
	Func     *engine.Function
	Line     int
	Late     []slot // see mark
	Assigned func() []engine.Assigned
	Hide     *secret.Names
}

// Visible finds the variables that can be seen from a viewpoint: the innermost of each
// name. They are the same for each frame that stands there.
func (fr *Frame) Visible(at Viewpoint) []Local {
	list := fr.im.locals(at.Func, fr.PC, at.Line, at.Hide)
	fr.im.markLocals(list, at)
	if at.Func.Optimized {
		fr.doubt(list, at)
	}
	for i := range list {
		l := &list[i]
		l.doubtful = l.doubtful || fr.isLate(l, at.Late)
	}
	return list
}

// Locals reads variables.
func (fr *Frame) Locals(list []Local, lim engine.Limits) []engine.Variable {
	vars := make([]engine.Variable, len(list))
	for i := range list {
		l, v := &list[i], &vars[i]
		v.Name, v.Type = l.Name, l.typeName
		v.ID, v.Declared, v.Argument = uint64(l.entry.Offset), l.Declared, l.Argument
		if why := fr.local(l, v, lim); why != "" {
			v.Value.Value, v.Missing = why, true
		}
	}
	return vars
}

// local reads one variable, or says why it cannot be.
func (fr *Frame) local(l *Local, v *engine.Variable, lim engine.Limits) (why string) {
	typ, at, why := fr.locate(l)
	if why != "" {
		return why
	}
	if typ != l.Type {
		v.Type = fr.im.values.TypeName(typ)
	}
	match := max(l.Secret, min(l.named, fr.Named))
	r := fr.im.values.Show(fr.Memory, typ, at, match, lim)
	v.Value.Value, v.Error = r.Text, r.Error
	// What has changed in a large struct shows only in all of it.
	if isStruct(typ) && strings.Contains(r.Text, "…+") {
		lim.Fields = allFields
		if r := fr.im.values.Show(fr.Memory, typ, at, match, lim); r.Text != v.Value.Value {
			v.Whole = r.Text
		}
	}
	return ""
}

// allFields is how many fields of a struct are compared.
const allFields = 1 << 10

// isStruct reports whether a type is a struct or a pointer to one.
func isStruct(t godwarf.Type) bool {
	if ptr, ok := underlying(t).(*godwarf.PtrType); ok {
		t = ptr.Type
	}
	_, ok := underlying(t).(*godwarf.StructType)
	return ok
}

// Find finds a variable for an expression.
func (fr *Frame) Find(l *Local) (eval.Found, error) {
	typ, at, why := fr.locate(l)
	if why != "" {
		return eval.Found{}, errors.New(l.Name + " is " + strings.Trim(why, "<>"))
	}
	return eval.Found{Place: at, Type: typ, Secret: min(l.named, fr.Named)}, nil
}

// locate finds where a variable is and of which type, or says why it cannot be
// found.
func (fr *Frame) locate(l *Local) (typ godwarf.Type, at value.Place, why string) {
	addr, pieces, err := fr.im.debug.Location(l.entry, fr.PC, fr.dwarf())
	if err != nil || l.doubtful || l.isPart(pieces) {
		return nil, at, optimizedOut
	}
	gone := missing(pieces)
	for _, i := range l.unsure {
		if !slices.Contains(gone, i) {
			gone = append(gone, i)
		}
	}
	if len(gone) > 0 && !isCapacity(l.Type, gone) {
		return nil, at, optimizedOut
	}
	typ = fr.typeOf(l)
	if l.escapes {
		word := make([]byte, wordSize)
		if err := fr.gather(word, addr, pieces); err != nil {
			return nil, at, unreadable(err)
		}
		addr, pieces = int64(uint64At(word, 0)), nil
		if addr == 0 {
			return nil, at, optimizedOut // it is not on the heap yet
		}
	}
	if pieces == nil {
		return typ, value.Place{Addr: uint64(addr)}, ""
	}
	at.Data = make([]byte, sizeOf(typ))
	if err := fr.gather(at.Data, addr, pieces); err != nil {
		return nil, at, unreadable(err)
	}
	if len(gone) > 0 {
		copy(at.Data[2*wordSize:], at.Data[wordSize:2*wordSize])
	}
	if _, slice := underlying(typ).(*godwarf.SliceType); slice && uint64At(at.Data, wordSize) > uint64At(at.Data, 2*wordSize) {
		return nil, at, optimizedOut // its words are of different assignments
	}
	return typ, at, ""
}

// doubt finds out which variables, or words of them, are not where they are said to
// be: see belief.go.
func (fr *Frame) doubt(list []Local, at Viewpoint) {
	f := at.Func
	fl, err := fr.im.flow(f)
	i := -1
	if err == nil {
		i = fl.index(fr.PC)
	}
	sig, _ := fr.im.Signature(f)
	var all []engine.Assigned
	if at.Assigned != nil {
		all = at.Assigned()
	}
	given := map[giver][]wordOf{}
	for k := range list {
		l := &list[k]
		addr, pieces, err := fr.im.debug.Location(l.entry, fr.PC, fr.dwarf())
		if err != nil {
			continue
		}
		if i < 0 || sig == nil {
			l.doubtful = true
			continue
		}
		if (l.escapes || leads(l.Type)) && fl.unfinished(content(l, all), i) {
			l.doubtful = true
			continue
		}
		if l.escapes && !fl.isKept(l, slot{}, i, at.Line, all) || leads(l.Type) && !l.escapes && fl.isAhead(l, i, at.Line, all) {
			l.doubtful = true
			continue
		}
		for n, c := range l.claims(addr, pieces, int64(fr.CFA)) {
			if c.size == 0 {
				continue
			}
			ok, by := fl.believed(l, c, i, at.Line, all, sig)
			if !ok {
				l.unsure = append(l.unsure, n)
			}
			for _, statement := range by {
				g := giver{c.at, statement}
				given[g] = append(given[g], wordOf{l, n})
			}
		}
	}
	for _, words := range given {
		if len(words) < 2 {
			continue
		}
		for _, w := range words {
			w.local.unsure = append(w.local.unsure, w.piece)
		}
	}
}

// A giver is a statement with the place where it left something. Where one like
// x, y = y, z is said to have left two variables in one place, nobody knows which of
// them it is.
type giver struct {
	at        spotIn
	statement int
}

// A wordOf is a piece of a variable.
type wordOf struct {
	local *Local
	piece int
}

// leads reports whether what is shown of a value may be elsewhere.
func leads(t godwarf.Type) bool {
	switch underlying(t).(type) {
	case *godwarf.IntType, *godwarf.UintType, *godwarf.BoolType, *godwarf.FloatType, *godwarf.CharType, *godwarf.UcharType, *godwarf.StringType:
		return false
	}
	return true
}

// claims returns where the words of a variable are said to be. Those that are
// nowhere have no size.
func (l *Local) claims(addr int64, pieces []op.Piece, cfa int64) []claim {
	size := sizeOf(l.Type)
	if l.escapes {
		size = wordSize
	}
	if pieces == nil {
		return []claim{{0, size, spotIn{-1, addr - cfa}}}
	}
	var list []claim
	offset := int64(0)
	for _, p := range pieces {
		c := claim{offset: offset, size: int64(p.Size), at: spotIn{reg: -1}}
		if p.Size == 0 {
			c.size = size
		}
		offset += c.size
		switch p.Kind {
		case op.AddrPiece:
			c.at.from = int64(p.Val) - cfa
		case op.RegPiece:
			c.at.reg = numberOfDwarf(p.Val)
		default:
			c.size = 0
		}
		list = append(list, c)
	}
	return list
}

// isLate reports whether something is still to be stored where a variable is.
func (fr *Frame) isLate(l *Local, late []slot) bool {
	if len(late) == 0 {
		return false
	}
	addr, pieces, err := fr.im.debug.Location(l.entry, fr.PC, fr.dwarf())
	from := addr - int64(fr.CFA)
	return err == nil && pieces == nil && meetsAny(slot{from, from + sizeOf(l.Type)}, late)
}

// isPart reports whether a place is that of a part of the variable only. Of a
// value that changes places in optimised code, each word has a place of its own;
// where the debug information has one place without saying of how much, it has
// lost the others.
func (l *Local) isPart(pieces []op.Piece) bool {
	_, changes := l.entry.Val(dwarf.AttrLocation).(int64)
	whole := pieces == nil || len(pieces) == 1 && pieces[0].Size == 0
	return l.split && changes && whole && !l.escapes && sizeOf(l.Type) > wordSize
}

// missing returns the pieces that the compiler keeps nowhere. Delve says of them
// that they are zero, which Go code says of no piece in any other way.
func missing(pieces []op.Piece) (gone []int) {
	for i, p := range pieces {
		if p.Kind == op.ImmPiece && p.Val == 0 && p.Bytes == nil {
			gone = append(gone, i)
		}
	}
	return gone
}

// isCapacity reports whether all that is gone of a value is the capacity of a
// slice, without which it can be shown as well.
func isCapacity(t godwarf.Type, gone []int) bool {
	_, ok := underlying(t).(*godwarf.SliceType)
	return ok && len(gone) == 1 && gone[0] == 2
}

// gather collects the bytes of a value from memory and registers.
func (fr *Frame) gather(data []byte, addr int64, pieces []op.Piece) error {
	if pieces == nil {
		_, err := fr.Memory.ReadMemory(data, uint64(addr))
		return err
	}
	for _, p := range pieces {
		size := p.Size
		if size == 0 { // the only one
			size = len(data)
		}
		if size > len(data) {
			return fmt.Errorf("its pieces are larger than it is")
		}
		switch p.Kind {
		case op.AddrPiece:
			if _, err := fr.Memory.ReadMemory(data[:size], p.Val); err != nil {
				return err
			}
		case op.RegPiece:
			if copy(data[:size], fr.dwarf().Bytes(p.Val)) < size {
				return fmt.Errorf("register %d is too small", p.Val)
			}
		case op.ImmPiece:
			if p.Bytes == nil {
				p.Bytes = binary.LittleEndian.AppendUint64(nil, p.Val)
			}
			copy(data[:size], p.Bytes)
		}
		data = data[size:]
	}
	return nil
}
