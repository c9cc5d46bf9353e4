package program

import (
	"debug/dwarf"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/reader"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

// A local is a variable that can be seen from a place. Of its param the location
// is not set: that of a local depends on the place.
type Local struct {
	Param
	entry    *godwarf.Tree
	escapes  bool // it lives on the heap, and its location holds its address
	Argument bool
	Declared int
	doubtful bool    // its location is that of another variable too
	unsure   []int   // the words of it that may not be where they are said to be
	split    bool    // optimised: each word of it has a place of its own
	family   *family // its type is one of generic code, and where is not told
}

// locals finds the variables that can be seen from an instruction on a line: the
// innermost of each name. The list is not nil.
func (im *Image) locals(f *engine.Function, pc uint64, line int, names *secret.Names) []Local {
	list := []Local{}
	tree := im.symbols.tree(f)
	if tree == nil {
		return list
	}
	const flags = reader.VariablesOnlyVisible | reader.VariablesSkipInlinedSubroutines | reader.VariablesTrustDeclLine
	depths := map[string]int{}
	for _, v := range reader.Variables(tree, pc, line, flags) {
		l, ok := im.local(v.Tree)
		if !ok {
			continue
		}
		l.split = f.Optimized
		l.Argument = l.Argument || im.moved(f, &l)
		if l.dictIndex < 0 && hasShape(l.Type) {
			l.family = im.family(f)
		}
		l.Secret = names.Match(l.Name).In(f.Package)
		if secret.IsValue(l.Name) {
			l.named = secret.Always
		}
		if at, ok := depths[l.Name]; !ok {
			depths[l.Name] = len(list)
			list = append(list, l)
		} else {
			list[at] = l // deeper, or declared later
		}
	}
	return list
}

// moved reports whether a variable on the heap is a parameter that the compiler has
// moved there.
func (im *Image) moved(f *engine.Function, l *Local) bool {
	if !l.escapes {
		return false
	}
	outermost, named := false, false
	for _, child := range im.children(f) {
		outermost = outermost || child == l.entry
		line, _ := child.Val(dwarf.AttrDeclLine).(int64)
		named = named || child.Tag == dwarf.TagFormalParameter && child.Val(dwarf.AttrName) == l.Name && int(line) == l.Declared
	}
	return outermost && named
}

// isCaptured reports whether a function literal has a variable from the function
// around it.
func isCaptured(l *Local) bool { return l.entry.Val(godwarf.AttrGoClosureOffset) != nil }

func isAny(*Local) bool { return true }

// variables finds all variables of a function.
func (im *Image) variables(f *engine.Function) []Local {
	var list []Local
	if tree := im.symbols.tree(f); tree != nil {
		for _, v := range reader.Variables(tree, 0, 0, reader.VariablesNoDeclLineCheck|reader.VariablesSkipInlinedSubroutines) {
			if l, ok := im.local(v.Tree); ok {
				list = append(list, l)
			}
		}
	}
	return list
}

// local describes a variable, unless it is one that the compiler has made.
func (im *Image) local(entry *godwarf.Tree) (l Local, ok bool) {
	name, _ := entry.Val(dwarf.AttrName).(string)
	off, ok := entry.Val(dwarf.AttrType).(dwarf.Offset)
	if !ok {
		return l, false
	}
	l.entry = entry
	l.Name, l.escapes = strings.CutPrefix(name, "&")
	if l.Name == "" || l.Name == "_" || strings.ContainsRune("~.#", rune(l.Name[0])) {
		return l, false
	}
	typ, err := im.debug.Type(off)
	if err != nil {
		return l, false
	}
	if pt, isPointer := underlying(typ).(*godwarf.PtrType); l.escapes && isPointer {
		typ = pt.Type
	}
	l.Type, l.typeName, l.dictIndex = typ, im.values.TypeName(typ), -1
	if pt, ok := typ.(*godwarf.ParametricType); ok {
		l.dictIndex = pt.DictIndex
	}
	// What a closure has captured is there from the start, too.
	l.Argument = entry.Tag == dwarf.TagFormalParameter || isCaptured(&l)
	line, _ := entry.Val(dwarf.AttrDeclLine).(int64)
	l.Declared = int(line)
	return l, true
}
