package program

import (
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/op"

	"gtrace/events/secret"
	"gtrace/session/engine/program/debuginfo"
	"gtrace/session/engine/program/value"
)

// A Spot is where a value stands in the target's memory.
type Spot struct {
	Addr  uint64
	Type  godwarf.Type
	Names []string // of the variable, and of the fields that lead to it
}

// A locator finds what expressions stand for: a variable of a package, or what
// fields, elements and pointers lead to from there at the moment.
type locator struct {
	im  *Image
	mem value.Memory
	raw bool // see Locate
}

// Locate evaluates an expression such as main.jobs[3].owner.count. The package is
// called by its name or by its import path. With raw set, pointers do not lead anywhere
// yet: a position independent program learns where it is when it starts.
func (im *Image) Locate(expr string, mem value.Memory, raw bool) (Spot, error) {
	l := locator{im, mem, raw}
	path, rest := splitPath(expr)
	x, err := parser.ParseExpr(rest)
	if err != nil {
		return Spot{}, fmt.Errorf("this is not a Go expression: %w", err)
	}
	return l.eval(x, path)
}

// splitPath takes from an expression what stands before the last element of an
// import path. There may be slashes in an index, too.
func splitPath(expr string) (path, rest string) {
	head := expr
	if i := strings.IndexByte(head, '['); i >= 0 {
		head = head[:i]
	}
	i := strings.LastIndexByte(head, '/') + 1
	return expr[:i], expr[i:]
}

func (l locator) eval(x ast.Expr, path string) (Spot, error) {
	switch x := x.(type) {
	case *ast.ParenExpr:
		return l.eval(x.X, path)
	case *ast.SelectorExpr:
		if pkg, ok := x.X.(*ast.Ident); ok {
			return l.im.variable(path, pkg.Name, x.Sel.Name)
		}
		at, err := l.eval(x.X, path)
		if err != nil {
			return at, err
		}
		return l.field(at, x.Sel.Name)
	case *ast.IndexExpr:
		at, err := l.eval(x.X, path)
		if err != nil {
			return at, err
		}
		return l.element(at, x.Index)
	case *ast.StarExpr:
		at, err := l.eval(x.X, path)
		if err != nil {
			return at, err
		}
		if _, ok := godwarf.ResolveTypedef(at.Type).(*godwarf.PtrType); !ok {
			return at, fmt.Errorf("%s is not a pointer but a %s", at, l.im.values.TypeName(at.Type))
		}
		return l.follow(at)
	case *ast.Ident:
		return Spot{}, fmt.Errorf("%s has no package: a variable of a package is needed, as main.%s; locals cannot be watched", x.Name, x.Name)
	}
	return Spot{}, fmt.Errorf("this has no place in memory: a variable of a package is needed, with fields, elements and pointers that lead from there")
}

// String returns what the spot is called.
func (at Spot) String() string { return strings.Join(at.Names, ".") }

// follow leads through a pointer. What is none stays as it is.
func (l locator) follow(at Spot) (Spot, error) {
	ptr, ok := godwarf.ResolveTypedef(at.Type).(*godwarf.PtrType)
	if !ok {
		return at, nil
	}
	addr, err := l.pointer(at.Addr)
	if err == nil && addr == 0 {
		err = errors.New("it is nil")
	}
	if err != nil {
		return at, fmt.Errorf("follow %s: %w", at, err)
	}
	return Spot{addr, ptr.Type, at.Names}, nil
}

// field leads to a field, perhaps that of an embedded struct.
func (l locator) field(at Spot, name string) (Spot, error) {
	at, err := l.follow(at)
	if err != nil {
		return at, err
	}
	st, ok := godwarf.ResolveTypedef(at.Type).(*godwarf.StructType)
	if !ok {
		return at, fmt.Errorf("%s has no fields: it is a %s", at, l.im.values.TypeName(at.Type))
	}
	for _, f := range st.Field {
		if f.Name == name {
			return Spot{at.Addr + uint64(f.ByteOffset), f.Type, append(slices.Clip(at.Names), name)}, nil
		}
	}
	for _, f := range st.Field {
		if !f.Embedded {
			continue
		}
		inner := Spot{at.Addr + uint64(f.ByteOffset), f.Type, append(slices.Clip(at.Names), f.Name)}
		if found, err := l.field(inner, name); err == nil {
			return found, nil
		}
	}
	return at, fmt.Errorf("%s has no field %s: it is a %s", at, name, l.im.values.TypeName(at.Type))
}

