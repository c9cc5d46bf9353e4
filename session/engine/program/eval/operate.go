package eval

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"math"

	"gtrace/session/engine/program/value"
)

var errZero = errors.New("division by zero")

// number reads an integer, with its sign where it has one.
func number(b []byte, unsigned bool) uint64 {
	var word [8]byte
	n := copy(word[:], b)
	x := order.Uint64(word[:])
	if shift := 64 - 8*n; !unsigned && shift > 0 {
		x = uint64(int64(x<<shift) >> shift)
	}
	return x
}

func float(b []byte) float64 {
	if len(b) == 4 {
		return float64(math.Float32frombits(order.Uint32(b)))
	}
	return math.Float64frombits(order.Uint64(b))
}

func isUnsigned(b *types.Basic) bool { return b.Info()&types.IsUnsigned != 0 }

func isFloat(b *types.Basic) bool { return b.Info()&types.IsFloat != 0 }

// convertNumber converts as Go does.
func convertNumber(b []byte, from, to *types.Basic, size int64) []byte {
	if len(b) == 0 {
		return nil
	}
	switch {
	case isFloat(from) && isFloat(to):
		return encodeFloat(float(b), size)
	case isFloat(from) && isUnsigned(to):
		return encode(uint64(float(b)), size)
	case isFloat(from):
		return encode(uint64(int64(float(b))), size)
	case isFloat(to) && isUnsigned(from):
		return encodeFloat(float64(number(b, true)), size)
	case isFloat(to):
		return encodeFloat(float64(int64(number(b, false))), size)
	}
	return encode(number(b, isUnsigned(from)), size)
}

func (c *compiler) binary(n *ast.BinaryExpr, t types.Type) (node, error) {
	x, err := c.node(n.X)
	if err != nil {
		return node{}, err
	}
	y, err := c.node(n.Y)
	if err != nil {
		return node{}, err
	}
	switch n.Op {
	case token.LAND, token.LOR:
		return both(x, y, n.Op == token.LOR, t), nil
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return c.comparison(n, x, y, t)
	}
	return c.arithmetic(n, n.Op, x, y, t)
}

// both evaluates the right side only if the left one does not decide.
func both(x, y node, decides bool, t types.Type) node {
	return node{t, nil, func(m *machine) (operand, error) {
		for _, side := range []node{x, y} {
			v, err := side.run(m)
			if err != nil {
				return v, err
			}
			b, err := load(m, v, 1)
			if err != nil || (b[0] != 0) == decides {
				return boolean(decides), err
			}
		}
		return boolean(!decides), nil
	}}
}

// comparison compares two values. Of what order they are, compare says.
func (c *compiler) comparison(n *ast.BinaryExpr, x, y node, t types.Type) (node, error) {
	compare := comparer(x, y, c.info.Types[n.X].IsNil() || c.info.Types[n.Y].IsNil())
	if compare == nil {
		return c.unsupported(n, "%s cannot be compared with %s here", x.t, y.t)
	}
	if b := basicOf(x.t); b != nil && b.Info()&types.IsString != 0 && (n.Op == token.EQL || n.Op == token.NEQ) {
		compare = sameTexts
	}
	return node{t, nil, func(m *machine) (operand, error) {
		v, err := x.run(m)
		if err != nil {
			return v, err
		}
		w, err := y.run(m)
		if err != nil {
			return w, err
		}
		order, err := compare(m, v, w)
		if err != nil {
			return v, err
		}
		o := boolean(holds(n.Op, order))
		o.secret = max(v.secret, w.secret)
		return o, nil
	}}, nil
}

// unordered is what comes out where NaN is compared.
const unordered = 2

func holds(op token.Token, order int) bool {
	switch op {
	case token.EQL:
		return order == 0
	case token.NEQ:
		return order != 0
	case token.LSS:
		return order == -1
	case token.LEQ:
		return order == -1 || order == 0
	case token.GTR:
		return order == 1
	default:
		return order == 1 || order == 0
	}
}

// comparer returns what compares values of a type, nil where nothing does.
func comparer(x, y node, withNil bool) func(m *machine, v, w operand) (int, error) {
	switch t := x.t.Underlying().(type) {
	case *types.Basic:
		return basicComparer(t)
	case *types.Pointer, *types.Chan:
		return wordComparer
	case *types.Interface:
		if withNil {
			return wordComparer
		}
		if types.Identical(x.t, y.t) {
			return interfaceComparer(x)
		}
	default:
		if withNil {
			return wordComparer
		}
	}
	return nil
}

func basicComparer(t *types.Basic) func(m *machine, v, w operand) (int, error) {
	size := int64(8)
	if t.Kind() != types.UntypedNil {
		size = sizeOf(types.Default(t))
	}
	switch info := t.Info(); {
	case info&types.IsString != 0:
		return compareTexts
	case info&types.IsComplex != 0:
		return func(m *machine, v, w operand) (int, error) {
			a, b, err := pair(m, v, w, size)
			if err != nil {
				return 0, err
			}
			if float(a[:size/2]) == float(b[:size/2]) && float(a[size/2:]) == float(b[size/2:]) {
				return 0, nil
			}
			return unordered, nil
		}
	case info&types.IsFloat != 0:
		return func(m *machine, v, w operand) (int, error) {
			a, b, err := pair(m, v, w, size)
			if err != nil {
				return 0, err
			}
			if x, y := float(a), float(b); x == x && y == y {
				return cmp.Compare(x, y), nil
			}
			return unordered, nil
		}
	case info&types.IsInteger != 0 && info&types.IsUnsigned == 0:
		return func(m *machine, v, w operand) (int, error) {
			a, b, err := pair(m, v, w, size)
			return cmp.Compare(int64(number(a, false)), int64(number(b, false))), err
		}
	}
	return func(m *machine, v, w operand) (int, error) {
		a, b, err := pair(m, v, w, size)
		return cmp.Compare(number(a, true), number(b, true)), err
	}
}

