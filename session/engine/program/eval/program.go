// Package eval evaluates Go expressions on the values of another process,
// without running code there.
//
// An expression is compiled once for each kind of place at which it is evaluated,
// where Go's own type checker finds most mistakes, and evaluated often. Delve's
// evaluator is not used: it looks up variables by itself, in the places that the
// debug information names, which do not hold yet at the entry of a function, where
// conditions are evaluated. It would believe what stands in slots that are not
// written, in dictionaries and closures that are not loaded, and zeros in the place
// of parts that the compiler keeps nowhere. It has no types before a value is read
// either, so that a mistake would show at a hit only.
//
// The package does not know processes: a [Frame] finds variables and reads memory.
package eval

import (
	"encoding/binary"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events"
	"gtrace/events/secret"
	"gtrace/session/engine"
	"gtrace/session/engine/goexpr"
	"gtrace/session/engine/program/value"
)

// A Variable is what a name stands for. A type has no place; the place of a
// variable of the frame is known at a hit only.
type Variable struct {
	Type     godwarf.Type
	IsType   bool
	Addr     uint64         // of a package's variable
	Constant constant.Value // of a package's constant
	Index    int            // of a variable of the frame: for Frame.Variable
	Secret   secret.Match   // what its name says
}

// A Scope tells what names stand for. The package is "" for a name that stands by
// itself.
type Scope func(pkg, name string) (Variable, bool)

// A Frame is where an expression is evaluated.
type Frame interface {
	value.Memory
	// Variable finds a variable. The error says why it cannot.
	Variable(index int) (Found, error)
}

// Found is a variable of a frame.
type Found struct {
	value.Place
	Type   godwarf.Type // of a type parameter in this call; nil: as compiled
	Secret secret.Match // what others say of it
}

// A Program is an expression that was compiled for a kind of place.
type Program struct {
	expr *goexpr.Expr
	ts   *Types
	root node
}

// A node evaluates a part of an expression.
type node struct {
	t   types.Type
	dw  godwarf.Type // nil: that of t
	run func(*machine) (operand, error)
}

// An operand is a value, raw.
type operand struct {
	value.Place
	text   *string // of a string that stands nowhere
	secret secret.Match
	known  godwarf.Type // of a type parameter
	// listed is set for an element of a list; before is the one before it.
	listed bool
	before *value.Place
}

// A machine is one evaluation.
type machine struct {
	Frame
	ts  *Types
	lim engine.Limits
}

// Compile checks an expression against what its names stand for. Its error is a
// [*diag.Error].
func Compile(text string, ts *Types, scope Scope) (*Program, error) {
	x, err := goexpr.Parse(text)
	if err != nil {
		return nil, err
	}
	c := &compiler{x: x, ts: ts, vars: make(map[types.Object]Variable)}
	if err := c.resolve(scope); err != nil {
		return nil, err
	}
	p := &Program{expr: x, ts: ts}
	if p.root, err = c.node(x.Node); err != nil {
		return nil, err
	}
	return p, nil
}

// CompileCondition compiles what must be true or false.
func CompileCondition(text string, ts *Types, scope Scope) (*Program, error) {
	p, err := Compile(text, ts, scope)
	if err != nil {
		return nil, err
	}
	return p, p.expr.IsCondition(p.root.t)
}

// Bool evaluates a condition.
func (p *Program) Bool(f Frame) (bool, error) {
	v, err := p.root.run(&machine{Frame: f, ts: p.ts})
	if err != nil {
		return false, err
	}
	b, err := load(f, v, 1)
	return err == nil && b[0] != 0, err
}

