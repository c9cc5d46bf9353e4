// Package goexpr reads the Go expressions that are evaluated in a target: what
// Go itself understands, without what would run code there or make new values.
//
// It knows no target. An engine says with [Expr.Check] what the names stand for.
package goexpr

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"strings"
	"unicode/utf8"

	"gtrace/diag"
)

// An Expr is an expression that keeps to the rules of the language.
type Expr struct {
	Text string
	Node ast.Expr
	fset *token.FileSet
}

const maxLength = 4096

// Parse reads an expression. Its error is a [*diag.Error].
func Parse(text string) (*Expr, error) {
	if len(text) > maxLength || !utf8.ValidString(text) {
		return nil, &diag.Error{Length: 1, Reason: "an expression is at most 4096 bytes of UTF-8"}
	}
	x := &Expr{Text: text, fset: token.NewFileSet()}
	if strings.TrimSpace(text) == "" {
		return nil, x.mark(0, "the expression is empty")
	}
	var err error
	if x.Node, err = parser.ParseExprFrom(x.fset, "", text, parser.SkipObjectResolution); err != nil {
		if list, ok := errors.AsType[scanner.ErrorList](err); ok && len(list) > 0 {
			return nil, x.syntax(list[0])
		}
		return nil, x.mark(0, err.Error())
	}
	if err := x.restrict(); err != nil {
		return nil, err
	}
	return x, nil
}

// syntax says in the user's words what the parser has found.
func (x *Expr) syntax(e *scanner.Error) *diag.Error {
	offset := min(max(e.Pos.Offset, 0), len(x.Text))
	switch word := Word(x.Text[offset:]); {
	case word == "and":
		return x.mark(offset, `in Go, "and" is written &&`)
	case word == "or":
		return x.mark(offset, `in Go, "or" is written ||`)
	case strings.HasSuffix(e.Msg, "found '='"):
		return x.mark(offset, "this would change the target: to compare, write ==")
	case strings.Contains(e.Msg, "rune literal"):
		return x.mark(offset, `a string is written "…"`)
	case strings.HasSuffix(e.Msg, "found 'EOF'"), strings.HasSuffix(e.Msg, "found newline"):
		return x.mark(offset, "something is missing at the end")
	}
	return x.mark(offset, e.Msg)
}

// restrict refuses what Go takes as an expression but cannot be evaluated from
// outside.
func (x *Expr) restrict() (err error) {
	refuse := func(n ast.Node, reason string) bool {
		if err == nil {
			err = x.Error(n.Pos(), reason)
		}
		return false
	}
	ast.Inspect(x.Node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if isHuge(n) {
				return refuse(n, "no number of the target is as large")
			}
			return true
		case nil, *ast.Ident, *ast.ParenExpr, *ast.BinaryExpr, *ast.IndexExpr,
			*ast.SelectorExpr, *ast.StarExpr:
			return true
		case *ast.SliceExpr:
			if n.Slice3 {
				return refuse(n, "a slice with a capacity cannot be made")
			}
			return true
		case *ast.UnaryExpr:
			switch n.Op {
			case token.ADD, token.SUB, token.NOT, token.XOR:
				return true
			case token.ARROW:
				return refuse(n, "this would change the target: a value would be received")
			}
			return refuse(n, "the address of something cannot be taken")
		case *ast.TypeAssertExpr:
			if n.Type == nil {
				return refuse(n, "x.(type) can only be used in a switch")
			}
			return true
		case *ast.CallExpr:
			if reason := callProblem(n); reason != "" {
				return refuse(n.Fun, reason)
			}
			return true
		case *ast.FuncLit, *ast.CompositeLit:
			return refuse(n, "new values cannot be made")
		}
		return refuse(n, "this cannot be evaluated")
	})
	return err
}

// isHuge reports whether a number is so large that to compute with it would take
// for ever. Bounds of types are checked later.
func isHuge(n *ast.BasicLit) bool {
	if n.Kind != token.INT && n.Kind != token.FLOAT && n.Kind != token.IMAG {
		return false
	}
	const mantissa, exponent = 100, 4 // characters
	letter := "eE"
	if strings.HasPrefix(n.Value, "0x") || strings.HasPrefix(n.Value, "0X") {
		letter = "pP"
	}
	i := strings.IndexAny(n.Value, letter)
	return len(n.Value) > mantissa || i >= 0 && len(n.Value)-i-1 > exponent
}

// NoCalls is the reason for which calls are refused.
const NoCalls = "no function can be called: it would run code in the target"

// callProblem says what is wrong with a call, which may be a conversion or one
// of the functions that need no code of the target.
func callProblem(n *ast.CallExpr) string {
	if len(n.Args) != 1 || n.Ellipsis.IsValid() {
		return NoCalls
	}
	switch f := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		switch f.Name {
		case "append", "clear", "close", "complex", "copy", "delete", "imag", "make", "max", "min",
			"new", "panic", "print", "println", "real", "recover":
			return NoCalls
		}
		return ""
	case *ast.SelectorExpr, *ast.StarExpr:
		return "" // a type, perhaps
	}
	return NoCalls
}

