package eval

import (
	"fmt"
	"go/types"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/engine/program/value"
)

// CompileParts compiles an expression whose value has parts.
func CompileParts(text string, ts *Types, scope Scope) (*Program, error) {
	p, err := Compile(text, ts, scope)
	if err != nil {
		return nil, err
	}
	t := p.root.t.Underlying()
	if ptr, ok := t.(*types.Pointer); ok {
		t = ptr.Elem().Underlying()
	}
	switch t.(type) {
	case *types.Struct, *types.Slice, *types.Array, *types.Map:
		if p.root.dw != nil {
			return p, nil
		}
	}
	return nil, p.expr.Error(p.expr.Node.Pos(), fmt.Sprintf("this is of type %s, and has no parts: a struct, a slice, an array or a map has, and a pointer to one", p.root.t))
}

// Parts evaluates the expression and renders the parts of what comes out, as many
// as the limits say.
func (p *Program) Parts(f Frame, lim engine.Limits) ([]events.Value, error) {
	m := &machine{Frame: f, ts: p.ts, lim: lim}
	root, name := p.root, p.expr.Text
	if _, ok := root.t.Underlying().(*types.Pointer); ok {
		c := &compiler{x: p.expr, ts: p.ts}
		root = c.deref(root, p.expr.Node, p.expr.Node)
		if _, ok := root.t.Underlying().(*types.Struct); !ok {
			name = "(*" + name + ")"
		}
	}
	v, err := root.run(m)
	if err != nil {
		return nil, err
	}
	most := lim.Values
	if most == 0 {
		most = engine.DefaultValues
	}
	switch t := value.Underlying(root.dw).(type) {
	case *godwarf.StructType:
		return m.fields(name, root, t, v, most), nil
	case *godwarf.SliceType, *godwarf.ArrayType:
		return m.elements(name, root, v, most)
	case *godwarf.MapType:
		return m.entries(name, root, t, v)
	}
	return nil, fmt.Errorf("%s has no parts", name)
}

func (m *machine) fields(name string, x node, t *godwarf.StructType, v operand, most int) []events.Value {
	var list []events.Value
	st, ok := x.t.Underlying().(*types.Struct)
	if !ok || st.NumFields() != len(t.Field) {
		return nil // it was too deep inside others to be known
	}
	for i, f := range t.Field {
		if len(list) >= most {
			break
		}
		if st.Field(i).Name() == "_" {
			continue
		}
		o := operand{Place: part(v.Place, f.ByteOffset), secret: max(v.secret, m.ts.values.Field(m, x.dw, v.Place, f, m.lim))}
		list = append(list, m.render(name+"."+st.Field(i).Name(), f.Type, o))
	}
	return list
}

func (m *machine) elements(name string, x node, v operand, most int) ([]events.Value, error) {
	at, n, err := elements(m, x.t.Underlying(), v)
	if err != nil {
		return nil, err
	}
	t, size := elementOf(x)
	list := make([]events.Value, min(n, uint64(most)))
	for i := range list {
		list[i] = m.render(fmt.Sprintf("%s[%d]", name, i), t, element(at, uint64(i), size, v.secret))
	}
	return list, nil
}

func (m *machine) entries(name string, x node, t *godwarf.MapType, v operand) ([]events.Value, error) {
	w, err := words(m, v, 1)
	if err != nil {
		return nil, err
	}
	entries, err := m.ts.values.Entries(m, x.dw, w[0], m.lim)
	var list []events.Value
	for _, e := range entries {
		o := operand{Place: e.Elem, secret: max(v.secret, e.Secret)}
		list = append(list, m.render(name+"["+e.Key+"]", t.ElemType, o))
	}
	return list, err
}
