package program

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

func basic(name string, bits int) godwarf.Type { return godwarf.FakeBasicType(name, bits) }

func structOf(fields ...godwarf.Type) godwarf.Type {
	st := &godwarf.StructType{Kind: "struct"}
	var off int64
	for i, f := range fields {
		off = align(off, alignOf(f))
		st.Field = append(st.Field, &godwarf.StructField{Name: fmt.Sprint("f", i), Type: f, ByteOffset: off})
		off += sizeOf(f)
	}
	st.ByteSize = align(off, alignOf(st))
	return st
}

func arrayOf(n int64, elem godwarf.Type) godwarf.Type {
	t := &godwarf.ArrayType{Type: elem, Count: n}
	t.ByteSize = n * sizeOf(elem)
	return t
}

func stringType() godwarf.Type {
	t := &godwarf.StringType{}
	t.ByteSize = 16
	return t
}

// show prints a location as register@offset of each piece, or the stack slot.
func show(l location) string {
	if l.pieces == nil {
		return fmt.Sprintf("stack+%d", l.stack)
	}
	var words []string
	for _, p := range l.pieces {
		kind := "i"
		if p.float {
			kind = "f"
		}
		words = append(words, fmt.Sprintf("%s%d@%d", kind, p.register, p.offset))
	}
	return strings.Join(words, " ")
}

func TestAssign(t *testing.T) {
	i64, i8, f64 := basic("int", 64), basic("int", 8), basic("float", 64)
	nine := make([]godwarf.Type, 9)
	for i := range nine {
		nine[i] = i64
	}
	for _, tt := range []struct {
		name  string
		types []godwarf.Type
		want  []string
	}{
		{"integers and floats apart", []godwarf.Type{i64, f64, i8, f64}, []string{"i0@0", "f0@0", "i1@0", "f1@0"}},
		{"string", []godwarf.Type{stringType(), i64}, []string{"i0@0 i1@8", "i2@0"}},
		{"struct spread", []godwarf.Type{structOf(i8, i64, f64)}, []string{"i0@0 i1@8 f0@16"}},
		{"nested", []godwarf.Type{structOf(structOf(i8, i8), arrayOf(1, i64))}, []string{"i0@0 i1@1 i2@8"}},
		{"array of two on the stack", []godwarf.Type{arrayOf(2, i64), i64}, []string{"stack+0", "i0@0"}},
		{"a tenth integer", append(nine, i64, i8, i64), []string{
			"i0@0", "i1@0", "i2@0", "i3@0", "i4@0", "i5@0", "i6@0", "i7@0", "i8@0", "stack+0", "stack+8", "stack+16",
		}},
		{"one that does not fit leaves its registers to the next", append(nine[:8:8], stringType(), i64), []string{
			"i0@0", "i1@0", "i2@0", "i3@0", "i4@0", "i5@0", "i6@0", "i7@0", "stack+0", "i8@0",
		}},
		{"no size", []godwarf.Type{structOf(), i64}, []string{"stack+0", "i0@0"}},
		{"no size, but aligned", []godwarf.Type{arrayOf(3, i8), arrayOf(0, i64), arrayOf(2, i8)}, []string{"stack+0", "stack+8", "stack+8"}},
		{"a part without size", []godwarf.Type{structOf(structOf(), arrayOf(0, arrayOf(2, i64)), i64)}, []string{"i0@0"}},
		{"a part of several elements without size", []godwarf.Type{structOf(arrayOf(2, structOf()), i64), i8}, []string{"stack+0", "i0@0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a assigner
			for i, typ := range tt.types {
				if got := show(a.assign(typ)); got != tt.want[i] {
					t.Errorf("value %d: %s, want %s", i, got, tt.want[i])
				}
			}
		})
	}
}

func TestAssignResults(t *testing.T) {
	i64 := basic("int", 64)
	var a assigner
	a.assign(arrayOf(3, basic("int", 8))) // 3 bytes on the stack
	a.assign(i64)
	a.results()
	if got := show(a.assign(i64)); got != "i0@0" {
		t.Errorf("first result: %s, want the first register again", got)
	}
	if got := show(a.assign(arrayOf(2, i64))); got != "stack+8" {
		t.Errorf("second result: %s, want the word after the arguments", got)
	}
}

func TestWithDictionary(t *testing.T) {
	x := Param{Name: "x", dictIndex: -1}
	recv := Param{Name: "l", dictIndex: -1}
	for _, tt := range []struct {
		symbol string
		args   []Param
		want   string
	}{
		{"main.work", []Param{x}, "x"},
		{"main.Map[go.shape.int]", []Param{x}, ".dict x"},
		{"main.Map[go.shape.int]", nil, ".dict"},
		{"main.Map[go.shape.int]", []Param{{Name: dictionary}, x}, ".dict x"},
		{"main.Map[go.shape.int].func1", []Param{x}, "x"},
		{"main.(*List[go.shape.string]).Push", []Param{recv, x}, "l .dict x"},
		{"main.List[go.shape.string].Each", []Param{recv, x}, "l .dict x"},
		{"main.(*List[go.shape.string]).Push.func2", []Param{x}, "x"},
		{"main.(*List[go.shape.string]).Push-range1", []Param{x}, "x"},
		{"main.(*List[go.shape.string]).func1", []Param{recv, x}, "l .dict x"},
		{"main.Map[go.shape.int]-range1", []Param{x}, "x"},
		{"main.Map[go.shape.int].func1-range2", []Param{x}, "x"},
		{"main.main.Map[go.shape.int].func1.2", []Param{x}, "x"},
		{"main.Map[int]", []Param{x}, "x"},
	} {
		var names []string
		for _, p := range withDictionary(tt.symbol, tt.args) {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.symbol, got, tt.want)
		}
	}
}
