package filter

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"

	"gtrace/events"
)

// safely puts functions that cannot fail in the place of operators on values
// whose type is known only when they come: those of the target, and a duration
// that may be unknown.
type safely struct{}

// The fields that stand for kind and duration: the kinds of all events of a
// call, and the duration or nil.
const (
	kindsName = "__kinds"
	tookName  = "__took"
)

var standIns = map[string]string{"kind": kindsName, "duration": tookName}

func (safely) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if by := standIns[n.Value]; by != "" {
			replace(node, &ast.IdentifierNode{Value: by}, reflect.TypeFor[any]())
		}
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			asBool(&n.Node)
		}
	case *ast.ConditionalNode:
		asBool(&n.Cond)
	case *ast.BinaryNode:
		binary(node, n)
	}
}

func binary(node *ast.Node, n *ast.BinaryNode) {
	left, right := n.Left, n.Right
	switch op := n.Operator; op {
	case "and", "&&", "or", "||":
		asBool(&n.Left)
		asBool(&n.Right)
	case "==", "!=":
		emptyForNil(&n.Left, &n.Right)
		emptyForNil(&n.Right, &n.Left)
		left, right = n.Left, n.Right
		if isKind(left) || isKind(right) {
			if isKind(right) {
				left, right = right, left
			}
			call(node, "kind "+op, left, right)
		} else if isLoose(left) || isLoose(right) {
			call(node, op, left, right)
		}
	case "in":
		if span, ok := right.(*ast.BinaryNode); ok && span.Operator == ".." {
			within(node, left, span)
		} else if isKind(left) {
			call(node, "kind in", left, right)
		} else if right.Type().Kind() == reflect.Slice && (isLoose(left) || isLoose(right)) {
			call(node, op, left, right)
		}
	default:
		if _, ok := operators[op]; ok && (isLoose(left) || isLoose(right)) {
			if s, ok := right.(*ast.StringNode); ok && op == "matches" {
				// It was found to be a regular expression before.
				right = &ast.ConstantNode{Value: regexp.MustCompile(s.Value)}
			}
			call(node, op, left, right)
		}
	}
}

// isKind reports whether a node is the field kind, in either compilation.
func isKind(n ast.Node) bool {
	id, ok := n.(*ast.IdentifierNode)
	return ok && (id.Value == "kind" || id.Value == kindsName)
}

// isLoose reports whether the type of a node is known only when it is computed.
func isLoose(n ast.Node) bool {
	if _, isNil := n.(*ast.NilNode); isNil {
		return false
	}
	t := n.Type()
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t.Kind() == reflect.Interface
}

// emptyForNil lets a comparison with nil ask whether something is empty that is
// never nil here: an error's text, a call without exception.
func emptyForNil(node, other *ast.Node) {
	if _, ok := (*node).(*ast.NilNode); !ok {
		return
	}
	name := map[reflect.Type]string{reflect.TypeFor[exception](): "class", reflect.TypeFor[place](): "func"}[(*other).Type()]
	if name != "" {
		replace(other, &ast.MemberNode{Node: *other, Property: &ast.StringNode{Value: name}}, reflect.TypeFor[string]())
	}
	if (*other).Type().Kind() == reflect.String {
		replace(node, new(ast.StringNode), reflect.TypeFor[string]())
	}
}

// within compares a value with the bounds of a range.
func within(node *ast.Node, value ast.Node, span *ast.BinaryNode) {
	both := &ast.BinaryNode{Operator: "and", Left: value, Right: value}
	call(&both.Left, ">=", value, span.Left)
	call(&both.Right, "<=", value, span.Right)
	replace(node, both, reflect.TypeFor[bool]())
}

// asBool makes true or false of a value of the target.
func asBool(node *ast.Node) {
	if isLoose(*node) {
		call(node, "truth", *node)
	}
}

func call(node *ast.Node, name string, args ...ast.Node) {
	replace(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: args}, reflect.TypeFor[bool]())
}

// replace puts a node of a type in the place of another.
func replace(node *ast.Node, by ast.Node, t reflect.Type) {
	ast.Patch(node, by)
	by.SetType(t)
}

// operators are the functions in the place of operators. Their names are no
// identifiers, so that no expression can call them.
var operators = map[string]func(a, b any) bool{
	"==": equal,
	"!=": func(a, b any) bool { return !equal(a, b) },
	"<":  func(a, b any) bool { c, ok := order(a, b); return ok && c < 0 },
	"<=": func(a, b any) bool { c, ok := order(a, b); return ok && c <= 0 },
	">":  func(a, b any) bool { c, ok := order(a, b); return ok && c > 0 },
	">=": func(a, b any) bool { c, ok := order(a, b); return ok && c >= 0 },
	"in": isIn,

	"contains":   onText(strings.Contains),
	"startsWith": onText(strings.HasPrefix),
	"endsWith":   onText(strings.HasSuffix),
	"matches":    matches,

	"kind ==": hasKind,
	"kind !=": func(kinds, name any) bool { return !hasKind(kinds, name) },
	"kind in": func(kinds, list any) bool {
		return slices.ContainsFunc(elements(list), func(name any) bool { return hasKind(kinds, name) })
	},
}

// lenient defines the functions.
func lenient() []expr.Option {
	list := []expr.Option{expr.Function("truth", func(args ...any) (any, error) { return truth(args[0]), nil }, truth)}
	for name, f := range operators {
		list = append(list, expr.Function(name, func(args ...any) (any, error) { return f(args[0], args[1]), nil }, f))
	}
	return list
}

func truth(v any) bool { return v == true || v == "true" }

func isIn(v, list any) bool {
	return slices.ContainsFunc(elements(list), func(x any) bool { return equal(v, x) })
}

func elements(list any) []any {
	v := reflect.ValueOf(list)
	if v.Kind() != reflect.Slice {
		return nil
	}
	all := make([]any, v.Len())
	for i := range all {
		all[i] = v.Index(i).Interface()
	}
	return all
}

func onText(f func(text, part string) bool) func(a, b any) bool {
	return func(a, b any) bool {
		text, ok := textOf(a)
		part, ok2 := textOf(b)
		return ok && ok2 && f(text, part)
	}
}

// matches reports whether a text matches a regular expression. One that is
// computed, and cannot be read, matches nothing.
func matches(text, pattern any) bool {
	t, ok := textOf(text)
	if re, isLiteral := pattern.(*regexp.Regexp); isLiteral {
		return ok && re.MatchString(t)
	}
	p, ok2 := textOf(pattern)
	matched, err := regexp.MatchString(p, t)
	return ok && ok2 && err == nil && matched
}

func hasKind(kinds, name any) bool {
	text, _ := name.(string)
	k := events.ParseKind(text)
	set, ok := kinds.(kindSet)
	return ok && k != events.Invalid && set[k]
}
