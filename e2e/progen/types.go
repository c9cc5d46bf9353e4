package progen

import (
	"fmt"
	"strings"
)

// A kind tells how values of a type are written.
type kind int

const (
	boolean kind = iota
	integer
	unsigned
	float
	complexNumber
	text
	structure
	array
	slice
	mapping
	pointer
	anything // any
	failure  // error
	shaper   // the interface that all structures implement
	callback // func(int) int
	channel
	parameter // of a generic function
)

// A typ is a type of the program.
type typ struct {
	name   string
	kind   kind
	bits   int    // of a number
	elem   *typ   // of an array, slice, map, pointer
	key    *typ   // of a map
	len    int    // of an array
	fields []*typ // of a structure; its fields are F0, f1, F2, …
	ptr    bool   // of a structure: Shape has a pointer receiver
}

// field returns the name of a structure's field: every other is unexported.
func field(i int) string { return fmt.Sprintf("%c%d", "Ff"[i%2], i) }

func (g *generator) declareTypes() {
	for _, bits := range []int{8, 16, 32, 64} {
		g.types = append(g.types,
			&typ{name: fmt.Sprintf("int%d", bits), kind: integer, bits: bits},
			&typ{name: fmt.Sprintf("uint%d", bits), kind: unsigned, bits: bits})
	}
	g.types = append(g.types,
		&typ{name: "bool", kind: boolean},
		&typ{name: "int", kind: integer, bits: 64},
		&typ{name: "uint", kind: unsigned, bits: 64},
		&typ{name: "uintptr", kind: unsigned, bits: 64},
		&typ{name: "float32", kind: float, bits: 32},
		&typ{name: "float64", kind: float, bits: 64},
		&typ{name: "complex64", kind: complexNumber, bits: 64},
		&typ{name: "complex128", kind: complexNumber, bits: 128},
		&typ{name: "string", kind: text},
		&typ{name: "any", kind: anything},
		&typ{name: "error", kind: failure},
		&typ{name: "func(int) int", kind: callback},
		&typ{name: "chan int", kind: channel},
	)
	g.defined("N0", "int", integer)
	g.defined("N1", "string", text)
	for i := range 6 {
		g.declareStruct(i)
		g.compose()
	}
	g.printf("type shaper interface{ Shape(n int) string }\n\n")
	g.types = append(g.types, &typ{name: "shaper", kind: shaper})
}

// defined declares a named type with a basic underlying type.
func (g *generator) defined(name, underlying string, k kind) {
	g.printf("type %s %s\n\n", name, underlying)
	g.types = append(g.types, &typ{name: name, kind: k, bits: 64})
}

func (g *generator) declareStruct(i int) {
	t := &typ{name: fmt.Sprintf("S%d", i), kind: structure, ptr: g.chance(2)}
	var body strings.Builder
	for n := range g.rand.IntN(6) {
		f := g.anyType()
		fmt.Fprintf(&body, "\t%s %s\n", field(n), f.name)
		t.fields = append(t.fields, f)
	}
	g.printf("type %s struct {\n%s}\n\n", t.name, body.String())
	g.types = append(g.types, t, &typ{name: "*" + t.name, kind: pointer, elem: t})
}

// compose adds an array, a slice, a map and a pointer of types that stand already.
func (g *generator) compose() {
	a := &typ{kind: array, elem: g.anyType(), len: g.rand.IntN(4)}
	a.name = fmt.Sprintf("[%d]%s", a.len, a.elem.name)
	s := &typ{kind: slice, elem: g.anyType()}
	s.name = "[]" + s.elem.name
	m := &typ{kind: mapping, key: pick(g, g.named("int"), g.named("string"), g.named("N1")), elem: g.anyType()}
	m.name = fmt.Sprintf("map[%s]%s", m.key.name, m.elem.name)
	p := &typ{kind: pointer, elem: g.anyType()}
	p.name = "*" + p.elem.name
	g.types = append(g.types, a, s, m, p)
}

// anyType returns a random type, those declared last more often.
func (g *generator) anyType() *typ {
	if n := len(g.types); n > 30 && g.chance(2) {
		return g.types[n-1-g.rand.IntN(20)]
	}
	return pick(g, g.types...)
}

// named returns the type with a name.
func (g *generator) named(name string) *typ {
	for _, t := range g.types {
		if t.name == name {
			return t
		}
	}
	panic("no type " + name)
}

// structs returns the structures of the program.
func (g *generator) structs() []*typ {
	var out []*typ
	for _, t := range g.types {
		if t.kind == structure {
			out = append(out, t)
		}
	}
	return out
}
