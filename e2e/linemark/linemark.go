// Package linemark makes programs tell which of their lines they run, so that a
// trace of lines can be compared with what really happened. It changes the text
// of a program only within lines: their numbers stay.
package linemark

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
)

// Options say how to mark.
type Options struct {
	// Apart puts the calls that mark statements on lines of another file, so
	// that nothing but the statement itself stands on its line.
	Apart bool
	// Vars lets marks tell the variables that can be seen there.
	Vars bool
	// Alone marks a program that is run by itself, so that nothing of it has to
	// look to the compiler as it did. Its marks are all there is to know: they say
	// where functions begin and end, too.
	Alone bool
}

// Lines are what Instrument says of the lines of a program.
type Lines struct {
	// Loose are those where an event may be missing or come, as the compiler
	// likes: cases, further lines of statements.
	Loose map[int]bool
	// Heads are those of loops.
	Heads map[int]bool
	// Parts tells of such lines on which line the statement begins that they are
	// part of: they have no more events than it is run.
	Parts map[int]int
}

// Instrument marks the statements of a program of one file of package main,
// whose imports are of the standard library. The package that it marks with is
// imported by the path given.
func Instrument(name string, src []byte, mark string, opts Options) ([]byte, Lines, error) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, Lines{}, err
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Scopes: map[ast.Node]*types.Scope{},
		Defs: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{},
	}
	conf := types.Config{Importer: importer.ForCompiler(files, "source", nil)}
	pkg, err := conf.Check("main", files, []*ast.File{tree}, info)
	if err != nil {
		return nil, Lines{}, err
	}
	m := &marker{
		name: name, files: files, info: info, pkg: pkg, opts: opts,
		lines: Lines{Loose: map[int]bool{}, Heads: map[int]bool{}, Parts: map[int]int{}}, names: map[*ast.BlockStmt]map[string]int{},
	}
	m.insert(tree.Name.End(), fmt.Sprintf("; import %q", mark))
	for _, d := range tree.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			if opts.Alone {
				m.insert(f.Body.Lbrace+1, fmt.Sprintf("defer mark.Enter(%q)();", f.Name.Name))
				m.leaveUntold(f)
				if opts.Vars && f.Type.Results == nil {
					m.insert(f.Body.Rbrace, fmt.Sprintf(";mark.Had(%d%s);", m.line(f.Body.Rbrace), m.visible(f.Body.Rbrace)))
				}
			}
			m.function(f.Body)
		}
	}
	return m.apply(src), m.lines, nil
}

type marker struct {
	name  string
	files *token.FileSet
	info  *types.Info
	pkg   *types.Package
	opts  Options
	lines Lines
	edits []edit
	names map[*ast.BlockStmt]map[string]int // how often a function declares a name

	untold map[string]bool // names of a program that is run by itself

	body   *ast.BlockStmt // of the function at hand, or of the loop that is one
	loops  []loop         // around the statement at hand, outermost first
	marked map[int]bool   // lines of statements that were marked in this function
}

type edit struct {
	at   int
	text string
}

type loop struct {
	label string
	head  token.Pos // where the ways back to it are marked
}

func (m *marker) line(p token.Pos) int { return m.files.Position(p).Line }

func (m *marker) insert(at token.Pos, text string) {
	m.edits = append(m.edits, edit{m.files.Position(at).Offset, text})
}

func (m *marker) apply(src []byte) []byte {
	slices.SortStableFunc(m.edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	var out []byte
	last := 0
	for _, e := range m.edits {
		out = append(append(out, src[last:e.at]...), e.text...)
		last = e.at
	}
	return append(out, src[last:]...)
}

// function marks the body of a function.
func (m *marker) function(body *ast.BlockStmt) {
	outer := *m
	m.body, m.loops, m.marked = body, nil, map[int]bool{}
	m.names[body] = map[string]int{}
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && m.info.Defs[id] != nil {
			m.names[body][id.Name]++
		}
		return true
	})
	m.list(body.List)
	m.body, m.loops, m.marked = outer.body, outer.loops, outer.marked
}

