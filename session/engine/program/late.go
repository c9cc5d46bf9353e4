package program

import (
	"cmp"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/op"
	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// Even without optimisation the compiler moves the first instructions of a line in
// front of the last ones of the line before: a comparison or a shift that leaves its
// result in the flags, and the store of it. The mark of the line goes behind them,
// where what the line before has done is done. Where that cannot be, what is still
// to be stored is not shown.

// A slot is a piece of a frame, by its distance from the frame's canonical address.
type slot struct{ from, to int64 }

func (s slot) meets(t slot) bool { return s.from < t.to && t.from < s.to }

func meetsAny(s slot, list []slot) bool { return slices.ContainsFunc(list, s.meets) }

// settle moves marks behind stores that are late, unless the line of the mark has
// stored something itself by then, which would be shown too early.
func (b *body) settle(marks []Mark) {
	for n := range marks {
		m := &marks[n]
		i := b.index(m.Addr)
		late := b.lateStores(i, m.Line)
		if len(late) == 0 {
			continue
		}
		next := late[len(late)-1] + 1
		if b.settles(i, next, late) && !slices.ContainsFunc(marks, func(o Mark) bool { return o.Addr == b.code[next].Addr }) {
			m.Insn = b.code[next]
			continue
		}
		for _, k := range late {
			if s, ok := b.stores(k); ok {
				m.Late = append(m.Late, s)
			}
		}
	}
	slices.SortFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Addr, b.Addr) })
}

// settles reports whether a mark at instruction i may as well be at next.
func (b *body) settles(i, next int, late []int) bool {
	if next >= len(b.code) || !b.follows(next) {
		return false
	}
	for k := i; k < next; k++ {
		if s, ok := b.stores(k); ok && !slices.Contains(late, k) && meetsAny(s, b.variables) {
			return false
		}
	}
	return true
}

// lateStores returns the stores of other statements that stand among the
// instructions of a line, from instruction i on, on the way without forks or calls.
func (b *body) lateStores(i, line int) (late []int) {
	var among []int
	for k := i; k < len(b.code); k++ {
		if k > i && (!b.follows(k) || b.begin[k] && b.lines[k] == line) {
			break
		}
		if b.lines[k] == line {
			late = slices.Clone(among)
		}
		if isBranch(b.code[k].Op) {
			break
		}
		if _, ok := b.stores(k); ok && b.lines[k] != line && b.lines[k] != 0 && (b.lines[k] < line || b.met(i, b.lines[k])) {
			among = append(among, k)
		}
	}
	return late
}

// met reports whether control has come from a line, without forks, when it comes
// to instruction i.
func (b *body) met(i, line int) bool {
	for b.follows(i) {
		if i--; b.lines[i] == line {
			return true
		}
	}
	return false
}

// stores returns where in the frame an instruction stores something.
func (b *body) stores(i int) (slot, bool) {
	in := b.code[i]
	m, ok := in.Args[0].(x86asm.Mem)
	if !ok || m.Index != 0 || in.bytes == 0 {
		return slot{}, false
	}
	switch in.Op {
	case x86asm.CMP, x86asm.TEST, x86asm.LEA, x86asm.NOP, x86asm.CALL, x86asm.JMP, x86asm.BT, x86asm.UCOMISS, x86asm.UCOMISD:
		return slot{}, false
	}
	var from int64
	switch {
	case m.Base == x86asm.RSP:
		from = m.Disp - b.size
	case m.Base == x86asm.RBP && b.frame:
		from = m.Disp - 2*wordSize
	default:
		return slot{}, false
	}
	return slot{from, from + int64(in.bytes)}, true
}

// behindStores returns the instruction behind the last store to one of the places, on
// the way from instruction i on without forks or calls.
func (b *body) behindStores(i int, places []slot) int {
	behind := i
	for k := i; k+1 < len(b.code) && (k == i || b.follows(k)) && !isBranch(b.code[k].Op); k++ {
		if s, ok := b.stores(k); ok && meetsAny(s, places) {
			behind = k + 1
		}
	}
	return behind
}

// index returns the index of the instruction at an address, or -1.
func (b *body) index(addr uint64) int {
	low, high := 0, len(b.code)
	for low < high {
		if mid := (low + high) / 2; b.code[mid].Addr < addr {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == len(b.code) || b.code[low].Addr != addr {
		return -1
	}
	return low
}

// slots returns where in its frame a function has those of its variables that are
// chosen and have one place.
func (im *Image) slots(f *engine.Function, chosen func(*Local) bool) (list []slot) {
	for _, l := range im.variables(f) {
		if !chosen(&l) {
			continue
		}
		addr, pieces, err := im.debug.Location(l.entry, f.End-1, new(op.DwarfRegisters))
		if err == nil && pieces == nil {
			size := sizeOf(l.Type)
			if l.escapes {
				size = wordSize
			}
			list = append(list, slot{addr, addr + size})
		}
	}
	return list
}

// frameSize returns the distance of the stack pointer from the frame's canonical
// address behind the prologue.
func frameSize(list []Insn, first int) int64 {
	size := int64(wordSize)
	for _, in := range list[:first] {
		switch n, _ := in.Args[1].(x86asm.Imm); {
		case in.IsPushBP():
			size += wordSize
		case in.Args[0] != x86asm.RSP:
		case in.Op == x86asm.SUB:
			size += int64(n)
		case in.Op == x86asm.ADD:
			size -= int64(n)
		case in.Op == x86asm.LEA:
			if m, ok := in.Args[1].(x86asm.Mem); ok {
				size -= m.Disp
			}
		}
	}
	return size
}
