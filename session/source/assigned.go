package source

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// A Variable is what the text of a function says of the values of one of its
// variables, or of a field of one.
type Variable struct {
	Name     string
	Field    string // "": what is assigned to no field alone
	Declared int    // the line; 0: outside of the function
	// Anywhere is set where it can be assigned on lines that are not known: by a
	// function literal, or through its address. Inside is set where something that it
	// has or leads to can be.
	Anywhere, Inside bool
	By               []Assignment
	// Reach tells, by line, which assignments may have given it its value when
	// control is there: bit 0 is set for what it was when the function was entered,
	// bit n+1 for By[n]. Where a line has several statements there are several.
	Reach map[int][]uint64
}

// An Assignment is a statement that gives a variable a value.
type Assignment struct {
	First, Last int  // its lines
	Part        bool // it changes something that the variable has or leads to
	// Keeps is set where pointer and capacity of a slice may stay what they were:
	// s = append(s, x), s = s[:n].
	Keeps bool
	// Computes is set where the value is the result of arithmetic or comes from
	// memory: it is no copy of what a variable of the function is.
	Computes bool
	// Step is 1 or -1 where a loop adds one, or takes it away; it may begin with a
	// constant.
	Step int
	Head bool // it stands in the head of a loop, where more is computed
	// From is the variable whose value it takes, declared on line FromDeclared.
	From         string
	FromDeclared int
	// Constant is set for whole numbers, truth values and what is zero.
	Constant bool
	Value    int64
	Again    bool // it stands in a loop, or what it begins with does
}

// Variables lists the variables of the functions that begin on a line.
func (f *File) Variables(line int) []Variable {
	x := f.measured()
	if x.tree == nil || f.problem != "" {
		return nil
	}
	f.meaning.Do(x.resolve)
	var list []Variable
	for _, n := range functions(x, line) {
		list = append(list, variables(x.files, x.info, n)...)
	}
	return list
}

// functions returns the functions that begin on a line; if there are none, the loops
// whose bodies may be functions.
func functions(x *extents, line int) (found []ast.Node) {
	at := func(p token.Pos) int { return x.files.PositionFor(p, false).Line }
	var loops []ast.Node
	ast.Inspect(x.tree, func(n ast.Node) bool {
		if n == nil || at(n.Pos()) > line || at(n.End()) < line {
			return false
		}
		switch n := n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			if at(n.Pos()) == line {
				found = append(found, n)
			}
		case *ast.RangeStmt:
			if at(n.Pos()) == line {
				loops = append(loops, n)
			}
		}
		return true
	})
	if found == nil {
		return loops
	}
	return found
}

// resolve finds out what the names of a file mean. Those of other files and packages
// stay unknown.
func (x *extents) resolve() {
	x.info = &types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{},
	}
	conf := types.Config{Error: func(error) {}, FakeImportC: true, Importer: nowhere{}}
	_, _ = conf.Check("", x.files, []*ast.File{x.tree}, x.info) // it is incomplete, as the file is
}

var errNoPackage = errors.New("packages are not looked for")

// nowhere is where no package is found.
type nowhere struct{}

func (nowhere) Import(string) (*types.Package, error) { return nil, errNoPackage }

// A cell is a variable, or a field of it.
type cell struct {
	of    types.Object
	field string
}

// A deed is what a node of the tree does to a variable, or to something in it.
type deed struct {
	cell
	Assignment
	anywhere bool
	perhaps  bool // it may not be run
}

// assigned collects what is assigned in a function.
type assigned struct {
	files   *token.FileSet
	info    *types.Info
	all     []deed
	at      map[ast.Node][]int            // indices into all
	unknown map[string]bool               // names that nobody knows
	known   map[*ast.FuncLit]bool         // that were seen in the call of them
	again   int                           // loops around
	header  bool                          // in that of one
	inner   []*ast.FuncLit                // literals around
	entry   map[types.Object]bool         // variables that there are when the function is entered
	same    map[types.Object]types.Object // variables that are one
	named   []types.Object                // results with names
}

func (a *assigned) line(p token.Pos) int { return a.files.PositionFor(p, false).Line }