func (m *marker) list(list []ast.Stmt) {
	for _, s := range list {
		m.statement(s)
	}
}

// before marks a statement in front of it.
func (m *marker) before(s ast.Stmt, at token.Pos) {
	line := m.line(s.Pos())
	if m.marked[line] {
		return
	}
	m.marked[line] = true
	vars := ""
	if m.opts.Vars {
		vars = m.visible(s.Pos())
	}
	if m.opts.Apart && line != m.line(m.body.Lbrace) {
		m.insert(at, m.elsewhere(at, fmt.Sprintf("mark.Next(%d%s)", line, vars))+"\n"+m.back(at))
		return
	}
	here := fmt.Sprintf("mark.Here(%d%s);", line, vars)
	if m.line(at) != line && !m.opts.Alone { // a label stands on a line of its own
		here = fmt.Sprintf("/*line %s:%d:1*/%s", m.name, line, here)
		m.insert(s.Pos(), m.back(s.Pos())) // the label is no line between the mark and the statement
	}
	m.insert(at, here)
}

// elsewhere puts code on a line of another file; back goes on with this one. A
// line of the text must end between them: by these the compiler tells statements
// apart, whatever comments say.
func (m *marker) elsewhere(at token.Pos, code string) string {
	return fmt.Sprintf("/*line %s:%d:1*/%s", filepath.Join(filepath.Dir(m.name), "marks"), m.line(at), code)
}

func (m *marker) back(at token.Pos) string {
	p := m.files.Position(at)
	return fmt.Sprintf("/*line %s:%d:%d*/", m.name, p.Line, p.Column)
}

// condition marks the condition of a header.
func (m *marker) condition(line int, cond ast.Expr) {
	m.marked[line] = true
	m.insert(cond.Pos(), fmt.Sprintf("mark.Here(%d) && (", line))
	m.insert(cond.End(), ")")
}

// operands marks those of a condition that begin on lines of their own: whether
// they are run depends on those before them.
func (m *marker) operands(x ast.Expr) {
	b, ok := x.(*ast.BinaryExpr)
	if !ok || !m.opts.Alone || b.Op != token.LAND && b.Op != token.LOR {
		return
	}
	m.operands(b.X)
	if y := m.line(b.Y.Pos()); y != m.line(b.X.End()) {
		m.lines.Loose[y] = false
		m.condition(y, b.Y)
	}
	m.operands(b.Y)
}

func (m *marker) statement(s ast.Stmt) {
	switch s := s.(type) {
	case nil:
	case *ast.LabeledStmt:
		m.labeled(s)
	case *ast.BlockStmt:
		m.list(s.List)
	case *ast.IfStmt:
		m.before(s, s.Pos())
		m.loosen(s.Pos(), s.Body.Lbrace)
		m.operands(s.Cond)
		m.ifElse(s)
	case *ast.ForStmt:
		m.loosen(s.Pos(), s.Body.Lbrace)
		if m.opts.Alone {
			m.aloneLoop(s, "", s.Pos())
			return
		}
		m.forLoop(s, "")
	case *ast.RangeStmt:
		m.loosen(s.Pos(), s.Body.Lbrace)
		m.before(s, s.Pos())
		m.rangeLoop(s, "")
	case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		m.choice(s, s.Pos())
	case *ast.BranchStmt:
		m.branch(s)
	case *ast.EmptyStmt:
	case *ast.DeclStmt:
		if d, ok := s.Decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
			m.simple(s)
		}
	default:
		m.simple(s)
	}
}

