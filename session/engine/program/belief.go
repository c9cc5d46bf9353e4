package program

import (
	"debug/dwarf"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// The debug information of optimised code says too much of where variables are. A
// value has the names of all variables that it is ever assigned to, from the moment
// it is computed; a register or a slot keeps the name of a variable when the variable
// has got another value elsewhere; and slots are given to others without a word.
//
// So it is believed only where code and text agree. The text of the function tells
// which assignments may have given a variable the value that it has on a line. The
// code tells which may have put there what a place holds: it was computed on the lines
// of an assignment, or passed as the argument, or it is the constant that is assigned,
// and was copied since. The two must be the same.

// A unit is a variable, or a word of one, with what is known of its assignments.
type unit struct {
	size      int64
	lines     map[int]assignment
	constants []constantValue
	known     []origins // in loops: assignments of values that never change, which may have no code
	entry     holders   // where it is when the function is entered
	home      *slot     // where all of it is, for what is always in memory
	part      origins   // what does not assign to it, but to what it leads to
	said      *engine.Assigned
}

// An assignment is what a line does to a unit.
type assignment struct {
	statement int
	by        origins
	keeps     bool // it may leave it as it is
	whole     bool // what else is computed on its lines is not computed for it
	computes  bool // what it assigns is no copy
	copies    bool // it is the copy of a variable
	source    *taking
	step      int  // what it adds, unless it is the constant that it begins with
	constant  bool // value is that constant
	value     int64
	marked    bool // the compiler has marked where its code begins

	first, last int // its lines
}

// A constantValue is what a statement assigns whose lines have no code for that: it is
// loaded where it is needed.
type constantValue struct {
	value int64
	by    origins
}

// entered is set for what a variable was when the function was entered.
const entered origins = 1

// A claim is where a word of a variable is said to be.
type claim struct {
	offset, size int64
	at           spotIn
}

// said returns what the text says of a variable, and of its fields.
func said(l *Local, all []engine.Assigned) (list []engine.Assigned) {
	declared := l.Declared
	if isCaptured(l) {
		declared = 0
	}
	for _, a := range all {
		if a.Name == l.Name && a.Declared == declared {
			list = append(list, a)
		}
	}
	return list
}

// saidOf returns what the text says of the word of a variable at an offset, or nil.
func saidOf(l *Local, offset int64, all []engine.Assigned) *engine.Assigned {
	field := ""
	if t, ok := underlying(l.Type).(*godwarf.StructType); ok {
		for _, f := range t.Field {
			if f.ByteOffset <= offset {
				field = f.Name
			}
		}
	}
	var found *engine.Assigned
	for _, a := range said(l, all) {
		switch {
		case a.Field != "" && a.Field != field:
		case found == nil || found.Field == "" && a.Field != "":
			found = &a
		case found.Field == a.Field:
			return nil // two variables
		}
	}
	return found
}

// unit describes a word of a variable. It is nil when nobody can say.
func (fl *flow) unit(l *Local, c claim, all []engine.Assigned, sig *Signature) *unit {
	u := &unit{size: c.size, lines: map[int]assignment{}}
	result, _ := l.entry.Val(dwarf.AttrVarParam).(bool)
	switch {
	case l.escapes:
		u.lines[l.Declared] = assignment{statement: l.Declared, by: entered}
		if isCaptured(l) {
			u.lines[fl.fn.Line] = assignment{statement: fl.fn.Line, by: entered}
		}
		return u
	case isCaptured(l):
		u.lines[fl.fn.Line] = assignment{statement: fl.fn.Line, by: entered}
	case result:
		u.lines[l.Declared] = assignment{statement: l.Declared, by: entered}
		u.constants = []constantValue{{by: entered}}
	case l.entry.Tag == dwarf.TagFormalParameter:
		u.entry = sig.holders(l.Name, c.offset, entered)
	}
	a := saidOf(l, c.offset, all)
	if a == nil || isAssignedAnywhere(l, a) {
		return nil
	}
	u.said = a
	for n, by := range a.By {
		fl.assign(u, l, c, by, origins(2)<<n)
		if by.From != "" && a.Field == "" {
			u.takes(fl.source(by, c, all, sig), by)
			fl.alias(u, l, c, by, origins(2)<<n, all, sig)
		}
	}
	if c.at.reg < 0 && c.size > wordSize {
		u.home = &slot{c.at.from, c.at.from + c.size}
	}
	return u
}

// assign adds an assignment to a unit.
func (fl *flow) assign(u *unit, l *Local, c claim, by engine.Assignment, of origins) {
	if by.Part && !hasElements(l.Type) {
		u.part |= of
		return
	}
	step := by.Step
	if c.size > wordSize || !isWhole(l.Type) {
		step = 0
	}
	for line := by.First; line <= by.Last; line++ {
		u.lines[line] = assignment{
			statement: by.First, by: of, keeps: by.Keeps && c.offset != wordSize, whole: by.Keeps || by.Head,
			computes: by.Computes, copies: by.From != "", step: step, constant: by.Constant, value: by.Value, marked: fl.isMarked(by),
			first: by.First, last: by.Last,
		}
	}
	if k := (constantValue{by.Value, of}); by.Constant && (by.Value == 0 || isWhole(l.Type)) && (step != 0 || !fl.loads(k, by)) {
		u.constants = append(u.constants, k)
		if by.Again && step == 0 {
			u.known = append(u.known, of)
		}
	}
}

// takes notes the variable whose value an assignment takes.
func (u *unit) takes(s *taking, by engine.Assignment) {
	for line := by.First; line <= by.Last; line++ {
		if a, ok := u.lines[line]; ok {
			a.source = s
			u.lines[line] = a
		}
	}
}

// isMarked reports whether the compiler calls something on the lines of an assignment
// the begin of a statement.
func (fl *flow) isMarked(by engine.Assignment) bool {
	for i, line := range fl.lines {
		if fl.begin[i] && by.First <= line && line <= by.Last {
			return true
		}
	}
	return false
}

// hasElements reports whether what is assigned to a part of a variable of a type
// changes the variable: what its pointers lead to does not.
func hasElements(t godwarf.Type) bool {
	switch underlying(t).(type) {
	case *godwarf.ArrayType, *godwarf.StructType:
		return true
	}
	return false
}

func isWhole(t godwarf.Type) bool {
	switch underlying(t).(type) {
	case *godwarf.IntType, *godwarf.UintType, *godwarf.BoolType, *godwarf.CharType, *godwarf.UcharType:
		return true
	}
	return false
}

// loads reports whether a constant is loaded on the lines of the assignment.
func (fl *flow) loads(k constantValue, by engine.Assignment) bool {
	for i := range fl.code {
		if v, ok := fl.code[i].constant(); ok && v == k.value && by.First <= fl.lines[i] && fl.lines[i] <= by.Last {
			return true
		}
	}
	return false
}

// constant returns the origins of the assignment whose constant an instruction loads.
func (fl *flow) constant(u *unit, i int) (origins, bool) {
	v, ok := fl.code[i].constant()
	if !ok {
		return 0, false
	}
	for _, k := range u.constants {
		if k.value == v {
			return k.by, true
		}
	}
	return 0, false
}

// constant returns the constant that an instruction writes.
func (i Insn) constant() (int64, bool) {
	switch src := i.Args[1].(type) {
	case x86asm.Imm:
		return int64(src), i.Op == x86asm.MOV
	case x86asm.Reg:
		switch i.Op {
		case x86asm.XOR, x86asm.XORPS, x86asm.PXOR:
			return 0, i.Args[0] == src
		case x86asm.MOVUPS:
			_, stores := i.Args[0].(x86asm.Mem)
			return 0, stores && src == x86asm.X15 // which is always zero
		}
	}
	return 0, false
}

// alias adds to the places of a variable that is assigned the value of another one,
// for which there may be no code, those of that: what was passed as an argument stays
// that value wherever it is, and so does what is assigned once.
func (fl *flow) alias(u *unit, l *Local, c claim, by engine.Assignment, of origins, all []engine.Assigned, sig *Signature) {
	for _, a := range all {
		if a.Name != by.From || a.Declared != by.FromDeclared || a.Field != "" || a.Anywhere || a.Inside {
			continue
		}
		reach := a.Reach[by.First]
		switch {
		case len(reach) == 1 && reach[0] == uint64(entered):
			u.passed(sig.holders(a.Name, c.offset, of))
			for line := by.First; line <= by.Last && u.lines[line].step == 0; line++ {
				delete(u.lines, line) // a copy of it is one wherever it is made
			}
			if by.Again {
				u.known = append(u.known, of)
			}
		case by.First == l.Declared && len(a.By) == 1 && !a.By[0].Part && a.By[0].First != by.First && len(reach) > 0:
			for line := a.By[0].First; line <= a.By[0].Last; line++ {
				if _, twice := u.lines[line]; !twice {
					u.lines[line] = assignment{statement: a.By[0].First, by: of, computes: a.By[0].Computes, copies: a.By[0].From != "", first: a.By[0].First, last: a.By[0].Last}
				}
			}
		}
	}
}

// passed adds places of what was passed to the function.
func (u *unit) passed(h holders) {
	for r, of := range h.regs {
		if u.entry.regs[r] == 0 {
			u.entry.regs[r] = of
		}
	}
	for _, s := range h.slots {
		if u.entry.of(spotIn{-1, s.from}) == 0 {
			u.entry.put(s.from, s.by)
		}
	}
}

// believed reports whether a word of a variable is where it is said to be before an
// instruction, when control is on a line, and which statements may have left it there.
func (fl *flow) believed(l *Local, c claim, i, line int, all []engine.Assigned, sig *Signature) (ok bool, by []int) {
	whole := slot{c.at.from, c.at.from + c.size}
	if c.at.reg < 0 && inMemory(l, all) && fl.taken(whole) {
		return !fl.isLate(whole, i) && fl.isKept(l, whole, i, line, all), nil
	}
	key := unitKey{l.entry.Offset, c.offset, c.size > wordSize}
	s, ok := fl.units[key]
	if !ok {
		if u := fl.unit(l, c, all, sig); u != nil {
			s = fl.solve(*u)
		}
		fl.units[key] = s
	}
	if s == nil {
		return false, nil
	}
	at := fl.at(s, i)
	is := at.of(c.at)
	switch {
	case is == 0 || is&unsure != 0:
		return false, nil
	case s.said == nil:
		return true, nil
	case s.home != nil:
		return !fl.isLate(whole, i) && fl.isKept(l, whole, i, line, all), nil
	}
	for n, b := range s.said.By {
		if is&(2<<n) != 0 {
			by = append(by, b.First)
		}
	}
	return slices.ContainsFunc(s.said.Reach[line], func(all uint64) bool { return origins(all)&^s.part == is }), by
}

// inMemory reports whether a variable may have a place in memory for good: one of
// which the text takes the address, or that is too large for registers.
func inMemory(l *Local, all []engine.Assigned) bool {
	_, array := underlying(l.Type).(*godwarf.ArrayType)
	return array || sizeOf(l.Type) > 4*wordSize || slices.ContainsFunc(said(l, all), func(a engine.Assigned) bool { return isAssignedAnywhere(l, &a) })
}

// isAssignedAnywhere reports whether nobody knows where a variable changes.
func isAssignedAnywhere(l *Local, a *engine.Assigned) bool {
	return a.Anywhere || a.Inside && hasElements(l.Type)
}

// taken reports whether the address of what is in a slot is taken: then it is always
// there.
func (fl *flow) taken(at slot) bool {
	for i := range fl.code {
		if fl.effects[i].taken.meets(at) {
			return true
		}
	}
	return false
}

// adds returns from where an instruction takes what it adds one to, or takes it away
// from: 1 or -1.
func (fl *flow) adds(i int) (from spotIn, by int) {
	in := fl.code[i]
	place := func(a x86asm.Arg) spotIn {
		switch a := a.(type) {
		case x86asm.Reg:
			n, _ := numberOf(a)
			return spotIn{reg: n}
		case x86asm.Mem:
			if from, ok := fl.inFrame(a); ok && a.Index == 0 {
				return spotIn{-1, from}
			}
		}
		return spotIn{reg: -1}
	}
	n, _ := in.Args[1].(x86asm.Imm)
	m, _ := in.Args[1].(x86asm.Mem)
	switch {
	case in.Op == x86asm.INC, in.Op == x86asm.ADD && n == 1, in.Op == x86asm.SUB && n == -1:
		return place(in.Args[0]), 1
	case in.Op == x86asm.DEC, in.Op == x86asm.SUB && n == 1, in.Op == x86asm.ADD && n == -1:
		return place(in.Args[0]), -1
	case in.Op == x86asm.LEA && m.Index == 0 && (m.Disp == 1 || m.Disp == -1):
		return place(m.Base), int(m.Disp)
	}
	return spotIn{}, 0
}

// holders returns where a word of an argument is when the function is entered.
func (sig *Signature) holders(name string, offset int64, by origins) (h holders) {
	for i := range sig.Args {
		p := &sig.Args[i]
		if p.Name != name {
			continue
		}
		if p.loc.pieces == nil {
			h.put(p.loc.stack+offset, by)
		}
		for _, pc := range p.loc.pieces {
			switch {
			case pc.offset != offset:
			case pc.float:
				h.regs[firstFloat+pc.register] = by
			default:
				h.regs[numberOfDwarf(uint64(intSequence[pc.register]))] = by
			}
		}
	}
	return h
}