// object returns the variable that a name means, or nil.
func (a *assigned) object(id *ast.Ident) types.Object {
	obj := a.info.Defs[id]
	if obj == nil {
		obj = a.info.Uses[id]
	}
	if one := a.same[obj]; one != nil {
		return one
	}
	if v, ok := obj.(*types.Var); ok && id.Name != "_" {
		return v
	}
	return nil
}

// typeSwitch notes the variable of a type switch: the cases have each their own, of
// one name on one line.
func (a *assigned) typeSwitch(s *ast.TypeSwitchStmt) {
	var one types.Object
	for _, c := range s.Body.List {
		obj := a.info.Implicits[c]
		if obj == nil {
			continue
		}
		if one == nil {
			one = obj
		}
		a.same[obj] = one
		at := Assignment{First: a.line(c.Pos()), Last: a.line(c.(*ast.CaseClause).Colon)}
		a.put(c, deed{cell: cell{of: one}, Assignment: at})
	}
}

// add notes that a node assigns to what an expression stands for.
func (a *assigned) add(n ast.Node, x ast.Expr, at Assignment, anywhere bool) {
	d := deed{Assignment: at, anywhere: anywhere}
	for {
		switch v := x.(type) {
		case *ast.ParenExpr:
			x = v.X
		case *ast.IndexExpr:
			x, d.field, d.Part = v.X, "", true
		case *ast.SelectorExpr:
			d.Part = d.Part || d.field != ""
			x, d.field = v.X, v.Sel.Name
		case *ast.Ident:
			if d.of = a.object(v); d.of != nil {
				a.put(n, d)
			} else if _, known := a.info.Defs[v]; !known && a.info.Uses[v] == nil {
				a.unknown[v.Name] = true // what it stands for, other files tell
			}
			return
		default:
			return
		}
	}
}

func (a *assigned) put(n ast.Node, d deed) {
	for _, lit := range a.inner {
		if d.of.Pos() >= lit.Pos() && d.of.Pos() < lit.End() {
			return // its own
		}
	}
	d.Again, d.Head = a.again > 0, d.Head || a.header
	if d.Part {
		d.Constant, d.Value, d.From = false, 0, ""
	}
	a.at[n] = append(a.at[n], len(a.all))
	a.all = append(a.all, d)
}

// lines returns an assignment on the lines of a node.
func (a *assigned) lines(n ast.Node) Assignment {
	return Assignment{First: a.line(n.Pos()), Last: a.line(n.End())}
}

// collect notes what is assigned in a node.
func (a *assigned) collect(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			a.assign(n)
		case *ast.IncDecStmt:
			at := a.lines(n)
			at.Computes = true
			a.add(n, n.X, at, false)
		case *ast.ValueSpec:
			a.declare(n)
		case *ast.ForStmt:
			a.loop(n)
			return false
		case *ast.RangeStmt:
			a.ranges(n)
			return false
		case *ast.TypeSwitchStmt:
			a.typeSwitch(n)
		case *ast.ReturnStmt:
			for _, obj := range a.named {
				a.put(n, deed{cell: cell{of: obj}, Assignment: a.lines(n)})
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				a.add(n, n.X, Assignment{}, true)
			}
		case *ast.DeferStmt, *ast.GoStmt:
			a.later(n)
		case *ast.CallExpr:
			if lit, ok := n.Fun.(*ast.FuncLit); ok && !a.known[lit] {
				a.known[lit] = true
				a.literal(n, lit, a.lines(n), false)
			}
		case *ast.FuncLit:
			if !a.known[n] {
				a.literal(n, n, Assignment{}, true)
			}
			return false
		}
		return true
	})
}

// later notes that a function literal is not called on the spot.
func (a *assigned) later(n ast.Node) {
	call := (*ast.CallExpr)(nil)
	switch n := n.(type) {
	case *ast.DeferStmt:
		call = n.Call
	case *ast.GoStmt:
		call = n.Call
	}
	if lit, ok := call.Fun.(*ast.FuncLit); ok {
		a.known[lit] = true
		a.literal(n, lit, Assignment{}, true)
	}
}