// element leads to an element of an array or a slice.
func (l locator) element(at Spot, index ast.Expr) (Spot, error) {
	lit, ok := index.(*ast.BasicLit)
	if !ok || lit.Kind != token.INT {
		return at, fmt.Errorf("%s: an index must be a number", at)
	}
	i, err := strconv.ParseUint(lit.Value, 0, 32)
	if err != nil {
		return at, fmt.Errorf("%s: index %s: %w", at, lit.Value, err)
	}
	if at, err = l.follow(at); err != nil {
		return at, err
	}
	var elem godwarf.Type
	var count uint64
	switch t := godwarf.ResolveTypedef(at.Type).(type) {
	case *godwarf.ArrayType:
		elem, count = t.Type, uint64(value.ArrayLen(t))
	case *godwarf.SliceType:
		elem = t.ElemType
		if count, err = readWord(l.mem, at.Addr+wordSize); err == nil {
			at.Addr, err = l.pointer(at.Addr)
		}
		if err != nil {
			return at, fmt.Errorf("follow %s: %w", at, err)
		}
	default:
		return at, fmt.Errorf("%s is a %s: only elements of arrays and slices have a fixed place", at, l.im.values.TypeName(at.Type))
	}
	if i >= count {
		return at, fmt.Errorf("%s has %d elements, and none with index %d", at, count, i)
	}
	return Spot{at.Addr + i*uint64(elem.Size()), elem, at.Names}, nil
}

// pointer reads a pointer.
func (l locator) pointer(addr uint64) (uint64, error) {
	p, err := readWord(l.mem, addr)
	if err == nil && p != 0 && l.raw {
		err = errors.New("the program is position independent and has not started: attach to it later")
	}
	return p, err
}

// Named says what the names that lead to a spot say of it.
func (at Spot) Named(hide *secret.Names) secret.Match {
	most := secret.No
	if hide != nil {
		for _, name := range at.Names {
			most = max(most, hide.Match(name[strings.LastIndexByte(name, '.')+1:]))
		}
	}
	return most
}

// variable finds a variable of a package, whose import path is path and pkg, or,
// without a path, whose name is pkg.
func (im *Image) variable(path, pkg, name string) (Spot, error) {
	var found []Spot
	known := false
	for _, u := range im.debug.Units {
		if !isPackage(u, path, pkg) {
			continue
		}
		known = true
		r := im.debug.Data.Reader()
		r.Seek(u.Entry.Offset)
		if _, err := r.Next(); err != nil {
			return Spot{}, err
		}
		if at, ok := im.variableIn(r, u.Path+"."+name); ok {
			found = append(found, at)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Spot{}, fmt.Errorf("several packages have it: %s and %s: give the import path", found[0], found[1])
	case !known:
		return Spot{}, fmt.Errorf("the program has no package %s%s", path, pkg)
	}
	return Spot{}, fmt.Errorf("package %s%s has no variable %s in the program: the linker leaves out what nothing uses", path, pkg, name)
}

// isPackage reports whether a unit of the debug information is of a package.
func isPackage(unit *debuginfo.Unit, path, pkg string) bool {
	if path != "" || unit.Path == pkg {
		return unit.Path == path+pkg
	}
	return unit.Name == pkg
}

// variableIn looks for a variable among what a unit holds, which r reads next.
func (im *Image) variableIn(r *dwarf.Reader, name string) (Spot, bool) {
	for {
		e, err := r.Next()
		if err != nil || e == nil || e.Tag == 0 {
			return Spot{}, false
		}
		r.SkipChildren()
		if e.Tag != dwarf.TagVariable || e.Val(dwarf.AttrName) != name {
			continue
		}
		loc, _ := e.Val(dwarf.AttrLocation).([]byte)
		off, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
		if !ok || len(loc) != 1+wordSize || op.Opcode(loc[0]) != op.DW_OP_addr {
			continue
		}
		if t, err := im.debug.Type(off); err == nil {
			return Spot{binary.LittleEndian.Uint64(loc[1:]) + im.base, t, []string{name}}, true
		}
	}
}