// simple marks a statement without a body, and the function literals in it. One
// that begins with such a literal, or with a parenthesis, may have no code on its
// first line.
func (m *marker) simple(s ast.Stmt) {
	m.before(s, s.Pos())
	switch s := s.(type) {
	case *ast.DeclStmt:
		m.lines.Loose[m.line(s.Pos())] = s.Decl.(*ast.GenDecl).Lparen.IsValid()
	case *ast.ExprStmt:
		m.lines.Loose[m.line(s.Pos())] = callsLiteral(s.X)
	case *ast.AssignStmt:
		m.lines.Loose[m.line(s.Pos())] = callsLiteral(s.Rhs[0])
	}
	m.loosen(s.Pos(), s.End())
	if a, ok := s.(*ast.AssignStmt); ok && len(a.Rhs) == 1 {
		m.operands(a.Rhs[0])
	}
	m.literals(s)
}

// callsLiteral reports whether an expression is the call of a function literal.
func callsLiteral(x ast.Expr) bool {
	call, ok := x.(*ast.CallExpr)
	if ok {
		_, ok = call.Fun.(*ast.FuncLit)
	}
	return ok
}

// loosen says that lines after the one where a statement begins are of it.
func (m *marker) loosen(from, to token.Pos) {
	for l := m.line(from) + 1; l <= m.line(to); l++ {
		m.lines.Loose[l] = true
		m.lines.Parts[l] = m.line(from)
	}
}

func (m *marker) literals(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		lit, ok := n.(*ast.FuncLit)
		if ok {
			for l := m.line(lit.Body.Lbrace); l <= m.line(lit.Body.Rbrace); l++ {
				delete(m.lines.Parts, l) // the line may be of the literal, too
				if m.line(lit.Body.Lbrace) < l && l < m.line(lit.Body.Rbrace) {
					delete(m.lines.Loose, l)
				}
			}
			if m.opts.Alone && m.opts.Vars && lit.Type.Results == nil {
				m.insert(lit.Body.Rbrace, fmt.Sprintf(";mark.Had(%d%s);", m.line(lit.Body.Rbrace), m.visible(lit.Body.Rbrace)))
			}
			m.function(lit.Body)
		}
		return !ok
	})
}

func (m *marker) labeled(s *ast.LabeledStmt) {
	switch inner := s.Stmt.(type) {
	case *ast.ForStmt:
		m.loosen(inner.Pos(), inner.Body.Lbrace)
		if m.opts.Alone {
			m.aloneLoop(inner, s.Label.Name, s.Pos())
			return
		}
		m.forLoop(inner, s.Label.Name)
	case *ast.RangeStmt:
		m.loosen(inner.Pos(), inner.Body.Lbrace)
		m.before(inner, s.Pos())
		m.rangeLoop(inner, s.Label.Name)
	case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		m.choice(inner, s.Pos())
	default:
		m.statement(s.Stmt)
	}
}

// choice marks a switch or a select, and what is in it.
func (m *marker) choice(s ast.Stmt, at token.Pos) {
	line := m.line(s.Pos())
	switch s := s.(type) {
	case *ast.SwitchStmt:
		m.lines.Loose[line] = s.Init == nil && s.Tag == nil
		if !m.opts.Alone || !m.lines.Loose[line] {
			m.before(s, at)
		}
		m.clauses(s.Body, s.Tag == nil)
		if s.Tag != nil {
			m.parts(line, s.Body)
		}
		if s.Init != nil && s.Tag != nil && m.opts.Alone && m.opts.Vars {
			m.insert(s.Tag.Pos(), "mark.With(")
			m.insert(s.Tag.End(), fmt.Sprintf(", %d%s)", line, m.visible(s.Tag.Pos())))
		}
	case *ast.TypeSwitchStmt:
		m.before(s, at)
		m.clauses(s.Body, false)
		m.parts(line, s.Body)
	case *ast.SelectStmt:
		m.before(s, at)
		m.lines.Loose[line] = len(s.Body.List) < 2 || len(s.Body.List) == 2 && hasDefault(s.Body)
		m.clauses(s.Body, false)
		m.parts(line, s.Body)
	}
}

