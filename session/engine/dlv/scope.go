package dlv

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
type local struct {
	param
	entry    *godwarf.Tree
	escapes  bool // it lives on the heap, and its location holds its address
	argument bool
	declared int
	doubtful bool    // its location is that of another variable too
	unsure   []int   // the words of it that may not be where they are said to be
	split    bool    // optimised: each word of it has a place of its own
	family   *family // its type is one of generic code, and where is not told
}

// locals finds the variables that can be seen from an instruction on a line: the
// innermost of each name. The list is not nil.
func (im *Image) locals(f *engine.Function, pc uint64, line int, names *secret.Names) []local {
	list := []local{}
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
		l.argument = l.argument || im.moved(f, &l)
		if l.dictIndex < 0 && hasShape(l.typ) {
			l.family = im.family(f)
		}
		l.secret = names.Match(l.name).In(f.Package)
		if secret.IsValue(l.name) {
			l.named = secret.Always
		}
		if at, ok := depths[l.name]; !ok {
			depths[l.name] = len(list)
			list = append(list, l)
		} else {
			list[at] = l // deeper, or declared later
		}
	}
	return list
}

// moved reports whether a variable on the heap is a parameter that the compiler has
// moved there.
func (im *Image) moved(f *engine.Function, l *local) bool {
	if !l.escapes {
		return false
	}
	outermost, named := false, false
	for _, child := range im.children(f) {
		outermost = outermost || child == l.entry
		line, _ := child.Val(dwarf.AttrDeclLine).(int64)
		named = named || child.Tag == dwarf.TagFormalParameter && child.Val(dwarf.AttrName) == l.name && int(line) == l.declared
	}
	return outermost && named
}

// isCaptured reports whether a function literal has a variable from the function
// around it.
func isCaptured(l *local) bool { return l.entry.Val(godwarf.AttrGoClosureOffset) != nil }

func isAny(*local) bool { return true }

// variables finds all variables of a function.
func (im *Image) variables(f *engine.Function) []local {
	var list []local
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
func (im *Image) local(entry *godwarf.Tree) (l local, ok bool) {
	name, _ := entry.Val(dwarf.AttrName).(string)
	off, ok := entry.Val(dwarf.AttrType).(dwarf.Offset)
	if !ok {
		return l, false
	}
	l.entry = entry
	l.name, l.escapes = strings.CutPrefix(name, "&")
	if l.name == "" || l.name == "_" || strings.ContainsRune("~.#", rune(l.name[0])) {
		return l, false
	}
	typ, err := im.debug.Type(off)
	if err != nil {
		return l, false
	}
	if pt, isPointer := underlying(typ).(*godwarf.PtrType); l.escapes && isPointer {
		typ = pt.Type
	}
	l.typ, l.typeName, l.dictIndex = typ, im.values.TypeName(typ), -1
	if pt, ok := typ.(*godwarf.ParametricType); ok {
		l.dictIndex = pt.DictIndex
	}
	// What a closure has captured is there from the start, too.
	l.argument = entry.Tag == dwarf.TagFormalParameter || isCaptured(&l)
	line, _ := entry.Val(dwarf.AttrDeclLine).(int64)
	l.declared = int(line)
	return l, true
}