func pair(m *machine, v, w operand, size int64) (a, b []byte, err error) {
	if a, err = load(m, v, size); err != nil {
		return nil, nil, err
	}
	b, err = load(m, w, size)
	return a, b, err
}

func compareTexts(m *machine, v, w operand) (int, error) {
	s, err := text(m, v)
	if err != nil {
		return 0, err
	}
	t, err := text(m, w)
	return cmp.Compare(s, t), err
}

// sameTexts is compareTexts for == and !=, which need not read strings of
// different lengths.
func sameTexts(m *machine, v, w operand) (int, error) {
	a, err := textLen(m, v)
	if err != nil {
		return 0, err
	}
	b, err := textLen(m, w)
	if err != nil || a != b {
		return cmp.Compare(a, b), err
	}
	return compareTexts(m, v, w)
}

func wordComparer(m *machine, v, w operand) (int, error) {
	a, b, err := pair(m, v, w, 8)
	return cmp.Compare(number(a, true), number(b, true)), err
}

// interfaceComparer compares interfaces of the same type. Without code of the
// target that can be told where they hold pointers, or what differs in type.
func interfaceComparer(x node) func(m *machine, v, w operand) (int, error) {
	return func(m *machine, v, w operand) (int, error) {
		a, err := words(m, v, 2)
		if err != nil {
			return 0, err
		}
		b, err := words(m, w, 2)
		if err != nil || a[0] != b[0] || a == b {
			return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])), err
		}
		held, _, err := m.ts.values.Dynamic(m, x.dw, v.Place)
		if err != nil || held == nil {
			return 0, err
		}
		if _, ok := m.ts.of(held).Underlying().(*types.Pointer); !ok {
			return 0, fmt.Errorf("values of type %s in interfaces cannot be compared", m.ts.values.TypeName(held))
		}
		return unordered, nil
	}
}

// arithmetic computes with numbers, with the overflow of their type.
func (c *compiler) arithmetic(n ast.Expr, op token.Token, x, y node, t types.Type) (node, error) {
	b := basicOf(t)
	if b == nil || b.Info()&(types.IsInteger|types.IsFloat) == 0 {
		return c.unsupported(n, "%s cannot be computed of a %s here", op, t)
	}
	dw := x.dw
	if dw == nil && op != token.SHL && op != token.SHR {
		dw = y.dw
	}
	size, shift := sizeOf(t), op == token.SHL || op == token.SHR
	ySize, yBasic := sizeOf(y.t), basicOf(y.t)
	return node{t, dw, func(m *machine) (operand, error) {
		v, err := x.run(m)
		if err != nil {
			return v, err
		}
		w, err := y.run(m)
		if err != nil {
			return w, err
		}
		p, err := load(m, v, size)
		if err != nil {
			return v, err
		}
		q, err := load(m, w, ySize)
		if err != nil {
			return w, err
		}
		o := operand{secret: max(v.secret, w.secret)}
		switch {
		case isFloat(b):
			o.Data = encodeFloat(floats(op, float(p), float(q)), size)
			return o, nil
		case shift:
			o.Place, err = shifted(op, number(p, isUnsigned(b)), number(q, isUnsigned(yBasic)), size, isUnsigned(b), isUnsigned(yBasic))
			return o, err
		}
		r, err := integers(op, number(p, isUnsigned(b)), number(q, isUnsigned(b)), isUnsigned(b))
		o.Data = encode(r, size)
		return o, err
	}}, nil
}

func floats(op token.Token, x, y float64) float64 {
	switch op {
	case token.ADD:
		return x + y
	case token.SUB:
		return x - y
	case token.MUL:
		return x * y
	default:
		return x / y
	}
}

func integers(op token.Token, x, y uint64, unsigned bool) (uint64, error) {
	switch op {
	case token.ADD:
		return x + y, nil
	case token.SUB:
		return x - y, nil
	case token.MUL:
		return x * y, nil
	case token.AND:
		return x & y, nil
	case token.OR:
		return x | y, nil
	case token.XOR:
		return x ^ y, nil
	case token.AND_NOT:
		return x &^ y, nil
	}
	if y == 0 {
		return 0, errZero
	}
	switch {
	case unsigned && op == token.QUO:
		return x / y, nil
	case unsigned:
		return x % y, nil
	case op == token.QUO:
		return uint64(int64(x) / int64(y)), nil
	}
	return uint64(int64(x) % int64(y)), nil
}

func shifted(op token.Token, x, n uint64, size int64, unsigned, unsignedCount bool) (value.Place, error) {
	if !unsignedCount && int64(n) < 0 {
		return value.Place{}, errors.New("shift by a negative number")
	}
	switch {
	case op == token.SHL:
		x <<= n
	case unsigned:
		x >>= n
	default:
		x = uint64(int64(x) >> n)
	}
	return value.Place{Data: encode(x, size)}, nil
}
