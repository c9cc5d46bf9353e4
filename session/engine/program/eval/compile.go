package eval

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine/program/value"
)

func (c *compiler) unsupported(n ast.Node, format string, args ...any) (node, error) {
	return node{}, c.x.Error(n.Pos(), fmt.Sprintf(format, args...))
}

// node compiles a part of the expression.
func (c *compiler) node(n ast.Expr) (node, error) {
	tv := c.info.Types[n]
	if tv.Value != nil {
		return constantNode(tv.Type, tv.Value)
	}
	switch n := n.(type) {
	case *ast.ParenExpr:
		return c.node(n.X)
	case *ast.Ident:
		return c.name(n, tv.Type)
	case *ast.SelectorExpr:
		return c.selector(n, tv.Type)
	case *ast.StarExpr:
		x, err := c.node(n.X)
		if err != nil {
			return node{}, err
		}
		return c.deref(x, n.X, n), nil
	case *ast.IndexExpr:
		return c.index(n, tv.Type)
	case *ast.SliceExpr:
		return c.slice(n, tv.Type)
	case *ast.UnaryExpr:
		return c.unary(n, tv.Type)
	case *ast.BinaryExpr:
		return c.binary(n, tv.Type)
	case *ast.CallExpr:
		return c.call(n, tv.Type)
	case *ast.TypeAssertExpr:
		return c.assert(n, tv.Type)
	}
	return c.unsupported(n, "this cannot be evaluated")
}

// constantNode is a value that needs nothing of the target.
func constantNode(t types.Type, v constant.Value) (node, error) {
	t = types.Default(t)
	var o operand
	switch b := basicOf(t); {
	case b == nil:
	case b.Info()&types.IsString != 0:
		s := constant.StringVal(v)
		o.text = &s
	case b.Info()&types.IsBoolean != 0:
		o.Data = boolean(constant.BoolVal(v)).Data
	case b.Info()&types.IsInteger != 0:
		x, exact := constant.Int64Val(constant.ToInt(v))
		if !exact {
			u, _ := constant.Uint64Val(constant.ToInt(v))
			x = int64(u)
		}
		o.Data = encode(uint64(x), sizeOf(t))
	case b.Info()&types.IsFloat != 0:
		f, _ := constant.Float64Val(v)
		o.Data = encodeFloat(f, sizeOf(t))
	}
	return node{t: t, run: func(*machine) (operand, error) { return o, nil }}, nil
}

func (c *compiler) name(n *ast.Ident, t types.Type) (node, error) {
	if c.info.Types[n].IsNil() {
		return node{t: t, run: func(*machine) (operand, error) {
			return operand{Place: value.Place{Data: make([]byte, 24)}}, nil
		}}, nil
	}
	v, ok := c.vars[c.info.Uses[n]]
	if !ok {
		return c.unsupported(n, "%s is not a value", n.Name)
	}
	run := func(m *machine) (operand, error) {
		found, err := m.Variable(v.Index)
		return operand{Place: found.Place, known: found.Type, secret: max(v.Secret, found.Secret)}, err
	}
	if v.Addr != 0 {
		base := n.Name[strings.LastIndexByte(n.Name, '.')+1:]
		run = func(m *machine) (operand, error) {
			return operand{Place: value.Place{Addr: v.Addr}, secret: m.lim.Hide.Match(base)}, nil
		}
	}
	return node{t, v.Type, run}, nil
}

// deref follows a pointer; src is what the user has written for it.
func (c *compiler) deref(x node, src, whole ast.Node) node {
	name := c.x.Source(src)
	var elem godwarf.Type
	if pt, ok := value.Underlying(x.dw).(*godwarf.PtrType); ok {
		elem = pt.Type
	}
	t := x.t.Underlying().(*types.Pointer).Elem()
	return node{t, elem, func(m *machine) (operand, error) {
		v, err := x.run(m)
		if err != nil {
			return v, err
		}
		w, err := words(m, v, 1)
		if err == nil && w[0] == 0 {
			err = fmt.Errorf("%s is nil", name)
		}
		return operand{Place: value.Place{Addr: w[0]}, secret: v.secret}, err
	}}
}

