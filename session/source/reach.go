package source

import (
	"go/ast"
	"go/token"
	"slices"
)

// A reach finds out which assignments reach which lines: by going through the
// statements as control does, until nothing new is found.
type reach struct {
	*assigned
	fn    ast.Node
	cells []cell
	of    map[cell]int
	vars  []Variable
	bits  []map[int]uint64 // of a cell, by the line where assignments begin
	joins map[any]facts    // what is known where ways meet: of loops and labels
	lines map[int][]facts
	ways  []way
	label string // of the statement at hand
	more  bool
}

// facts are, for each cell, the assignments that may have given it its value. They
// are nil where control does not come.
type facts []uint64

// A way leads out of a statement, or to its next round.
type way struct {
	label          string
	loop           bool
	out, continues *facts
}

func (r *reach) solve(body *ast.BlockStmt) {
	in := make(facts, len(r.cells))
	for n, c := range r.cells {
		if r.entry[c.of] {
			in[n] = 1
		}
	}
	for range 100 {
		r.more, r.lines = false, map[int][]facts{}
		out := r.statement(body, in)
		r.point(out, body.Rbrace, body.Rbrace)
		if !r.more {
			return
		}
	}
	r.lines = nil
}

// list returns what is known of the variables.
func (r *reach) list() []Variable {
	for line, all := range r.lines {
		for n := range r.vars {
			for _, f := range all {
				if !slices.Contains(r.vars[n].Reach[line], f[n]) {
					r.vars[n].Reach[line] = append(r.vars[n].Reach[line], f[n])
				}
			}
		}
	}
	return r.vars
}

// point notes what is known on some lines.
func (r *reach) point(f facts, from, to token.Pos) {
	for line := r.line(from); f != nil && line <= r.line(to); line++ {
		r.lines[line] = append(r.lines[line], f)
	}
}

// do returns what is known behind a node that assigns, and behind the calls of
// function literals in it.
func (r *reach) do(n ast.Node, f facts) facts {
	if f == nil || n == nil {
		return f
	}
	f = slices.Clone(f)
	apply := func(n ast.Node) {
		for _, i := range r.at[n] {
			d := r.all[i]
			for k, c := range r.cells {
				kills, met := r.does(k, d)
				switch bit := r.bits[k][d.First]; {
				case c.of != d.of || !met || d.anywhere:
				case kills:
					f[k] = bit
				default:
					f[k] |= bit
				}
			}
		}
	}
	switch n.(type) {
	case *ast.RangeStmt, *ast.CaseClause:
		apply(n)
		return f
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if n != nil && len(r.at[n]) > 0 {
			defer apply(n)
		}
		_, lit := n.(*ast.FuncLit)
		return !lit
	})
	return f
}

func join(a, b facts) facts {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	a = slices.Clone(a)
	for n := range a {
		a[n] |= b[n]
	}
	return a
}

// meet joins what is known with what was found before where ways meet.
func (r *reach) meet(at any, f facts) facts {
	all := join(r.joins[at], f)
	if !slices.Equal(all, r.joins[at]) || (all == nil) != (r.joins[at] == nil) {
		r.joins[at], r.more = all, true
	}
	return all
}

// Statements of which several join in one: the label of one is its own.
func (r *reach) statements(list []ast.Stmt, f facts) facts {
	for _, s := range list {
		f = r.statement(s, f)
	}
	return f
}

// within goes through what a break leads out of.
func (r *reach) within(loop bool, f func(w way)) (out, continues facts) {
	w := way{label: r.label, loop: loop, out: &out, continues: &continues}
	r.label = ""
	r.ways = append(r.ways, w)
	f(w)
	r.ways = r.ways[:len(r.ways)-1]
	return out, continues
}