// parts says that the clauses of a switch or select are parts of it.
func (m *marker) parts(line int, body *ast.BlockStmt) {
	for _, c := range body.List {
		m.lines.Parts[m.line(c.Pos())] = line
	}
}

// hasDefault reports whether a select goes on when nothing is ready. With one case
// more it is no more than a question.
func hasDefault(body *ast.BlockStmt) bool {
	return slices.ContainsFunc(body.List, func(s ast.Stmt) bool { return s.(*ast.CommClause).Comm == nil })
}

func (m *marker) ifElse(s *ast.IfStmt) {
	m.list(s.Body.List)
	switch e := s.Else.(type) {
	case *ast.BlockStmt:
		m.list(e.List)
	case *ast.IfStmt:
		if m.opts.Alone {
			m.insert(e.Pos(), "{")
			m.before(e, e.Pos())
			m.loosen(e.Pos(), e.Body.Lbrace)
			m.operands(e.Cond)
			m.ifElse(e)
			m.insert(e.End(), "}")
			return
		}
		m.condition(m.line(e.Pos()), e.Cond)
		m.ifElse(e)
	}
}

// aloneLoop marks a loop in a program that is run by itself: where it is entered,
// and the ways back.
func (m *marker) aloneLoop(s *ast.ForStmt, label string, at token.Pos) {
	line := m.line(s.Pos())
	m.lines.Heads[line] = true
	l := loop{label, s.Pos()}
	m.before(s, at)
	if s.Init == nil && s.Cond == nil && s.Post == nil {
		l.head = 0 // nothing is run there when it goes round
		m.lines.Loose[line] = label != ""
	}
	m.loops = append(m.loops, l)
	if s.Cond != nil && m.opts.Vars {
		m.insert(s.Cond.Pos(), m.had(s.Cond.Pos()))
		m.insert(s.Cond.End(), ")")
	}
	m.list(s.Body.List)
	if m.line(s.End()) != line && l.head != 0 {
		m.insert(s.Body.Rbrace, m.goesBack(s.Pos(), s.Body.Rbrace))
	}
	m.loops = m.loops[:len(m.loops)-1]
}

func (m *marker) forLoop(s *ast.ForStmt, label string) {
	line := m.line(s.Pos())
	m.lines.Heads[line] = true
	if s.Cond != nil {
		m.condition(line, s.Cond)
	} else {
		m.lines.Loose[line] = true
	}
	m.loops = append(m.loops, loop{label: label})
	m.list(s.Body.List)
	m.loops = m.loops[:len(m.loops)-1]
}

// rangeLoop marks the ways back to the head of a loop that has no condition. The
// body of a loop over a function is a function.
func (m *marker) rangeLoop(s *ast.RangeStmt, label string) {
	m.lines.Heads[m.line(s.Pos())] = true
	m.literals(s.X)
	if _, ok := m.info.TypeOf(s.X).Underlying().(*types.Signature); ok {
		m.over(s, label)
		return
	}
	m.loops = append(m.loops, loop{label, s.Pos()})
	m.list(s.Body.List)
	if !leaves(s.Body.List) && !m.opts.Alone || m.opts.Alone && m.line(s.Pos()) != m.line(s.End()) {
		m.insert(s.Body.Rbrace, m.goesBack(s.Pos(), s.Body.Rbrace)+m.back(s.Body.Rbrace))
	}
	m.loops = m.loops[:len(m.loops)-1]
}

// over marks a loop over a function.
func (m *marker) over(s *ast.RangeStmt, label string) {
	outer, names := m.body, m.names[m.body]
	m.body = s.Body
	m.names[s.Body] = names
	m.loops = append(m.loops, loop{label: label})
	m.list(s.Body.List)
	m.loops = m.loops[:len(m.loops)-1]
	m.body = outer
}