// literal notes what a function literal assigns.
func (a *assigned) literal(n ast.Node, lit *ast.FuncLit, at Assignment, anywhere bool) {
	in := *a
	in.all, in.at, in.named, in.inner = nil, map[ast.Node][]int{}, nil, append(a.inner, lit)
	in.collect(lit.Body)
	for _, d := range in.all {
		known := !anywhere && !d.anywhere
		at.Part = d.Part
		a.put(n, deed{cell: d.cell, Assignment: at, anywhere: !known, perhaps: true})
	}
}

func (a *assigned) assign(s *ast.AssignStmt) {
	for i, x := range s.Lhs {
		at := a.lines(s)
		switch {
		case s.Tok != token.ASSIGN && s.Tok != token.DEFINE:
			at.Computes = true
		case len(s.Lhs) == len(s.Rhs):
			a.value(&at, s.Rhs[i])
			at.Keeps = keeps(x, s.Rhs[i])
		}
		a.add(s, x, at, false)
	}
}

// value notes what the text says of a value.
func (a *assigned) value(at *Assignment, x ast.Expr) {
	if v := a.info.Types[x].Value; v != nil {
		switch v.Kind() {
		case constant.Int:
			at.Value, at.Constant = constant.Int64Val(v)
		case constant.Bool:
			at.Constant = true
			if constant.BoolVal(v) {
				at.Value = 1
			}
		case constant.String:
			at.Constant = constant.StringVal(v) == ""
		}
		return
	}
	switch x := x.(type) {
	case *ast.Ident:
		if x.Name == "nil" {
			at.Constant = true
		}
		if obj := a.object(x); obj != nil {
			at.From, at.FromDeclared = x.Name, a.line(obj.Pos())
		}
	case *ast.BinaryExpr:
		at.Computes = x.Op != token.LAND && x.Op != token.LOR
	case *ast.IndexExpr:
		at.Computes = a.isElsewhere(x.X)
	case *ast.StarExpr:
		at.Computes = true
	}
}

// isElsewhere reports whether the elements of what an expression stands for are not
// in the variable itself.
func (a *assigned) isElsewhere(x ast.Expr) bool {
	t := a.info.Types[x].Type
	if t == nil {
		return false
	}
	switch t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Pointer:
		return true
	}
	return false
}

// declare notes the variables of a declaration.
func (a *assigned) declare(s *ast.ValueSpec) {
	for i, name := range s.Names {
		at := a.lines(s)
		switch {
		case len(s.Values) == 0:
			at.Constant = true
		case len(s.Values) == len(s.Names):
			a.value(&at, s.Values[i])
		}
		a.add(s, name, at, false)
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

// loop notes what a loop assigns.
func (a *assigned) loop(s *ast.ForStmt) {
	a.header = true
	if s.Init != nil {
		a.collect(s.Init)
	}
	a.again++
	defer func() { a.again-- }()
	if s.Cond != nil {
		a.collect(s.Cond)
	}
	if post, ok := s.Post.(*ast.IncDecStmt); ok {
		at := a.lines(post)
		if at.Computes, at.Step = true, 1; post.Tok == token.DEC {
			at.Step = -1
		}
		a.add(post, post.X, at, false)
	} else if s.Post != nil {
		a.collect(s.Post)
	}
	a.header = false
	a.collect(s.Body)
}

// ranges notes what a loop over something assigns. Over what can be indexed, the key
// begins with zero and rises.
func (a *assigned) ranges(s *ast.RangeStmt) {
	a.collect(s.X)
	at := Assignment{First: a.line(s.Pos()), Last: a.line(s.Body.Lbrace), Head: true}
	key := at
	if t := a.info.Types[s.X].Type; t != nil {
		switch t := t.Underlying().(type) {
		case *types.Slice, *types.Array:
			key.Constant, key.Computes, key.Step = true, true, 1
			at.Computes = true
		case *types.Basic:
			if at.Computes = t.Info()&types.IsString != 0; t.Info()&types.IsInteger != 0 {
				key.Constant, key.Computes, key.Step = true, true, 1
			}
		case *types.Map:
			at.Computes, key.Computes = true, true
		}
	}
	if s.Tok != token.DEFINE { // what is assigned to has not the last value of the counter
		key = at
	}
	if s.Key != nil {
		a.add(s, s.Key, key, false)
	}
	a.again++
	defer func() { a.again-- }()
	if s.Value != nil {
		a.add(s, s.Value, at, false)
	}
	a.collect(s.Body)
}
