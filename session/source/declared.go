package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
)

// extents are the statements of a file that take several lines.
type extents struct {
	declared map[int]int // by the line that names a variable declared there: where the declaration ends
	begin    map[int]int // by line: where the statement begins that it is part of
	ways     map[int]ways
	files    *token.FileSet
	tree     *ast.File   // nil: it is not Go
	info     *types.Info // what its names mean, once asked for
}

// measure finds the extents of the statements of a file. Of text that is not Go
// none are known: nothing about its extents can be trusted.
func measure(text string) extents {
	x := extents{declared: make(map[int]int), begin: make(map[int]int), ways: make(map[int]ways)}
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return x
	}
	x.files, x.tree = files, tree
	ast.Inspect(tree, func(n ast.Node) bool {
		x.declarations(n, x.line)
		x.statement(n, x.line)
		x.jumps(n)
		return true
	})
	return x
}

// line returns the line of this file, whatever its //line comments say.
func (x *extents) line(pos token.Pos) int { return x.files.PositionFor(pos, false).Line }

func (x *extents) lines(from, to token.Pos) span { return span{x.line(from), x.line(to)} }

func (x *extents) declarations(n ast.Node, line func(token.Pos) int) {
	declare := func(until ast.Node, name ast.Node) {
		if from, to := line(name.Pos()), line(until.End()); to > from {
			x.declared[from] = max(x.declared[from], to)
		}
	}
	switch n := n.(type) {
	case *ast.AssignStmt:
		for _, name := range n.Lhs {
			if n.Tok == token.DEFINE {
				declare(n, name)
			}
		}
	case *ast.RangeStmt:
		for _, name := range []ast.Expr{n.Key, n.Value} {
			if n.Tok == token.DEFINE && name != nil {
				declare(n.X, name)
			}
		}
	case *ast.ValueSpec:
		for _, name := range n.Names {
			declare(n, name)
		}
	}
}

// statement notes the lines of a statement. Outer ones come before inner ones,
// and the body of a function literal is part of none.
func (x *extents) statement(n ast.Node, line func(token.Pos) int) {
	switch n := n.(type) {
	case *ast.AssignStmt, *ast.ExprStmt, *ast.ReturnStmt, *ast.DeclStmt, *ast.SendStmt, *ast.GoStmt, *ast.DeferStmt:
		x.span(line(n.Pos()), line(n.End()))
	case *ast.ForStmt:
		x.span(line(n.Pos()), line(n.Body.Lbrace))
	case *ast.RangeStmt:
		x.span(line(n.Pos()), line(n.Body.Lbrace))
	case *ast.IfStmt:
		x.span(line(n.Pos()), line(n.Body.Lbrace))
	case *ast.SwitchStmt:
		x.cases(line(n.Pos()), n.Body, line)
	case *ast.TypeSwitchStmt:
		x.cases(line(n.Pos()), n.Body, line)
	case *ast.SelectStmt:
		x.cases(line(n.Pos()), n.Body, line)
	case *ast.FuncLit:
		for l := line(n.Body.Lbrace) + 1; l < line(n.Body.Rbrace); l++ {
			delete(x.begin, l)
		}
	}
}

// cases notes that the cases of a switch are of the statement: the compiler goes
// to and fro between them and its head.
func (x *extents) cases(head int, body *ast.BlockStmt, line func(token.Pos) int) {
	for _, c := range body.List {
		var colon token.Pos
		switch c := c.(type) {
		case *ast.CaseClause:
			colon = c.Colon
		case *ast.CommClause:
			colon = c.Colon
		}
		for l := line(c.Pos()); l <= line(colon); l++ {
			x.begin[l] = head
		}
	}
}

func (x *extents) span(from, to int) {
	for l := from; l <= to && to > from; l++ {
		x.begin[l] = from
	}
}
