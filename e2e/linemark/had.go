package linemark

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// had returns the beginning of a condition that tells the variables before it, and
// is true.
func (m *marker) had(pos token.Pos) string {
	return fmt.Sprintf("mark.Had(%d%s) && (", m.line(pos), m.visible(pos))
}

// leaveUntold finds the names that are not told in a function, as one of the
// variables that have them cannot be.
func (m *marker) leaveUntold(f *ast.FuncDecl) {
	m.untold = map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if v, ok := m.info.Defs[n].(*types.Var); ok && !alike(v.Type(), 0) {
				m.untold[n.Name] = true
			}
		case *ast.CaseClause:
			if v := m.info.Implicits[n]; v != nil {
				m.untold[v.Name()] = m.untold[v.Name()] || !alike(v.Type(), 0)
			}
		}
		return true
	})
}

// anywhere lists the names of all variables that can be seen at a position, those
// of functions around included.
func (m *marker) anywhere(pos token.Pos) (names []string) {
	for scope := m.pkg.Scope().Innermost(pos); scope != nil && scope != m.pkg.Scope(); scope = scope.Parent() {
		for _, name := range scope.Names() {
			_, obj := scope.LookupParent(name, pos)
			v, ok := obj.(*types.Var)
			if ok && scope.Lookup(name) == obj && v.Pos() < pos && name != "_" && !m.untold[name] && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// alike reports whether values of a type look the same wherever they are
// printed, at most one pointer deep.
func alike(t types.Type, depth int) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return printable(u)
	case *types.Slice:
		return alike(u.Elem(), 1)
	case *types.Map:
		return alike(u.Key(), 1) && alike(u.Elem(), 1)
	case *types.Pointer:
		_, isStruct := u.Elem().Underlying().(*types.Struct)
		return isStruct && depth == 0 && alike(u.Elem(), 1)
	case *types.Struct:
		for f := range u.Fields() {
			if !alike(f.Type(), 1) {
				return false
			}
		}
		return true
	}
	return false
}
