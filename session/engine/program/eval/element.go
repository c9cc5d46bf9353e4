package eval

import (
	"fmt"
	"go/ast"
	"go/types"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events/secret"
	"gtrace/session/engine/program/value"
)

// index finds an element of a string, an array, a slice or a map.
func (c *compiler) index(n *ast.IndexExpr, t types.Type) (node, error) {
	x, err := c.node(n.X)
	if err != nil {
		return node{}, err
	}
	i, err := c.node(n.Index)
	if err != nil {
		return node{}, err
	}
	if p, ok := x.t.Underlying().(*types.Pointer); ok && p != nil { // to an array
		x = c.deref(x, n.X, n)
	}
	if mt, ok := x.t.Underlying().(*types.Map); ok {
		return c.entry(n, x, i, mt)
	}
	elem, size := elementOf(x)
	list := c.x.Source(n.X)
	return node{t, elem, func(m *machine) (operand, error) {
		v, err := x.run(m)
		if err != nil {
			return v, err
		}
		k, err := i.integer(m)
		if err != nil {
			return v, err
		}
		at, length, err := elements(m, x.t.Underlying(), v)
		switch {
		case err != nil:
			return v, err
		case k >= length: // a negative one, too
			return v, fmt.Errorf("%s has %d elements, and none with index %d", list, length, int64(k))
		}
		o := element(at, k, size, v.secret)
		// For what is made of it: alone, it is shown as one of the list.
		o.secret = max(o.secret, m.ts.values.Follows(m, elem, o.before, v.secret, m.lim))
		return o, nil
	}}, nil
}

// element returns an element of a list.
func element(list value.Place, i uint64, size int64, m secret.Match) operand {
	o := operand{Place: part(list, int64(i)*size), secret: m, listed: true}
	if i > 0 {
		o.before = new(part(list, int64(i-1)*size))
	}
	return o
}

// elementOf returns the type and the size of the elements of a list.
func elementOf(x node) (godwarf.Type, int64) {
	switch t := value.Underlying(x.dw).(type) {
	case *godwarf.SliceType:
		return t.ElemType, t.ElemType.Size()
	case *godwarf.ArrayType:
		return t.Type, t.Type.Size()
	}
	return nil, 1 // of a string
}

// integer evaluates an index.
func (i node) integer(m *machine) (uint64, error) {
	v, err := i.run(m)
	if err != nil {
		return 0, err
	}
	b, err := load(m, v, sizeOf(i.t))
	return number(b, isUnsigned(basicOf(i.t))), err
}

// elements returns where the elements of a list stand, and how many there are.
func elements(m *machine, t types.Type, v operand) (value.Place, uint64, error) {
	if a, ok := t.(*types.Array); ok {
		return v.Place, uint64(a.Len()), nil
	}
	if v.text != nil {
		return value.Place{Data: []byte(*v.text)}, uint64(len(*v.text)), nil
	}
	w, err := words(m, v, 2)
	return value.Place{Addr: w[0]}, w[1], err
}

// slice cuts a piece out of a string or a slice.
func (c *compiler) slice(n *ast.SliceExpr, t types.Type) (node, error) {
	x, err := c.node(n.X)
	if err != nil {
		return node{}, err
	}
	switch x.t.Underlying().(type) {
	case *types.Basic, *types.Slice:
	default:
		return c.unsupported(n, "a piece of a %s cannot be made", x.t)
	}
	bounds := make([]node, 2)
	for i, b := range []ast.Expr{n.Low, n.High} {
		if b == nil {
			continue
		}
		if bounds[i], err = c.node(b); err != nil {
			return node{}, err
		}
	}
	_, size := elementOf(x)
	return node{t, x.dw, func(m *machine) (operand, error) {
		v, err := x.run(m)
		if err != nil {
			return v, err
		}
		at, length, err := elements(m, x.t.Underlying(), v)
		if err != nil {
			return v, err
		}
		low, high := uint64(0), length
		for i, to := range []*uint64{&low, &high} {
			if bounds[i].run == nil {
				continue
			}
			if *to, err = bounds[i].integer(m); err != nil {
				return v, err
			}
		}
		if low > high || high > length {
			return v, fmt.Errorf("%d:%d is outside the %d elements of %s", int64(low), int64(high), length, c.x.Source(n.X))
		}
		if v.text != nil {
			s := (*v.text)[low:high]
			return operand{text: &s}, nil
		}
		header := order.AppendUint64(nil, at.Addr+low*uint64(size))
		header = order.AppendUint64(header, high-low)
		header = order.AppendUint64(header, high-low) // nobody asks for more
		return operand{Place: value.Place{Data: header}, secret: v.secret}, nil
	}}, nil
}

// entry looks up a key of a map.
func (c *compiler) entry(n *ast.IndexExpr, x, key node, mt *types.Map) (node, error) {
	dw, ok := value.Underlying(x.dw).(*godwarf.MapType)
	kt := node{t: mt.Key()}
	compare := comparer(kt, kt, false)
	if b := basicOf(mt.Key()); b != nil && b.Info()&types.IsString != 0 {
		compare = sameTexts
	}
	if _, isInterface := mt.Key().Underlying().(*types.Interface); !ok || compare == nil || isInterface {
		return c.unsupported(n.Index, "keys of type %s cannot be looked up", mt.Key())
	}
	size := dw.ElemType.Size()
	return node{mt.Elem(), dw.ElemType, func(m *machine) (operand, error) {
		v, err := x.run(m)
		if err != nil {
			return v, err
		}
		want, err := key.run(m)
		if err != nil {
			return want, err
		}
		w, err := words(m, v, 1)
		if err != nil {
			return v, err
		}
		named := keyMatch(m, want, dw.KeyType, key.t)
		elem, found, err := m.ts.values.Find(m, x.dw, w[0], func(at value.Place) (bool, error) {
			order, err := compare(m, operand{Place: at}, want)
			return order == 0, err
		})
		if err != nil {
			return v, err
		}
		o := operand{Place: elem, secret: max(v.secret, named)}
		if !found { // Go has a zero there
			o.Place = value.Place{Data: make([]byte, size)}
		}
		return o, nil
	}}, nil
}

// keyMatch says whether a key names a secret.
func keyMatch(m *machine, key operand, t godwarf.Type, kt types.Type) secret.Match {
	b := basicOf(kt)
	if m.lim.Hide == nil || b == nil || b.Info()&types.IsString == 0 {
		return secret.No
	}
	s, err := text(m, key)
	if err != nil {
		return secret.Yes // nobody knows
	}
	return m.lim.Hide.Match(s)
}
