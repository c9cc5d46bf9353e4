package program

import (
	"slices"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// On the lines of an assignment the compiler also saves what other variables hold, and
// puts it elsewhere. Such a copy is that of the assignment only where it is known what
// is copied.

// A taking is the variable whose value an assignment takes.
type taking struct {
	*solved
	reach []uint64 // which of its assignments may have given it that
}

// source returns the variable whose value an assignment takes to a word of one, or nil.
func (fl *flow) source(by engine.Assignment, c claim, all []engine.Assigned, sig *Signature) *taking {
	if by.From == "" || c.size > wordSize {
		return nil
	}
	for _, l := range fl.im.variables(fl.fn) {
		if l.Name != by.From || l.Declared != by.FromDeclared || l.escapes {
			continue
		}
		c.at = spotIn{}
		u := fl.unit(&l, c, withoutSources(all), sig)
		if u == nil || u.said == nil || u.size != min(c.size, sizeOf(l.Type)) {
			return nil
		}
		if s := fl.solve(*u); s != nil {
			return &taking{s, u.said.Reach[by.First]}
		}
		return nil
	}
	return nil
}

// withoutSources returns what the text says without whose values are assigned: where
// x is assigned to y, and y to x, there would be no end.
func withoutSources(all []engine.Assigned) []engine.Assigned {
	all = slices.Clone(all)
	for n := range all {
		all[n].By = slices.Clone(all[n].By)
		for k := range all[n].By {
			all[n].By[k].From = ""
		}
	}
	return all
}

// copied returns the origins of what an instruction copies.
func (fl *flow) copied(s *state, i int, by assignment) origins {
	m := s.of(fl.effects[i].source)
	switch {
	case !fl.effects[i].copy || by.copies && m == old:
		return 0
	case m == by.by|partly: // on the other ways it was right before
		return by.by
	}
	return m
}

// brings reports whether a copy of something of which nothing else is known is what a
// statement assigns: because it is the variable that is assigned, or because it comes
// from a place to which others write, as what is received from a channel does, or is
// an element of something.
func (fl *flow) brings(by assignment, i int) bool {
	at := fl.effects[i].source
	if by.source != nil {
		st := fl.at(by.source.solved, i)
		is := st.of(at)
		return is != 0 && is&unsure == 0 && slices.ContainsFunc(by.source.reach, func(all uint64) bool { return origins(all)&^by.source.part == is })
	}
	whole := slot{at.from, at.from + fl.effects[i].width}
	return at.reg < 0 && (fl.taken(whole) || fl.indexed(whole))
}

// indexed reports whether elements are looked up in a slot.
func (fl *flow) indexed(at slot) bool {
	return slices.ContainsFunc(fl.code, func(in Insn) bool {
		for _, a := range in.Args {
			if m, ok := a.(x86asm.Mem); ok && m.Index != 0 {
				if from, ok := fl.inFrame(m); ok && at.meets(slot{from, from + 1}) {
					return true
				}
			}
		}
		return false
	})
}
