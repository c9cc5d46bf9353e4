package filter

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"gtrace/diag"
	"gtrace/events"
)

// options are those of both compilations: the first checks what the user wrote,
// the second makes it safe.
func options(visitors ...ast.Visitor) []expr.Option {
	list := []expr.Option{expr.Env(&fields{}), expr.AsBool(), expr.DisableAllBuiltins()}
	for _, name := range functions {
		list = append(list, expr.EnableBuiltin(name))
	}
	for _, v := range visitors {
		list = append(list, expr.Patch(v))
	}
	return list
}

// functions are those of the language that an expression about a call may want,
// none of which can take long or make something large of something small.
var functions = []string{
	"all", "any", "none", "one", "count", "filter", "map", "first", "last",
	"len", "lower", "upper", "trim", "split", "indexOf", "abs", "int", "float", "string", "min", "max",
}

// constants puts durations in the place of their names.
type constants struct{ *source }

func (c constants) Visit(node *ast.Node) {
	if id, ok := (*node).(*ast.IdentifierNode); ok {
		if d, ok := c.duration(id.Value); ok {
			ast.Patch(node, &ast.ConstantNode{Value: d})
		}
	}
}

// An inspector notes which fields an expression uses, and what is wrong with
// them.
type inspector struct {
	*source
	used     map[string]bool
	values   map[string][]string // names behind args and results
	places   map[string]int      // the most that is asked for there by position
	names    []*ast.IdentifierNode
	declared map[string]bool // by let
	ranges   []*ast.BinaryNode
	first    *Error // what is wrong
}

func (in *inspector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		in.names = append(in.names, n)
	case *ast.VariableDeclaratorNode:
		if in.declared == nil {
			in.declared = make(map[string]bool)
		}
		in.declared[n.Name] = true
	case *ast.BuiltinNode:
		if !slices.Contains(functions, n.Name) {
			in.wrong(n.Location(), "unknown function "+n.Name+perhaps(n.Name, functions))
		}
	case *ast.MemberNode:
		in.member(n)
	case *ast.BinaryNode:
		in.kinds(n)
		in.span(n)
	}
}

// span takes care that a range stands behind "in", where it is no list of
// numbers but their bounds.
func (in *inspector) span(n *ast.BinaryNode) {
	switch {
	case n.Operator == "..":
		in.ranges = append(in.ranges, n)
	case n.Operator == "in" && len(in.ranges) > 0 && n.Right == in.ranges[len(in.ranges)-1]:
		in.ranges = in.ranges[:len(in.ranges)-1]
	}
}

// problem returns what is wrong, or nil.
func (in *inspector) problem() *Error {
	in.used = make(map[string]bool)
	known := names(reflect.TypeFor[fields]())
	for _, n := range in.names {
		switch {
		case in.declared[n.Value]:
		case slices.Contains(known, n.Value):
			in.used[n.Value] = true
		default:
			near := perhaps(n.Value, known)
			in.wrong(n.Location(), "unknown field "+n.Value+cmp.Or(near, ": a text stands in quotes, an argument is args."+n.Value))
		}
	}
	for _, n := range in.ranges {
		in.wrong(n.Location(), "a range can only follow in, as in args.n in 1..9")
	}
	return in.first
}

func (in *inspector) wrong(at file.Location, reason string) {
	if in.first == nil {
		in.first = in.error(at.From, at.To, reason)
	}
}

// position notes a place in args or results.
func (in *inspector) position(n *ast.MemberNode) {
	list, ok := n.Node.(*ast.IdentifierNode)
	at, isNumber := n.Property.(*ast.IntegerNode)
	if !ok || !isNumber || n.Node.Type() != reflect.TypeFor[values]() {
		return
	}
	if in.places == nil {
		in.places = make(map[string]int)
	}
	in.places[list.Value] = max(in.places[list.Value], at.Value+1)
}

// member checks the name behind a dot.
func (in *inspector) member(n *ast.MemberNode) {
	in.position(n)
	name, ok := n.Property.(*ast.StringNode)
	if !ok {
		return
	}
	base := n.Node.Type()
	if outer, ok := n.Node.(*ast.MemberNode); ok && outer.Node.Type() == reflect.TypeFor[values]() {
		in.wrong(name.Location(), "a value has no fields here: compare it as text, as with contains")
	}
	if list, ok := n.Node.(*ast.IdentifierNode); ok && base == reflect.TypeFor[values]() {
		if in.values == nil {
			in.values = make(map[string][]string)
		}
		in.values[list.Value] = append(in.values[list.Value], name.Value)
	}
	if base.Kind() != reflect.Struct || base.PkgPath() != reflect.TypeFor[fields]().PkgPath() {
		return
	}
	if known := names(base); !slices.Contains(known, name.Value) {
		in.wrong(name.Location(), fmt.Sprintf("unknown field %s of %s%s", name.Value, n.Node, perhaps(name.Value, known)))
	}
}

// kinds checks what kind is compared with.
func (in *inspector) kinds(n *ast.BinaryNode) {
	if !isKind(n.Left) && !isKind(n.Right) {
		return
	}
	literals := []ast.Node{n.Left, n.Right}
	if list, ok := n.Right.(*ast.ArrayNode); ok {
		literals = list.Nodes
	}
	if !slices.Contains([]string{"==", "!=", "in"}, n.Operator) {
		in.wrong(n.Location(), "kind can be compared with ==, != and in")
		return
	}
	known := kindNames()
	for _, l := range literals {
		if s, ok := l.(*ast.StringNode); ok && !slices.Contains(known, s.Value) {
			in.wrong(l.Location(), fmt.Sprintf("unknown kind %q: use %s", s.Value, strings.Join(known, ", ")))
		}
	}
}

func kindNames() []string {
	var list []string
	for _, k := range events.TraceableKinds() {
		list = append(list, k.String())
	}
	return list
}

// names returns those of a struct's fields, as an expression writes them.
func names(t reflect.Type) []string {
	var list []string
	for f := range t.Fields() {
		if name := f.Tag.Get("expr"); name != "" && !strings.HasPrefix(name, "__") {
			list = append(list, name)
		}
	}
	return list
}

func perhaps(name string, known []string) string {
	if near := diag.Nearest(name, known); near != "" {
		return ": perhaps " + near
	}
	return ""
}
