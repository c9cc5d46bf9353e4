package program

import (
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// What a variable in memory has is what was stored there last. Optimised code stores
// it earlier than the text says, or later, or not at all where it is assigned once more
// soon. So it is believed only where the lines that have stored last are those whose
// assignments reach the line.

// contents are, by block, the assignments that may have stored last when it begins.
type contents struct {
	home  slot
	leads bool           // what matters are parts of what the variable leads to
	by    map[int]stores // by line
	in    []origins
}

// stores is what a line stores in a variable.
type stores struct {
	of   origins
	part bool // the rest stays
	zero bool // as memory is when it is new
}

// isKept reports whether a variable in memory has there, before an instruction, what it
// has on a line. Its home is where in the frame it is; without one it is on the heap.
func (fl *flow) isKept(l *Local, home slot, i, line int, all []engine.Assigned) bool {
	return !slices.ContainsFunc(said(l, all), func(a engine.Assigned) bool {
		return len(a.By) >= maxOrigins || !slices.Contains(a.Reach[line], uint64(fl.content(l, &a, home).at(fl, i)))
	})
}

// isAhead reports whether something was stored already, before an instruction, in what
// a variable leads to, that on a line it does not have yet.
func (fl *flow) isAhead(l *Local, i, line int, all []engine.Assigned) bool {
	return slices.ContainsFunc(said(l, all), func(a engine.Assigned) bool {
		var parts origins
		for n, by := range a.By {
			if by.Part {
				parts |= 2 << n
			}
		}
		if parts == 0 {
			return false
		}
		stored := fl.content(l, &a, slot{}).at(fl, i) & parts
		return !slices.ContainsFunc(a.Reach[line], func(all uint64) bool { return stored&^origins(all) == 0 })
	})
}

// maxOrigins is how many assignments there are bits for.
const maxOrigins = 60

// content returns which assignments have stored in a variable, or a field of one, last.
func (fl *flow) content(l *Local, a *engine.Assigned, home slot) *contents {
	key := contentKey{l.Name, a.Field, a.Declared, home}
	if c := fl.contents[key]; c != nil {
		return c
	}
	c := &contents{leads: !l.escapes && home == slot{}, home: home, by: map[int]stores{}, in: make([]origins, len(fl.starts))}
	for n, by := range a.By {
		for line := by.First; line <= by.Last; line++ {
			c.by[line] = stores{origins(2) << n, by.Part, by.Constant && by.Value == 0}
		}
	}
	c.in[0] = entered
	for changed := true; changed; {
		changed = false
		for n, from := range fl.from {
			in := c.in[n]
			for _, p := range from {
				in |= c.behind(fl, c.in[p], fl.starts[p], fl.end(p))
			}
			changed = changed || in != c.in[n]
			c.in[n] = in
		}
	}
	fl.contents[key] = c
	return c
}

type contentKey struct {
	name, field string
	declared    int
	home        slot
}

// at returns which assignments may have stored last before an instruction.
func (c *contents) at(fl *flow, i int) origins {
	n := fl.block[i]
	return c.behind(fl, c.in[n], fl.starts[n], i)
}

// behind returns which assignments may have stored last behind some instructions.
func (c *contents) behind(fl *flow, in origins, from, to int) origins {
	for k := from; k < to && in != 0; k++ {
		switch s := c.by[fl.lines[k]]; {
		case s.of == 0:
		case c.leads && !s.part:
			if fl.begin[k] {
				in = entered // it leads to something else
			}
		case !fl.storesIn(c.home, k, s.zero):
		case s.part:
			in |= s.of
		default:
			in = s.of
		}
	}
	return in
}

// storesIn reports whether an instruction may store something in a slot, or if it is
// none, outside of the frame.
func (fl *flow) storesIn(home slot, i int, zero bool) bool {
	if home == (slot{}) {
		return fl.storesElsewhere(i, zero)
	}
	ef := &fl.effects[i]
	m, ok := fl.code[i].Args[0].(x86asm.Mem)
	from, inFrame := fl.inFrame(m)
	element := ok && inFrame && m.Index != 0 && writesFirst(fl.code[i].Op) && home.meets(slot{from, from + 1})
	return element || meetsAny(home, ef.slots) || ef.taken.meets(home)
}

// storesElsewhere reports whether an instruction may store something outside of the
// frame, of which zeros may be in memory that is new.
func (fl *flow) storesElsewhere(i int, zero bool) bool {
	in := fl.code[i]
	if in.Op == x86asm.CALL {
		name := fl.im.callee(in)
		return slices.ContainsFunc(storing, func(s string) bool { return strings.HasPrefix(name, s) }) ||
			zero && (strings.HasPrefix(name, "runtime.newobject") || strings.HasPrefix(name, "runtime.mallocgc"))
	}
	m, ok := in.Args[0].(x86asm.Mem)
	if !ok || !writesFirst(in.Op) {
		return false
	}
	_, inFrame := fl.inFrame(m)
	return !inFrame
}

// storing are the functions of the runtime that store something for their caller.
var storing = []string{
	"runtime.typedmemmove", "runtime.typedmemclr", "runtime.memmove", "runtime.memclr", "runtime.wbMove", "runtime.wbZero",
	"runtime.duff", "runtime.chanrecv", "runtime.selectgo", "runtime.selectnbrecv",
}