// selector finds a field, perhaps one of an embedded struct.
func (c *compiler) selector(n *ast.SelectorExpr, t types.Type) (node, error) {
	sel := c.info.Selections[n]
	if sel == nil || sel.Kind() != types.FieldVal {
		return c.unsupported(n.Sel, "%s is no field", n.Sel.Name)
	}
	x, err := c.node(n.X)
	if err != nil {
		return node{}, err
	}
	for _, i := range sel.Index() {
		if _, ok := x.t.Underlying().(*types.Pointer); ok {
			x = c.deref(x, n.X, n)
		}
		st, ok := value.Underlying(x.dw).(*godwarf.StructType)
		if !ok || i >= len(st.Field) {
			return c.unsupported(n.Sel, "%s cannot be found", n.Sel.Name)
		}
		x = field(x, st.Field[i], x.t.Underlying().(*types.Struct).Field(i).Type())
	}
	return x, nil
}

func field(x node, f *godwarf.StructField, t types.Type) node {
	return node{t, f.Type, func(m *machine) (operand, error) {
		v, err := x.run(m)
		if err != nil {
			return v, err
		}
		o := operand{Place: part(v.Place, f.ByteOffset), secret: v.secret}
		o.secret = max(o.secret, m.ts.values.Field(m, x.dw, v.Place, f, m.lim))
		return o, nil
	}}
}

// part returns the place of what stands at an offset.
func part(at value.Place, off int64) value.Place {
	p := value.Place{}
	if off <= int64(len(at.Data)) {
		p.Data = at.Data[off:]
	}
	if at.Addr != 0 {
		p.Addr = at.Addr + uint64(off)
	}
	return p
}

func (c *compiler) unary(n *ast.UnaryExpr, t types.Type) (node, error) {
	x, err := c.node(n.X)
	if err != nil {
		return node{}, err
	}
	if n.Op == token.NOT {
		return node{t, nil, func(m *machine) (operand, error) {
			v, err := x.run(m)
			if err != nil {
				return v, err
			}
			b, err := load(m, v, 1)
			if err != nil {
				return v, err
			}
			return boolean(b[0] == 0), nil
		}}, nil
	}
	// -x is 0-x, ^x is -1^x.
	left, op := int64(0), n.Op
	if op == token.XOR {
		left = -1
	}
	zero, err := constantNode(t, constant.MakeInt64(left))
	if err != nil {
		return node{}, err
	}
	return c.arithmetic(n, op, zero, x, t)
}

func (c *compiler) call(n *ast.CallExpr, t types.Type) (node, error) {
	x, err := c.node(n.Args[0])
	if err != nil {
		return node{}, err
	}
	if tv := c.info.Types[n.Fun]; tv.IsType() {
		return c.convert(n, x, t)
	}
	id, ok := ast.Unparen(n.Fun).(*ast.Ident)
	if !ok || id.Name != "len" && id.Name != "cap" {
		return c.unsupported(n.Fun, "no function can be called: it would run code in the target")
	}
	at := int64(8) // of the length in a string or slice
	if id.Name == "cap" {
		at = 16
	}
	under := x.t.Underlying()
	if p, ok := under.(*types.Pointer); ok { // to an array
		return constantNode(types.Typ[types.Int], constant.MakeInt64(p.Elem().Underlying().(*types.Array).Len()))
	}
	return node{t: t, run: func(m *machine) (operand, error) {
		v, err := x.run(m)
		if err != nil {
			return v, err
		}
		n, err := lengthOf(m, under, x.dw, v, at)
		return operand{Place: value.Place{Data: encode(n, 8)}, secret: v.secret}, err
	}}, nil
}

// lengthOf returns the length or the capacity of a value.
func lengthOf(m *machine, t types.Type, dw godwarf.Type, v operand, at int64) (uint64, error) {
	switch t := t.(type) {
	case *types.Basic:
		return textLen(m, v)
	case *types.Array:
		return uint64(t.Len()), nil
	case *types.Slice:
		w, err := words(m, operand{Place: part(v.Place, at)}, 1)
		return w[0], err
	case *types.Map:
		w, err := words(m, v, 1)
		if err != nil {
			return 0, err
		}
		return m.ts.values.Len(m, dw, w[0])
	}
	return 0, fmt.Errorf("the length of a %s is not known", t)
}