func (r *reach) statement(s ast.Stmt, f facts) facts {
	switch s := s.(type) {
	case nil, *ast.EmptyStmt:
		return f
	case *ast.BlockStmt:
		return r.statements(s.List, f)
	case *ast.LabeledStmt:
		f = r.meet(s.Label.Name, f)
		r.label = s.Label.Name
		f = r.statement(s.Stmt, f)
		r.label = ""
		return f
	case *ast.IfStmt:
		return r.choose(s, f)
	case *ast.ForStmt:
		return r.loops(s, f)
	case *ast.RangeStmt:
		return r.overs(s, f)
	case *ast.SwitchStmt:
		r.point(f, s.Pos(), s.Body.Lbrace)
		f = r.do(s.Tag, r.first(s.Init, f))
		r.point(f, s.Pos(), s.Body.Lbrace)
		return r.clauses(s.Body, f)
	case *ast.TypeSwitchStmt:
		r.point(f, s.Pos(), s.Body.Lbrace)
		f = r.first(s.Init, f)
		r.point(f, s.Pos(), s.Body.Lbrace)
		return r.clauses(s.Body, f)
	case *ast.SelectStmt:
		r.point(f, s.Pos(), s.Body.Lbrace)
		return r.clauses(s.Body, f)
	case *ast.BranchStmt:
		return r.branch(s, f)
	}
	r.point(f, s.Pos(), s.End())
	f = r.do(s, f)
	switch s := s.(type) {
	case *ast.ReturnStmt:
		r.point(f, s.Pos(), s.End())
		return nil
	case *ast.ExprStmt:
		if call, ok := s.X.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" {
				return nil
			}
		}
	}
	return f
}

// first goes through the statement in front of a condition.
func (r *reach) first(s ast.Stmt, f facts) facts {
	if s == nil {
		return f
	}
	return r.statement(s, f)
}

func (r *reach) choose(s *ast.IfStmt, f facts) facts {
	r.point(f, s.Pos(), s.Pos())
	f = r.first(s.Init, f)
	r.point(f, s.Cond.Pos(), s.Body.Lbrace)
	f = r.do(s.Cond, f)
	then := r.statement(s.Body, f)
	if s.Else != nil {
		f = r.statement(s.Else, f)
	}
	return join(then, f)
}

func (r *reach) loops(s *ast.ForStmt, f facts) facts {
	label := r.label
	r.label = ""
	r.point(f, s.Pos(), s.Pos())
	f = r.meet(s, r.first(s.Init, f))
	r.point(f, s.Pos(), s.Body.Lbrace)
	var behind facts
	if s.Cond != nil {
		f = r.do(s.Cond, f)
		behind = f
	}
	r.label = label
	out, continues := r.within(true, func(w way) { *w.continues = join(r.statement(s.Body, f), *w.continues) })
	if s.Post != nil {
		continues = r.statement(s.Post, continues)
	}
	r.point(continues, s.Pos(), s.Pos())
	r.meet(s, continues)
	return join(behind, out)
}

func (r *reach) overs(s *ast.RangeStmt, f facts) facts {
	r.point(f, s.Pos(), s.Body.Lbrace)
	f = r.meet(s, r.do(s.X, f))
	r.point(f, s.Pos(), s.Body.Lbrace)
	in := r.do(s, f)
	out, continues := r.within(true, func(w way) { *w.continues = join(r.statement(s.Body, in), *w.continues) })
	r.meet(s, continues)
	return join(f, out)
}

// clauses goes through those of a switch or select.
func (r *reach) clauses(body *ast.BlockStmt, f facts) facts {
	all := false // one of them is always chosen
	out, _ := r.within(false, func(w way) {
		var through facts
		for _, c := range body.List {
			in := f
			var list []ast.Stmt
			switch c := c.(type) {
			case *ast.CaseClause:
				all = all || c.List == nil
				r.point(f, c.Pos(), c.Colon)
				in, list = r.do(c, f), c.Body
			case *ast.CommClause:
				all, list = true, c.Body
				r.point(f, c.Pos(), c.Colon)
				in = r.do(c.Comm, f)
			}
			in, through = join(in, through), nil
			end := r.statements(list, in)
			if n := len(list); n > 0 {
				if b, ok := list[n-1].(*ast.BranchStmt); ok && b.Tok == token.FALLTHROUGH {
					through = end
					continue
				}
			}
			*w.out = join(*w.out, end)
		}
	})
	if !all {
		out = join(out, f)
	}
	return out
}

func (r *reach) branch(s *ast.BranchStmt, f facts) facts {
	r.point(f, s.Pos(), s.End())
	switch s.Tok {
	case token.GOTO:
		r.meet(s.Label.Name, f)
		return nil
	case token.FALLTHROUGH:
		return f
	}
	for _, w := range slices.Backward(r.ways) {
		switch {
		case s.Label != nil && w.label != s.Label.Name || s.Tok == token.CONTINUE && !w.loop:
		case s.Tok == token.CONTINUE:
			*w.continues = join(*w.continues, f)
			return nil
		default:
			*w.out = join(*w.out, f)
			return nil
		}
	}
	return nil
}
