package source

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// maxAssignments is how many of one variable are told apart.
const maxAssignments = 60

// variables describes the variables of a function, or of the body of a loop that may
// be one.
func variables(files *token.FileSet, info *types.Info, fn ast.Node) []Variable {
	a := &assigned{files: files, info: info, at: map[ast.Node][]int{}, known: map[*ast.FuncLit]bool{}}
	a.unknown = map[string]bool{}
	a.entry, a.same = map[types.Object]bool{}, map[types.Object]types.Object{}
	var body *ast.BlockStmt
	switch fn := fn.(type) {
	case *ast.FuncDecl:
		body = fn.Body
		a.parameters(fn.Recv, fn.Type.Params, fn.Type.Results)
		a.results(fn.Type)
	case *ast.FuncLit:
		body = fn.Body
		a.parameters(fn.Type.Params, fn.Type.Results)
		a.results(fn.Type)
	case *ast.RangeStmt:
		body = fn.Body
		for _, x := range []ast.Expr{fn.Key, fn.Value} {
			if id, ok := x.(*ast.Ident); ok && a.object(id) != nil {
				a.entry[a.object(id)] = true
			}
		}
	}
	if body == nil {
		return nil
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
			a.again = 1
		}
		return true
	})
	a.collect(body)
	a.outside(body)
	r := newReach(a, fn)
	r.solve(body)
	return r.list()
}

func (a *assigned) parameters(lists ...*ast.FieldList) {
	for _, list := range lists {
		if list == nil {
			continue
		}
		for _, f := range list.List {
			for _, name := range f.Names {
				if obj := a.object(name); obj != nil {
					a.entry[obj] = true
				}
			}
		}
	}
}

// results notes the results that have names, to which return statements assign.
func (a *assigned) results(t *ast.FuncType) {
	if t.Results == nil {
		return
	}
	for _, f := range t.Results.List {
		for _, name := range f.Names {
			if obj := a.object(name); obj != nil {
				a.named = append(a.named, obj)
			}
		}
	}
}

// outside notes the variables of the functions around that are used in a body.
func (a *assigned) outside(body *ast.BlockStmt) {
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if obj := a.object(id); obj != nil && (obj.Pos() < body.Pos() || obj.Pos() >= body.End()) && !obj.(*types.Var).IsField() {
				a.entry[obj] = true
			}
		}
		return true
	})
}

func newReach(a *assigned, fn ast.Node) *reach {
	r := &reach{assigned: a, fn: fn, of: map[cell]int{}, joins: map[any]facts{}}
	for obj := range a.entry {
		r.cell(cell{of: obj})
	}
	for _, d := range a.all {
		r.cell(cell{of: d.of})
		r.cell(d.cell)
	}
	for _, d := range a.all {
		for n, c := range r.cells {
			if c.of == d.of {
				r.assignment(n, d)
			}
		}
	}
	return r
}

func (r *reach) cell(c cell) {
	if _, ok := r.of[c]; ok {
		return
	}
	r.of[c] = len(r.cells)
	v := Variable{Name: c.of.Name(), Field: c.field, Anywhere: r.unknown[c.of.Name()], Reach: map[int][]uint64{}}
	if c.of.Pos() >= r.fn.Pos() && c.of.Pos() < r.fn.End() {
		v.Declared = r.line(c.of.Pos())
	}
	r.cells, r.vars, r.bits = append(r.cells, c), append(r.vars, v), append(r.bits, map[int]uint64{})
}

// assignment adds to those of a cell what a deed is to it.
func (r *reach) assignment(n int, d deed) {
	v := &r.vars[n]
	if d.anywhere {
		whole := d.field == "" && !d.Part
		v.Anywhere, v.Inside = v.Anywhere || whole, v.Inside || !whole
		return
	}
	if _, met := r.does(n, d); !met {
		return
	}
	at := d.Assignment
	if r.bits[n][at.First] != 0 { // with another one on its line
		i := slices.IndexFunc(v.By, func(b Assignment) bool { return b.First == at.First })
		v.By[i].add(at)
		v.Anywhere = v.Anywhere || !d.Head // code does not tell them apart
		return
	}
	if len(v.By) == maxAssignments {
		v.Anywhere = true
		return
	}
	v.By = append(v.By, at)
	r.bits[n][at.First] = 1 << len(v.By)
}

// add adds what another assignment on the same line does.
func (b *Assignment) add(at Assignment) {
	switch {
	case b.Step == 0 && (b.Constant || b.From != "") && at.Step != 0 || b.Step == at.Step:
		b.Step = at.Step
	case at.Step != 0 || !at.Constant:
		b.Step = 0
	}
	b.Computes = (b.Computes || b.Constant) && (at.Computes || at.Constant)
	b.Last, b.Part, b.Keeps = max(b.Last, at.Last), b.Part && at.Part, b.Keeps && at.Keeps
	if b.From != "" && at.Step == 0 {
		b.From = ""
	}
	if !b.Constant {
		b.Constant, b.Value = at.Constant, at.Value
	}
}

// does reports whether a deed changes a cell, and whether it gives it another value
// as a whole.
func (r *reach) does(n int, d deed) (kills, met bool) {
	if d.field == r.cells[n].field {
		return !d.Part && !d.perhaps, true
	}
	return !d.Part && !d.perhaps, d.field == "" && !d.Part
}
