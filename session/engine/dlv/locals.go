//go:build linux && amd64

package dlv

import (
	"debug/dwarf"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/op"

	"gtrace/session/engine"
	"gtrace/session/engine/dlv/ptrace"
	"gtrace/session/engine/dlv/value"
)

// optimizedOut is the value of a variable that the compiler keeps nowhere.
const optimizedOut = "<optimized out>"

// locals reads the variables that can be seen from a place.
func (e *Engine) locals(c *hitContext, p *probe, pl *place, line int, cfa uint64, call *openCall) []engine.Variable {
	lim := p.probe.Capture.Limits
	regs := e.registers(c, cfa)
	e.see(c, p, pl, line, regs)
	vars := make([]engine.Variable, len(pl.locals))
	for i := range pl.locals {
		l, v := &pl.locals[i], &vars[i]
		v.Name, v.Type = l.name, l.typeName
		v.ID, v.Declared, v.Argument = uint64(l.entry.Offset), l.declared, l.argument
		if why := e.local(c, l, v, regs, call, lim); why != "" {
			v.Value.Value, v.Missing = why, true
		}
	}
	return vars
}

// see finds out, once, which variables can be seen from a place.
func (e *Engine) see(c *hitContext, p *probe, pl *place, line int, regs *op.DwarfRegisters) {
	if pl.locals != nil {
		return
	}
	pl.locals = e.im.locals(p.probe.Func, c.addr, line, p.probe.Capture.Limits.Hide)
	e.markLocals(p, pl.locals)
	if p.probe.Func.Optimized {
		e.doubt(p, pl.locals, c.addr, line, regs)
	}
	for i := range pl.locals {
		l := &pl.locals[i]
		l.doubtful = l.doubtful || e.isLate(l, pl.late, c.addr, regs)
	}
}

// local reads one variable, or says why it cannot be.
func (e *Engine) local(c *hitContext, l *local, v *engine.Variable, regs *op.DwarfRegisters, call *openCall, lim engine.Limits) (why string) {
	typ, at, why := e.locate(c, l, regs, call)
	if why != "" {
		return why
	}
	if typ != l.typ {
		v.Type = e.im.values.TypeName(typ)
	}
	match := max(l.secret, min(l.named, call.named))
	r := e.im.values.Show(e.p, typ, at, match, lim)
	v.Value.Value, v.Error = r.Text, r.Error
	// What has changed in a large struct shows only in all of it.
	if isStruct(typ) && strings.Contains(r.Text, "…+") {
		lim.Fields = allFields
		if r := e.im.values.Show(e.p, typ, at, match, lim); r.Text != v.Value.Value {
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

// locate finds where a variable is and of which type, or says why it cannot be
// found.
func (e *Engine) locate(c *hitContext, l *local, regs *op.DwarfRegisters, call *openCall) (typ godwarf.Type, at value.Place, why string) {
	addr, pieces, _, err := e.im.bi.Location(l.entry, dwarf.AttrLocation, c.addr, *regs, e.p)
	if err != nil || l.doubtful || l.isPart(pieces) {
		return nil, at, optimizedOut
	}
	gone := missing(pieces)
	for _, i := range l.unsure {
		if !slices.Contains(gone, i) {
			gone = append(gone, i)
		}
	}
	if len(gone) > 0 && !isCapacity(l.typ, gone) {
		return nil, at, optimizedOut
	}
	typ = e.typeOf(l, call.dict)
	if l.escapes {
		word := make([]byte, wordSize)
		if err := e.gather(word, addr, pieces, regs); err != nil {
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
	if err := e.gather(at.Data, addr, pieces, regs); err != nil {
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
func (e *Engine) doubt(p *probe, list []local, pc uint64, line int, regs *op.DwarfRegisters) {
	f := p.probe.Func
	fl, err := e.im.flow(f)
	i := -1
	if err == nil {
		i = fl.index(pc)
	}
	s, _ := e.site(f)
	var all []engine.Assigned
	if p.probe.Assigned != nil {
		all = p.probe.Assigned()
	}
	given := map[giver][]wordOf{}
	for k := range list {
		l := &list[k]
		addr, pieces, _, err := e.im.bi.Location(l.entry, dwarf.AttrLocation, pc, *regs, e.p)
		if err != nil {
			continue
		}
		if i < 0 || s == nil {
			l.doubtful = true
			continue
		}
		if (l.escapes || leads(l.typ)) && fl.unfinished(content(l, all), i) {
			l.doubtful = true
			continue
		}
		for n, c := range l.claims(addr, pieces, regs.CFA) {
			if c.size == 0 {
				continue
			}
			ok, by := fl.believed(l, c, i, line, all, s.sig)
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
	local *local
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
func (l *local) claims(addr int64, pieces []op.Piece, cfa int64) []claim {
	size := sizeOf(l.typ)
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
func (e *Engine) isLate(l *local, late []slot, pc uint64, regs *op.DwarfRegisters) bool {
	if len(late) == 0 {
		return false
	}
	addr, pieces, _, err := e.im.bi.Location(l.entry, dwarf.AttrLocation, pc, *regs, e.p)
	from := addr - regs.CFA
	return err == nil && pieces == nil && meetsAny(slot{from, from + sizeOf(l.typ)}, late)
}

// isPart reports whether a place is that of a part of the variable only. Of a
// value that changes places in optimised code, each word has a place of its own;
// where the debug information has one place without saying of how much, it has
// lost the others.
func (l *local) isPart(pieces []op.Piece) bool {
	_, changes := l.entry.Val(dwarf.AttrLocation).(int64)
	whole := pieces == nil || len(pieces) == 1 && pieces[0].Size == 0
	return l.split && changes && whole && !l.escapes && sizeOf(l.typ) > wordSize
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

func unreadable(err error) string { return "<unreadable: " + err.Error() + ">" }

// gather collects the bytes of a value from memory and registers.
func (e *Engine) gather(data []byte, addr int64, pieces []op.Piece, regs *op.DwarfRegisters) error {
	if pieces == nil {
		_, err := e.p.ReadMemory(data, uint64(addr))
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
			if _, err := e.p.ReadMemory(data[:size], p.Val); err != nil {
				return err
			}
		case op.RegPiece:
			if copy(data[:size], regs.Bytes(p.Val)) < size {
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

// registers returns the registers of a stop under their numbers in DWARF.
func (e *Engine) registers(c *hitContext, cfa uint64) *op.DwarfRegisters {
	r := &c.thread.Regs
	regs := make([]*op.DwarfRegister, firstXMM, firstXMM+len(e.fp.XMM))
	for i, x := range [firstXMM]uint64{
		r.Rax, r.Rdx, r.Rcx, r.Rbx, r.Rsi, r.Rdi, r.Rbp, r.Rsp,
		r.R8, r.R9, r.R10, r.R11, r.R12, r.R13, r.R14, r.R15, c.addr,
	} {
		regs[i] = op.DwarfRegisterFromUint64(x)
	}
	d := op.NewDwarfRegisters(e.im.base, regs, binary.LittleEndian, pcRegister, spRegister, bpRegister, 0)
	d.CFA, d.FrameBase = int64(cfa), int64(cfa)
	d.SetLoadMoreCallback(func() {
		var fp ptrace.FPRegs
		if c.thread.FPRegs(&fp) != nil {
			return
		}
		for i := range fp.XMM {
			d.AddReg(uint64(firstXMM+i), op.DwarfRegisterFromBytes(fp.XMM[i][:]))
		}
	})
	return d
}

// Numbers of registers in DWARF.
const (
	bpRegister = 6
	spRegister = 7
	pcRegister = 16
	firstXMM   = 17
)
