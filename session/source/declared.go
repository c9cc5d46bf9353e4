package source

import (
	"go/ast"
	"go/parser"
	"go/token"
)

// declarations returns, by the line that names a variable declared there, the
// line where the declaration ends, if it is a later one. It returns nil for text
// that is not Go: then nothing about its extents can be trusted.
func declarations(text string) map[int]int {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	last := make(map[int]int)
	// Lines are those of this file, whatever its //line comments say.
	line := func(pos token.Pos) int { return files.PositionFor(pos, false).Line }
	declare := func(until ast.Node, name ast.Node) {
		if from, to := line(name.Pos()), line(until.End()); to > from {
			last[from] = max(last[from], to)
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
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
		return true
	})
	return last
}
