package progen

import (
	"fmt"
	"math"
	"strings"
)

// A variable is one in scope.
type variable struct {
	name string
	typ  *typ
}

// expr returns an expression of type t: a variable in scope or a literal.
func (g *generator) expr(t *typ, scope []variable) string {
	var fits []string
	for _, v := range scope {
		if v.typ == t {
			fits = append(fits, v.name)
		}
	}
	if len(fits) > 0 && !g.chance(3) {
		return pick(g, fits...)
	}
	return g.literal(t, 3)
}

// literal returns a literal of type t, nesting at most depth composites.
func (g *generator) literal(t *typ, depth int) string {
	switch t.kind {
	case boolean:
		return pick(g, "true", "false")
	case integer:
		return g.integer(t)
	case unsigned:
		return t.name + "(" + fmt.Sprint(g.rand.Uint64()>>(64-g.rand.IntN(t.bits+1))) + ")"
	case float:
		return t.name + "(" + pick(g, "0", "1", "-1.5", "3.25", "1e+30", "-2.5e-10", "0.1", "123456789") + ")"
	case complexNumber:
		return t.name + pick(g, "(0)", "(1+2i)", "(-0.5-1e+20i)", "(3i)")
	case text:
		return t.name + "(" + pick(g, `""`, `"a"`, `"hello, world"`, `"tab\tquote\"nl\n"`, `"żółw 世界"`, `"\x00\xff"`, `"0123456789012345678901234567890123456789"`) + ")"
	case callback:
		return pick(g, "nil", "double")
	case channel:
		return pick(g, "nil", "make(chan int, 3)")
	}
	if depth == 0 {
		return zero(t)
	}
	return g.composite(t, depth)
}

func (g *generator) integer(t *typ) string {
	low, high := int64(math.MinInt64)>>(64-t.bits), int64(math.MaxInt64)>>(64-t.bits)
	n := pick(g, 0, 1, -1, low, high, g.rand.Int64()>>(64-t.bits), -(g.rand.Int64() >> (64 - t.bits)))
	return fmt.Sprintf("%s(%d)", t.name, n)
}

func zero(t *typ) string {
	if t.kind == structure || t.kind == array {
		return t.name + "{}"
	}
	return "nil"
}

func (g *generator) composite(t *typ, depth int) string {
	switch t.kind {
	case structure:
		var parts []string
		for i, f := range t.fields {
			parts = append(parts, field(i)+": "+g.literal(f, depth-1))
		}
		return t.name + "{" + strings.Join(parts, ", ") + "}"
	case array:
		return t.name + "{" + g.repeat(t.elem, t.len, depth) + "}"
	case slice:
		if g.chance(4) {
			return "nil"
		}
		return t.name + "{" + g.repeat(t.elem, g.rand.IntN(4), depth) + "}"
	case mapping:
		if g.chance(4) {
			return "nil"
		}
		return t.name + "{" + g.entries(t, depth) + "}"
	case pointer:
		if g.chance(4) {
			return "nil"
		}
		if t.elem.kind == structure {
			return "&" + g.literal(t.elem, depth-1)
		}
		return g.pointerTo(t.elem, depth)
	case failure:
		return g.failure(depth)
	case shaper:
		s := pick(g, g.structs()...)
		if s.ptr {
			return pick(g, "nil", "&"+g.literal(s, depth-1))
		}
		return pick(g, "nil", g.literal(s, depth-1), "&"+g.literal(s, depth-1))
	}
	return g.anything(depth)
}

// pointerTo returns a pointer to a literal of type t, which may be an untyped nil.
func (g *generator) pointerTo(t *typ, depth int) string {
	return fmt.Sprintf("new(calllog.Same[%s](%s))", t.name, g.literal(t, depth-1))
}

func (g *generator) repeat(t *typ, n, depth int) string {
	var parts []string
	for range n {
		parts = append(parts, g.literal(t, depth-1))
	}
	return strings.Join(parts, ", ")
}

// entries returns up to three entries with different keys.
func (g *generator) entries(t *typ, depth int) string {
	var parts []string
	for i := range g.rand.IntN(4) {
		key := fmt.Sprint(10 - i)
		if t.key.kind == text {
			key = fmt.Sprintf("%q", "k"+key)
		}
		parts = append(parts, key+": "+g.literal(t.elem, depth-1))
	}
	return strings.Join(parts, ", ")
}

// failure returns an expression of type error, whose message can be read
// without running code of the program.
func (g *generator) failure(depth int) string {
	switch {
	case g.chance(3):
		return "nil"
	case g.chance(3) && depth > 1:
		return fmt.Sprintf(`fmt.Errorf("wrapped: %%w", %s)`, g.fault(depth-1))
	case g.chance(4) && depth > 1:
		return fmt.Sprintf("errors.Join(%s, %s)", g.fault(depth-1), g.fault(depth-1))
	}
	return g.fault(depth)
}

// fault returns an expression of type error that is new and not nil.
func (g *generator) fault(depth int) string {
	switch {
	case g.chance(5):
		return `&fs.PathError{Op: "open", Path: "/no", Err: errors.New("denied")}`
	case g.chance(5):
		return `&strconv.NumError{Func: "Atoi", Num: "x", Err: errors.New("bad")}`
	case g.chance(3) && depth > 0:
		return fmt.Sprintf(`fmt.Errorf("outer %d: %%w", %s)`, g.rand.IntN(100), g.fault(depth-1))
	case g.chance(5):
		return fmt.Sprintf(`fmt.Errorf("number %%d", %d)`, g.rand.IntN(100))
	}
	return fmt.Sprintf(`errors.New("e%d")`, g.rand.IntN(100))
}

func (g *generator) anything(depth int) string {
	for {
		if t := g.anyType(); t.kind < anything {
			if lit := g.literal(t, depth-1); lit != "nil" {
				return "any(" + lit + ")"
			}
		}
		if g.chance(4) {
			return "nil"
		}
	}
}