// Error makes an error of a place in the expression.
func (x *Expr) Error(pos token.Pos, reason string) *diag.Error {
	if !pos.IsValid() {
		return x.mark(0, reason)
	}
	return x.mark(min(x.fset.Position(pos).Offset, len(x.Text)), reason)
}

// Source returns the text of a part of the expression.
func (x *Expr) Source(n ast.Node) string {
	begin, end := x.fset.Position(n.Pos()).Offset, x.fset.Position(n.End()).Offset
	if begin < 0 || end > len(x.Text) || begin > end {
		return x.Text
	}
	return x.Text[begin:end]
}

// mark makes an error of the word at an offset, in bytes.
func (x *Expr) mark(offset int, reason string) *diag.Error {
	length := utf8.RuneCountInString(Word(x.Text[offset:]))
	return &diag.Error{Expr: x.Text, Offset: utf8.RuneCountInString(x.Text[:offset]), Length: max(1, length), Reason: reason}
}

// Word returns the name or number that a text begins with.
func Word(text string) string {
	for i, r := range text {
		if !isName(r) {
			return text[:i]
		}
	}
	return text
}

func isName(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf
}

// Qualify makes one name of each pkg.Name for which known says so: what that
// stands for Check looks up as "pkg.Name".
func (x *Expr) Qualify(known func(pkg, name string) bool) {
	x.Node = qualify(x.Node, known)
}

func qualify(n ast.Expr, known func(pkg, name string) bool) ast.Expr {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		if id, ok := n.X.(*ast.Ident); ok && known(id.Name, n.Sel.Name) {
			return &ast.Ident{NamePos: id.NamePos, Name: id.Name + "." + n.Sel.Name}
		}
		n.X = qualify(n.X, known)
	case *ast.ParenExpr:
		n.X = qualify(n.X, known)
	case *ast.BinaryExpr:
		n.X, n.Y = qualify(n.X, known), qualify(n.Y, known)
	case *ast.UnaryExpr:
		n.X = qualify(n.X, known)
	case *ast.StarExpr:
		n.X = qualify(n.X, known)
	case *ast.IndexExpr:
		n.X, n.Index = qualify(n.X, known), qualify(n.Index, known)
	case *ast.SliceExpr:
		n.X, n.Low, n.High = qualify(n.X, known), qualify(n.Low, known), qualify(n.High, known)
	case *ast.TypeAssertExpr:
		n.X, n.Type = qualify(n.X, known), qualify(n.Type, known)
	case *ast.CallExpr:
		n.Fun, n.Args[0] = qualify(n.Fun, known), qualify(n.Args[0], known)
	}
	return n
}

// Names calls f for each name that stands for something by itself, as those of
// fields do not.
func (x *Expr) Names(f func(*ast.Ident)) {
	ast.Inspect(x.Node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			f(n)
		case *ast.SelectorExpr:
			(&Expr{Node: n.X}).Names(f)
			return false
		}
		return true
	})
}

// Check finds out what the parts of the expression are, given what its names
// stand for. Its error is a [*diag.Error].
func (x *Expr) Check(names *types.Package) (*types.Info, error) {
	info := &types.Info{
		Types:      make(map[ast.Expr]types.TypeAndValue),
		Selections: make(map[*ast.SelectorExpr]*types.Selection),
		Uses:       make(map[*ast.Ident]types.Object),
	}
	err := types.CheckExpr(x.fset, names, token.NoPos, x.Node, info)
	if e, ok := errors.AsType[types.Error](err); ok {
		if m := x.called(e.Pos); m != nil && strings.Contains(e.Msg, "no field or method") {
			return nil, x.Error(m.Sel.Pos(), noMethods)
		}
		return nil, x.Error(e.Pos, strings.ReplaceAll(e.Msg, "field or method", "field"))
	}
	if err != nil {
		return nil, x.mark(0, err.Error())
	}
	if tv := info.Types[x.Node]; !tv.IsValue() {
		return nil, x.Error(x.Node.Pos(), fmt.Sprintf("%s is not a value", x.Text))
	}
	return info, nil
}

// called returns the selector in the expression that stands around a position and is
// called, or nil.
func (x *Expr) called(pos token.Pos) (found *ast.SelectorExpr) {
	ast.Inspect(x.Node, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && s.Pos() <= pos && pos < s.End() {
				found = s
			}
		}
		return true
	})
	return found
}

// noMethods is the reason for which a call of what is no field is refused.
const noMethods = "no method can be called: it would run code in the target; fields can be compared"

// IsCondition reports whether the expression is true or false, which is what a
// condition must be: the error says what it is instead.
func (x *Expr) IsCondition(t types.Type) error {
	if b, ok := t.Underlying().(*types.Basic); !ok || b.Info()&types.IsBoolean == 0 {
		return x.Error(x.Node.Pos(), fmt.Sprintf("this is of type %s, and neither true nor false: compare it with something", t))
	}
	return nil
}
