package program

import (
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// What a statement stores outside of the frame, or in a variable that is in memory for
// good, may be stored when control is on another line already: until then it is
// missing from what is shown.

// isLate reports whether something is to be stored in a slot by a statement that has
// begun before an instruction.
func (fl *flow) isLate(at slot, i int) bool {
	for k := i; k < fl.end(fl.block[i]); k++ {
		if k > i && fl.begin[k] || fl.code[k].Op == x86asm.CALL {
			return false
		}
		if fl.lines[k] != fl.lines[i] && meetsAny(at, fl.effects[k].slots) {
			return true
		}
	}
	return false
}

// content returns the lines that store what a variable leads to: through the pointer
// to it, where it lives on the heap, or in the elements of its slice.
func content(l *Local, all []engine.Assigned) []int {
	lines := []int{l.Declared}
	for _, a := range said(l, all) {
		for _, by := range a.By {
			for line := by.First; line <= by.Last; line++ {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// unfinished reports whether one of some lines, having begun before instruction i,
// is still to store something outside of the frame.
func (fl *flow) unfinished(lines []int, i int) bool {
	seen := map[int]bool{}
	var look func(k int, begun []int) bool
	look = func(k int, begun []int) bool {
		for ; k < len(fl.code) && !seen[k]; k++ {
			seen[k] = true
			in := fl.code[k]
			if fl.begin[k] && k != i {
				begun = append(slices.Clip(begun), fl.lines[k])
			}
			if in.Op == x86asm.CALL && !strings.HasPrefix(fl.im.callee(in), "runtime.gcWriteBarrier") {
				return false
			}
			m, store := in.Args[0].(x86asm.Mem)
			if store && writesFirst(in.Op) {
				if _, inFrame := fl.inFrame(m); !inFrame && slices.Contains(lines, fl.lines[k]) && !slices.Contains(begun, fl.lines[k]) {
					return true
				}
			}
			if t, ok := in.Target(); ok {
				if to := fl.index(t); to > k && look(to, begun) {
					return true
				}
			}
			if in.ends() {
				return false
			}
		}
		return false
	}
	if fl.isInside(i) {
		return look(i, nil) // what is stored belongs to what is known already
	}
	return look(i, []int{fl.lines[i]})
}

// isInside reports whether control may have been on the line of an instruction on the
// way forward to it.
func (fl *flow) isInside(i int) bool {
	on := func(from, to int) bool { return slices.Contains(fl.lines[from:to], fl.lines[i]) }
	seen := map[int]bool{}
	var before func(n int) bool
	before = func(n int) bool {
		return slices.ContainsFunc(fl.from[n], func(p int) bool {
			if p >= n || seen[p] {
				return false
			}
			seen[p] = true
			return on(fl.starts[p], fl.end(p)) || before(p)
		})
	}
	n := fl.block[i]
	return on(fl.starts[n], i) || before(n)
}