// Value evaluates the expression and renders what comes out.
func (p *Program) Value(f Frame, lim engine.Limits) (events.Value, error) {
	m := &machine{Frame: f, ts: p.ts, lim: lim}
	v, err := p.root.run(m)
	if err != nil {
		return events.Value{}, err
	}
	if v.text != nil {
		return events.Value{Name: p.expr.Text, Type: p.root.t.String(), Value: events.Quote(*v.text)}, nil
	}
	t := p.root.dw
	if _, isName := ast.Unparen(p.expr.Node).(*ast.Ident); isName && v.known != nil {
		t = v.known
	}
	if t == nil {
		if t = p.ts.dwarfOf(p.root.t); t == nil {
			return events.Value{}, fmt.Errorf("a value of type %s cannot be shown", p.root.t)
		}
	}
	return m.render(p.expr.Text, t, v), nil
}

// render shows a value.
func (m *machine) render(name string, t godwarf.Type, v operand) events.Value {
	values := m.ts.values
	var r value.Rendered
	if v.listed {
		r = values.Element(m, t, v.before, v.Place, v.secret, m.lim)
	} else {
		r = values.Show(m, t, v.Place, v.secret, m.lim)
	}
	return events.Value{Name: name, Type: values.TypeName(t), Value: r.Text, Error: r.Error}
}

// A compiler compiles one expression.
type compiler struct {
	x    *goexpr.Expr
	ts   *Types
	info *types.Info
	vars map[types.Object]Variable
}

// resolve finds out what the names stand for, and checks the types.
func (c *compiler) resolve(scope Scope) error {
	// The names of one expression must not be found by another.
	names := types.NewPackage("target", "target")
	insert := func(name string, v Variable) {
		if names.Scope().Lookup(name) != nil {
			return
		}
		t := c.ts.of(v.Type)
		var obj types.Object
		switch {
		case v.IsType:
			obj = types.NewTypeName(0, c.ts.pkg, name, t)
		case v.Constant != nil:
			obj = types.NewConst(0, c.ts.pkg, name, t, v.Constant)
		default:
			obj = types.NewVar(0, c.ts.pkg, name, t)
		}
		names.Scope().Insert(obj)
		c.vars[obj] = v
	}
	c.x.Qualify(func(pkg, name string) bool {
		if _, ok := scope("", pkg); ok {
			return false
		}
		v, ok := scope(pkg, name)
		if ok {
			insert(pkg+"."+name, v)
		}
		return ok
	})
	c.x.Names(func(id *ast.Ident) {
		if v, ok := scope("", id.Name); ok {
			insert(id.Name, v)
		}
	})
	var err error
	c.info, err = c.x.Check(names)
	return err
}

var order = binary.LittleEndian

// load returns the first n bytes of a value.
func load(mem value.Memory, v operand, n int64) ([]byte, error) {
	if n <= int64(len(v.Data)) {
		return v.Data[:n], nil
	}
	if v.Addr == 0 {
		return nil, errors.New("it is not known whole")
	}
	buf := make([]byte, n)
	if got, err := mem.ReadMemory(buf, v.Addr); err != nil || got < len(buf) {
		return nil, fmt.Errorf("memory at %#x cannot be read", v.Addr)
	}
	return buf, nil
}

// words returns the first words of a value.
func words(mem value.Memory, v operand, n int64) (w [3]uint64, err error) {
	b, err := load(mem, v, 8*n)
	for i := range len(b) / 8 {
		w[i] = order.Uint64(b[8*i:])
	}
	return w, err
}

// text returns a string. Longer ones are not compared.
func text(mem value.Memory, v operand) (string, error) {
	if v.text != nil {
		return *v.text, nil
	}
	w, err := words(mem, v, 2)
	if err != nil || w[1] == 0 {
		return "", err
	}
	if w[1] > maxText {
		return "", fmt.Errorf("a string of %d bytes is too long to be compared", w[1])
	}
	b, err := load(mem, operand{Place: value.Place{Addr: w[0]}}, int64(w[1]))
	return string(b), err
}

const maxText = 1 << 20

// textLen returns the length of a string.
func textLen(mem value.Memory, v operand) (uint64, error) {
	if v.text != nil {
		return uint64(len(*v.text)), nil
	}
	w, err := words(mem, v, 2)
	return w[1], err
}
