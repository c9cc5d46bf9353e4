package source

import (
	"go/ast"
	"go/token"
	"slices"
)

// Leads reports whether control may come from one line to another on which only a
// break, a continue or a goto stands: from the statement in front of it, or, to the
// first of a body, from the head of that. To other lines any may lead.
func (f *File) Leads(from, to int) bool {
	in := func(s span) bool { return s.first <= from && from <= s.last }
	w, ok := f.measured().ways[to]
	return !ok || slices.ContainsFunc(w.from, in) && !slices.Contains(w.leave, from)
}

// ways are the lines from which control may come to a statement.
type ways struct {
	from  []span
	leave []int // those of them that lead elsewhere
}

// A span is lines that follow each other.
type span struct{ first, last int }

// jumps notes the ways to the jumps in the bodies of a statement.
func (x *extents) jumps(n ast.Node) {
	switch n := n.(type) {
	case *ast.IfStmt:
		head := []span{x.lines(n.Pos(), n.Body.Lbrace)}
		x.jumpsIn(n.Body.List, head)
		if other, ok := n.Else.(*ast.BlockStmt); ok {
			x.jumpsIn(other.List, head)
		}
	case *ast.ForStmt:
		x.jumpsIn(n.Body.List, nil) // of the head there may be no code
	case *ast.RangeStmt:
		x.jumpsIn(n.Body.List, nil)
	case *ast.SwitchStmt:
		x.jumpsOfCases(n.Pos(), n.Body.List)
	case *ast.TypeSwitchStmt:
		x.jumpsOfCases(n.Pos(), n.Body.List)
	case *ast.SelectStmt:
		x.jumpsOfCases(n.Pos(), n.Body.List)
	}
}

// jumpsOfCases does so for the cases of a switch or select. To the body of one,
// control comes from the head, from any case that it tries before, and from a body
// that falls through; but what has no body of its own leads out.
func (x *extents) jumpsOfCases(head token.Pos, cases []ast.Stmt) {
	heads, bodies := make([]span, len(cases)), make([][]ast.Stmt, len(cases))
	for i, c := range cases {
		switch c := c.(type) {
		case *ast.CaseClause:
			heads[i], bodies[i] = x.lines(c.Pos(), c.Colon), c.Body
		case *ast.CommClause:
			heads[i], bodies[i] = x.lines(c.Pos(), c.Colon), c.Body
		}
	}
	for i, body := range bodies {
		from := []span{x.lines(head, head), heads[i]}
		for k, other := range bodies {
			if len(other) > 0 {
				from = append(from, heads[k])
			}
		}
		if len(bodies) == 1 { // of the head there may be no code
			from = nil
		} else if i > 0 && falls(bodies[i-1]) {
			from = append(from, x.lines(bodies[i-1][0].Pos(), cases[i-1].End()))
		}
		x.jumpsIn(body, from)
	}
}

// falls reports whether a body falls through to the next case.
func falls(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	b, ok := body[len(body)-1].(*ast.BranchStmt)
	return ok && b.Tok == token.FALLTHROUGH
}

// jumpsIn notes the ways to the jumps of a body, to the begin of which the lines of
// the head lead, or, if none are given, any.
func (x *extents) jumpsIn(body []ast.Stmt, head []span) {
	w := ways{from: head}
	for _, s := range body {
		if b, ok := s.(*ast.BranchStmt); ok && w.from != nil {
			x.ways[x.line(b.Pos())] = w
		}
		switch s.(type) {
		case *ast.DeclStmt, *ast.EmptyStmt: // there may be no code for it
			if w.from != nil {
				w.from = append(slices.Clone(w.from), x.lines(s.Pos(), s.End()))
			}
		default:
			w = ways{[]span{x.lines(s.Pos(), s.End())}, x.leaving(s)}
		}
	}
}

// leaving returns the lines of the statements in a statement behind which control
// does not come to what follows that.
func (x *extents) leaving(outer ast.Stmt) (lines []int) {
	labels := map[string]bool{}
	var around []ast.Node
	ast.Inspect(outer, func(n ast.Node) bool {
		if n == nil {
			around = around[:len(around)-1]
			return false
		}
		leaves := false
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.LabeledStmt:
			labels[n.Label.Name] = true
		case *ast.ReturnStmt:
			leaves = true
		case *ast.BranchStmt:
			switch {
			case n.Tok == token.GOTO: // perhaps to its end
			case n.Label != nil:
				leaves = !labels[n.Label.Name]
			default:
				leaves = !slices.ContainsFunc(around, isLeft)
			}
		}
		if leaves {
			lines = append(lines, x.line(n.Pos()))
		}
		around = append(around, n)
		return true
	})
	return lines
}

// isLeft reports whether a break leaves a statement.
func isLeft(n ast.Node) bool {
	switch n.(type) {
	case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		return true
	}
	return false
}