// convert changes the type of a value.
func (c *compiler) convert(n *ast.CallExpr, x node, t types.Type) (node, error) {
	from, to := basicOf(x.t), basicOf(t)
	switch {
	case types.Identical(x.t.Underlying(), t.Underlying()):
		x.t, x.dw = t, c.ts.dwarfOf(t)
		return x, nil
	case from != nil && to != nil && from.Info()&types.IsNumeric != 0 && to.Info()&types.IsNumeric != 0 &&
		(from.Info()|to.Info())&types.IsComplex == 0:
		return node{t: t, run: func(m *machine) (operand, error) {
			v, err := x.run(m)
			if err != nil {
				return v, err
			}
			b, err := load(m, v, sizeOf(x.t))
			return operand{Place: value.Place{Data: convertNumber(b, from, to, sizeOf(t))}, secret: v.secret}, err
		}}, nil
	case to != nil && to.Info()&types.IsString != 0 && isBytes(x.t):
		x.t, x.dw = t, nil // both begin with address and length
		return x, nil
	}
	return c.unsupported(n.Fun, "%s cannot be made %s here", x.t, t)
}

func isBytes(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		return false
	}
	b := basicOf(s.Elem())
	return b != nil && b.Kind() == types.Uint8
}

// assert takes the value out of an interface.
func (c *compiler) assert(n *ast.TypeAssertExpr, t types.Type) (node, error) {
	x, err := c.node(n.X)
	if err != nil {
		return node{}, err
	}
	if types.IsInterface(t) {
		return c.unsupported(n.Type, "name the type that is in there, not an interface")
	}
	name := c.x.Source(n.X)
	want := c.ts.dwarfOf(t)
	return node{t, want, func(m *machine) (operand, error) {
		v, err := x.run(m)
		if err != nil {
			return v, err
		}
		held, at, err := m.ts.values.Dynamic(m, x.dw, v.Place)
		switch {
		case err != nil:
			return v, err
		case held == nil:
			return v, fmt.Errorf("%s is nil", name)
		case !types.Identical(m.ts.of(held), t):
			return v, fmt.Errorf("%s is a %s", name, m.ts.values.TypeName(held))
		}
		return operand{Place: at, secret: v.secret}, nil
	}}, nil
}

// dwarfOf returns the debug information of a type, nil where there is none.
func (ts *Types) dwarfOf(t types.Type) godwarf.Type {
	switch t := t.(type) {
	case *types.Named:
		return ts.dwarf[t]
	case *types.Pointer:
		if elem := ts.dwarfOf(t.Elem()); elem != nil {
			return godwarf.FakePointerType(elem, 8)
		}
	case *types.Slice:
		if elem := ts.dwarfOf(t.Elem()); elem != nil {
			return godwarf.FakeSliceType(elem)
		}
	case *types.Basic:
		return ts.basic(t)
	}
	return nil
}

func (ts *Types) basic(t *types.Basic) godwarf.Type {
	// By its own name: byte and rune are others' names.
	found, err := ts.find(types.Typ[types.Default(t).(*types.Basic).Kind()].Name())
	if err != nil {
		return nil
	}
	return found
}

func basicOf(t types.Type) *types.Basic {
	b, _ := t.Underlying().(*types.Basic)
	return b
}

var sizes = types.SizesFor("gc", "amd64")

// sizeOf returns the size of a type. A constant that is shifted by a variable may have
// none yet.
func sizeOf(t types.Type) int64 { return sizes.Sizeof(types.Default(t)) }

func boolean(b bool) operand {
	if b {
		return operand{Place: value.Place{Data: []byte{1}}}
	}
	return operand{Place: value.Place{Data: []byte{0}}}
}

func encode(x uint64, size int64) []byte {
	return order.AppendUint64(nil, x)[:min(size, 8)]
}

func encodeFloat(f float64, size int64) []byte {
	if size == 4 {
		return encode(uint64(math.Float32bits(float32(f))), 4)
	}
	return encode(math.Float64bits(f), 8)
}
