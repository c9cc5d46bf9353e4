package source

import (
	"go/ast"
	"go/token"
)

// An Assignment is a statement that gives a variable a value, as far as its text
// tells: that of a name, for what it means is not looked up.
type Assignment struct {
	Name        string
	First, Last int // its lines
	// Part is set where something that the variable has or leads to is assigned:
	// Field, if it is one.
	Part  bool
	Field string
	// Keeps is set where pointer and capacity of a slice may stay what they were:
	// s = append(s, x), s = s[:n].
	Keeps bool
	From  string // the variable whose value it takes
	// Rises is set for the step of a loop that adds one.
	Rises bool
	// Anywhere is set where the variable can be assigned on lines that are not
	// known: by a function literal, or through its address.
	Anywhere bool
}

// Assignments lists the assignments in the functions that begin on a line.
func (f *File) Assignments(line int) []Assignment {
	x := f.measured()
	if x.tree == nil {
		return nil
	}
	a := assigned{files: x.files, known: map[*ast.FuncLit]bool{}}
	ast.Inspect(x.tree, func(n ast.Node) bool {
		if n == nil || a.line(n.Pos()) > line || a.line(n.End()) < line {
			return false
		}
		if a.line(n.Pos()) != line {
			return true
		}
		switch n := n.(type) {
		case *ast.FuncDecl:
			a.function(n.Type, n.Body)
		case *ast.FuncLit:
			a.function(n.Type, n.Body)
		case *ast.RangeStmt: // its body may be a function
			a.statements(n, nil)
		}
		return true
	})
	return a.list
}

// assigned collects the assignments of a function.
type assigned struct {
	files *token.FileSet
	list  []Assignment
	known map[*ast.FuncLit]bool // that were seen in the call of them
}

func (a *assigned) line(p token.Pos) int { return a.files.PositionFor(p, false).Line }

func (a *assigned) function(t *ast.FuncType, body *ast.BlockStmt) {
	if body == nil {
		return
	}
	var results []string
	if t.Results != nil {
		for _, f := range t.Results.List {
			for _, name := range f.Names {
				results = append(results, name.Name)
			}
		}
	}
	a.statements(body, results)
}

// statements collects what is assigned in a node. results are those of the
// function, which its return statements assign to.
func (a *assigned) statements(n ast.Node, results []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			a.assign(n)
		case *ast.IncDecStmt:
			a.to(n.X, Assignment{First: a.line(n.Pos()), Last: a.line(n.End())})
		case *ast.ValueSpec:
			for _, name := range n.Names {
				a.to(name, Assignment{First: a.line(n.Pos()), Last: a.line(n.End())})
			}
		case *ast.ForStmt:
			a.step(n)
		case *ast.RangeStmt:
			at := Assignment{First: a.line(n.Pos()), Last: a.line(n.Body.Lbrace)}
			a.to(n.Key, at)
			a.to(n.Value, at)
		case *ast.TypeSwitchStmt:
			a.typeSwitch(n)
		case *ast.ReturnStmt:
			for _, name := range results {
				a.add(Assignment{Name: name, First: a.line(n.Pos()), Last: a.line(n.End())})
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				a.to(n.X, Assignment{Anywhere: true})
			}
		case *ast.CallExpr:
			if lit, ok := n.Fun.(*ast.FuncLit); ok {
				a.spot(n, lit)
			}
		case *ast.DeferStmt:
			a.deferred(n.Call)
		case *ast.GoStmt:
			a.deferred(n.Call)
		case *ast.FuncLit:
			if !a.known[n] {
				a.literal(n, Assignment{Anywhere: true})
			}
			return false
		}
		return true
	})
}

// spot notes what a function literal assigns that is called on the spot.
func (a *assigned) spot(call *ast.CallExpr, lit *ast.FuncLit) {
	if a.known[lit] {
		return
	}
	a.known[lit] = true
	a.literal(lit, Assignment{First: a.line(call.Pos()), Last: a.line(call.End())})
}

// deferred does so for one that is called later.
func (a *assigned) deferred(call *ast.CallExpr) {
	if lit, ok := call.Fun.(*ast.FuncLit); ok {
		a.known[lit] = true
		a.literal(lit, Assignment{Anywhere: true})
	}
}

func (a *assigned) assign(s *ast.AssignStmt) {
	for i, x := range s.Lhs {
		at := Assignment{First: a.line(s.Pos()), Last: a.line(s.End())}
		if len(s.Lhs) == len(s.Rhs) {
			at.Keeps = keeps(x, s.Rhs[i])
			if from, ok := s.Rhs[i].(*ast.Ident); ok && (s.Tok == token.DEFINE || s.Tok == token.ASSIGN) {
				at.From = from.Name
			}
		}
		a.to(x, at)
	}
}

// keeps reports whether an assignment may leave pointer and capacity of a slice as
// they are.
func keeps(x, value ast.Expr) bool {
	name, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	switch v := value.(type) {
	case *ast.CallExpr:
		fun, ok := v.Fun.(*ast.Ident)
		if !ok || fun.Name != "append" || len(v.Args) == 0 {
			return false
		}
		value = v.Args[0]
	case *ast.SliceExpr:
		if v.Low != nil {
			return false
		}
		value = v.X
	default:
		return false
	}
	from, ok := value.(*ast.Ident)
	return ok && from.Name == name.Name
}

// step notes the loops whose variable rises by one.
func (a *assigned) step(s *ast.ForStmt) {
	if post, ok := s.Post.(*ast.IncDecStmt); ok && post.Tok == token.INC {
		a.to(post.X, Assignment{First: a.line(post.Pos()), Last: a.line(post.End()), Rises: true})
	}
}

func (a *assigned) typeSwitch(s *ast.TypeSwitchStmt) {
	def, ok := s.Assign.(*ast.AssignStmt)
	if !ok {
		return
	}
	for _, c := range s.Body.List {
		if c, ok := c.(*ast.CaseClause); ok {
			a.to(def.Lhs[0], Assignment{First: a.line(c.Pos()), Last: a.line(c.Colon)})
		}
	}
}

// literal notes that what a function literal assigns is assigned elsewhere.
func (a *assigned) literal(lit *ast.FuncLit, at Assignment) {
	inner := assigned{files: a.files, known: a.known}
	inner.function(lit.Type, lit.Body)
	for _, in := range inner.list {
		to := at
		to.Name, to.Anywhere = in.Name, at.Anywhere || in.Anywhere
		a.add(to)
	}
}

// to adds an assignment to what an expression stands for.
func (a *assigned) to(x ast.Expr, at Assignment) {
	for {
		switch v := x.(type) {
		case *ast.ParenExpr:
			x = v.X
		case *ast.IndexExpr:
			x, at.Part, at.Field = v.X, true, ""
		case *ast.SelectorExpr:
			x, at.Part, at.Field = v.X, true, v.Sel.Name
		case *ast.Ident:
			at.Name = v.Name
			a.add(at)
			return
		default:
			return
		}
	}
}

func (a *assigned) add(at Assignment) {
	if at.Name != "_" {
		a.list = append(a.list, at)
	}
}
