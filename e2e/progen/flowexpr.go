package progen

import "fmt"

// number returns an expression of type int.
func (f *flow) number() string {
	switch f.rand.IntN(14) {
	case 0:
		return fmt.Sprintf("%s + %d", f.use(intKind), 1+f.rand.IntN(9))
	case 1:
		return fmt.Sprintf("%s%%%d", f.use(intKind), 2+f.rand.IntN(4))
	case 2:
		return "len(" + f.use(stringKind) + ")"
	case 3:
		return "len(" + f.use(listKind) + ")"
	case 4:
		return fmt.Sprintf("sum(%s, %s)", f.use(intKind), f.use(intKind))
	case 5:
		return fmt.Sprintf("list[%d]", f.rand.IntN(2))
	case 6:
		if p := f.use(pointKind); p != "" {
			return p + ".x"
		}
	case 7:
		if p := f.use(pointerKind); p != "" {
			return p + ".y"
		}
	case 8:
		if m := f.use(mapKind); m != "" {
			return m + `["a"]`
		}
	case 9:
		if f.canCrash() && !f.calm && f.chance(2) {
			return "crash(" + f.use(intKind) + "&7)"
		}
	case 10:
		return fmt.Sprintf("%s*3 - %s", f.use(intKind), f.use(intKind))
	}
	return f.use(intKind)
}

// str returns an expression of type string.
func (f *flow) str() string {
	switch f.rand.IntN(5) {
	case 0:
		return fmt.Sprintf("%q", pick(f.generator, "", "x", "yz"))
	case 1:
		return "text(" + f.number() + ")"
	case 2:
		return "fmt.Sprint(" + f.number() + ")"
	}
	return f.use(stringKind)
}

// truth returns an expression of type bool, which is now this and now that.
func (f *flow) truth() string {
	switch f.rand.IntN(12) {
	case 0:
		return fmt.Sprintf("is(%s, %d)", f.use(intKind), 1+f.rand.IntN(3))
	case 1:
		return fmt.Sprintf("!is(%s, %d)", f.use(intKind), 1+f.rand.IntN(3))
	case 2:
		return fmt.Sprintf("len(%s) > %d", f.use(stringKind), 1+f.rand.IntN(3))
	case 3:
		return fmt.Sprintf("%s %s %q", f.use(stringKind), pick(f.generator, "==", "!=", "<"), pick(f.generator, "a", "ab", "t1"))
	case 4, 5:
		if !f.single {
			return fmt.Sprintf("%s %s %s", f.simpleTruth(), pick(f.generator, "&&", "||"), f.simpleTruth())
		}
	case 6:
		if v := f.use(boolKind); v != "" {
			return pick(f.generator, "", "!") + v
		}
	case 7:
		if v := f.use(errorKind); v != "" {
			return v + pick(f.generator, " != nil", " == nil")
		}
	case 8:
		if v := f.use(pointKind); v != "" {
			return v + ".far()"
		}
	case 9:
		if v := f.use(anyKind); v != "" {
			return v + pick(f.generator, " != nil", " == nil")
		}
	}
	return f.simpleTruth()
}

// operand returns a part of a condition of several lines, which has one line.
func (f *flow) operand() string {
	f.single = true
	defer func() { f.single = false }()
	return f.truth()
}

func (f *flow) simpleTruth() string {
	x := f.use(intKind)
	switch f.rand.IntN(3) {
	case 0:
		return fmt.Sprintf("%s %s %d", x, pick(f.generator, "<", ">", "<=", "==", "!="), f.rand.IntN(8))
	case 1:
		return fmt.Sprintf("%s%%%d %s %d", x, 2+f.rand.IntN(2), pick(f.generator, "==", "!="), f.rand.IntN(2))
	}
	return fmt.Sprintf("%s < %s", x, f.use(intKind))
}