// leaves reports whether the end of a list of statements is not reached.
func leaves(list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch list[len(list)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	}
	return false
}

// branch marks a statement that goes elsewhere, and the head to which a continue
// leads. The jump itself is then on the line of the head.
func (m *marker) branch(s *ast.BranchStmt) {
	if s.Tok == token.FALLTHROUGH && m.opts.Alone {
		return // no code
	}
	if s.Tok != token.CONTINUE {
		m.before(s, s.Pos())
		return
	}
	i := len(m.loops) - 1
	for s.Label != nil && m.loops[i].label != s.Label.Name {
		i--
	}
	head := m.loops[i].head
	if head == 0 || !m.opts.Apart {
		m.before(s, s.Pos())
	}
	if head != 0 && m.opts.Alone {
		m.insert(s.Pos(), m.goesBack(head, s.Pos()))
		return
	}
	if head != 0 {
		m.insert(s.Pos(), m.goesBack(head, s.Pos()))
		m.insert(s.End(), m.back(s.End()))
	}
}

// goesBack marks the way back to a head from somewhere.
func (m *marker) goesBack(head, from token.Pos) string {
	p := m.files.Position(head)
	switch {
	case m.opts.Alone && m.opts.Vars:
		return fmt.Sprintf("mark.Here(%d%s);", p.Line, m.visible(from))
	case m.opts.Alone:
		return fmt.Sprintf("mark.Here(%d);", p.Line)
	}
	return fmt.Sprintf("/*line %s:%d:%d*/mark.Here(%d);", m.name, p.Line, p.Column, p.Line)
}

// clauses marks those of a switch or select. Of one without a tag, they are
// conditions.
func (m *marker) clauses(body *ast.BlockStmt, conditions bool) {
	for _, c := range body.List {
		line := m.line(c.Pos())
		m.lines.Loose[line] = true
		switch c := c.(type) {
		case *ast.CaseClause:
			if conditions && m.opts.Alone && len(c.List) > 0 {
				m.lines.Loose[line] = false
				m.loosen(c.Pos(), c.Colon)
				m.condition(line, c.List[0])
			}
			m.list(c.Body)
		case *ast.CommClause:
			m.list(c.Body)
		}
	}
}

// visible lists the variables of the function at hand that a statement can see,
// each with its name. What another variable may hide is left out, and so are those of
// functions around, but for a program that is run by itself.
func (m *marker) visible(pos token.Pos) string {
	var names []string
	if m.opts.Alone {
		names = m.anywhere(pos)
	}
	for scope := m.pkg.Scope().Innermost(pos); !m.opts.Alone && scope != nil && scope != m.pkg.Scope(); scope = scope.Parent() {
		for _, name := range scope.Names() {
			v, ok := scope.Lookup(name).(*types.Var)
			if !ok || name == "_" || m.names[m.body][name] > 1 || v.Pos() >= pos || !printable(v.Type()) {
				continue
			}
			if inner, _ := scope.LookupParent(name, pos); inner == nil {
				continue
			}
			if v.Pos() < m.body.Pos() && !m.isParameter(v) {
				continue
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, ", %q, %s", name, name)
	}
	return b.String()
}

// isParameter reports whether a variable is one of the function at hand: the
// scope of its parameters is that of its body.
func (m *marker) isParameter(v *types.Var) bool {
	inner := m.pkg.Scope().Innermost(m.body.Lbrace + 1)
	return inner != nil && inner.Lookup(v.Name()) == v
}

// printable reports whether values of a type look the same wherever they are
// printed.
func printable(t types.Type) bool {
	switch u := t.(type) {
	case *types.Basic:
		return u.Info()&(types.IsInteger|types.IsString|types.IsBoolean) != 0 && u.Info()&types.IsUnsigned == 0
	case *types.Slice:
		return printable(u.Elem())
	case *types.Map:
		return printable(u.Key()) && printable(u.Elem())
	}
	return false
}
