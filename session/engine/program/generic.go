package program

import (
	"debug/dwarf"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine"
	"gtrace/session/engine/program/value"
)

// Functions of generic code are compiled once for all type arguments that look
// alike to the machine, their shapes. What the types truly are stands in a
// dictionary, which a call gets as a hidden argument. A function literal captures
// that of the function it stands in, behind all that it captures else; of one that
// is called on the spot, what is captured are arguments, and come first.
//
// The debug information of optimised code has no dictionaries.

// dictionary is the name of the hidden argument of generic code.
const dictionary = ".dict"

// hasShape reports whether a type is a shape, or is made of one.
func hasShape(t godwarf.Type) bool { return strings.Contains(t.Common().Name, value.ShapePrefix) }

// genericParts splits the symbol of a function of generic code behind its type
// arguments: main.Map[go.shape.int] and .func1.
func genericParts(symbol string) (root, rest string, ok bool) {
	shape, end := strings.Index(symbol, "["+value.ShapePrefix), strings.LastIndexByte(symbol, ']')
	if shape < 0 || end < shape {
		return "", "", false
	}
	return symbol[:end+1], symbol[end+1:], true
}

// isLiteral reports whether a symbol is that of a function literal or of the body
// of a loop over a function.
func isLiteral(symbol string) bool {
	_, name, isGeneric := genericParts(symbol)
	if !isGeneric {
		name = symbol[strings.LastIndexByte(symbol, '/')+1:]
		_, name, _ = strings.Cut(name, ".")
	}
	if strings.Contains(name, "-range") {
		return true
	}
	// What follows the name of a type is that of a method.
	name, isMethod := strings.CutPrefix(name, ").")
	own := isMethod || !isGeneric
	for part := range strings.SplitSeq(strings.TrimPrefix(name, "."), ".") {
		if !own && isClosure(part) {
			return true
		}
		own = false
	}
	return false
}

// isClosure reports whether the compiler gave a function its name, the last
// element of its symbol: func1, func2-range1.
func isClosure(name string) bool {
	rest, ok := strings.CutPrefix(name, "func")
	return ok && rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

// withDictionary adds the dictionary to the arguments of generic code where the
// debug information leaves it out. It is the first argument of a function and
// follows the receiver of a method.
func withDictionary(symbol string, args []Param) []Param {
	_, rest, ok := genericParts(symbol)
	if !ok || isLiteral(symbol) || slices.ContainsFunc(args, isDictionary) {
		return args
	}
	at := 0
	if rest != "" {
		at = 1
	}
	return slices.Insert(args, min(at, len(args)), dictParam())
}

func isDictionary(p Param) bool { return p.Name == dictionary }

func dictParam() Param {
	return Param{Name: dictionary, Type: godwarf.FakeBasicType("uint", 64), dictIndex: -1}
}

// A literal is what must be known of a function literal of generic code to find
// its dictionary.
type literal struct {
	family *family
	entry  uint64
	// from is where the dictionary stands at the earliest in the closure that a call
	// of the literal gets in the context register.
	from uint64
	// spot is the signature of the literal if it is called on the spot. There is no
	// closure then.
	spot *Signature
}

// literal describes a function literal of generic code whose arguments do not
// tell where its dictionary is.
func (im *Image) literal(f *engine.Function, args, results []Param, captured int) *literal {
	if _, _, ok := genericParts(f.Symbol); !ok || !isLiteral(f.Symbol) || slices.ContainsFunc(args, isDictionary) {
		return nil
	}
	lit := &literal{family: im.family(f), entry: f.Entry, from: wordSize}
	for _, child := range im.children(f) {
		off, ok := child.Val(godwarf.AttrGoClosureOffset).(int64)
		if !ok {
			continue
		}
		lit.from = max(lit.from, uint64(off)+wordSize)
		if child.Val(dwarf.AttrName) == dictionary {
			lit.from = uint64(off)
			break
		}
	}
	spot := &Signature{}
	spot.place(slices.Insert(slices.Clone(args), captured, dictParam()), slices.Clone(results), captured+1)
	lit.spot = spot
	return lit
}

// children returns what the debug information says to be in a function, other
// than in its blocks.
func (im *Image) children(f *engine.Function) []*godwarf.Tree {
	if tree := im.symbols.tree(f); tree != nil {
		return tree.Children
	}
	return nil
}

// A family are the functions of generic code that have a dictionary in common: a
// function and the literals in it.
type family struct {
	types []familyType
	known map[uint64]bool // dictionaries of it
}

// A familyType is a type that some variable of the family has.
type familyType struct {
	name  string // of the variable; empty: not known
	shape string
	size  int64
	index int64 // of the type in the dictionary
}

// family returns the family that a function belongs to, nil if it is not generic.
func (im *Image) family(f *engine.Function) *family {
	root, _, ok := genericParts(f.Symbol)
	if !ok {
		return nil
	}
	if fam := im.families[root]; fam != nil {
		return fam
	}
	fam := &family{known: make(map[uint64]bool)}
	for _, member := range im.functions {
		if r, _, _ := genericParts(member.Symbol); r == root && member.Entry != 0 {
			im.addTypes(fam, im.symbols.tree(member))
		}
	}
	if im.families == nil {
		im.families = make(map[string]*family)
	}
	im.families[root] = fam
	return fam
}

// addTypes adds the types in a function, or a block of one, to its family.
func (im *Image) addTypes(fam *family, tree *godwarf.Tree) {
	if tree == nil {
		return
	}
	for _, child := range tree.Children {
		switch child.Tag {
		case dwarf.TagLexDwarfBlock:
			im.addTypes(fam, child)
		case dwarf.TagFormalParameter, dwarf.TagVariable, dwarf.TagTypedef:
			off, ok := child.Val(dwarf.AttrType).(dwarf.Offset)
			if child.Tag == dwarf.TagTypedef {
				off, ok = child.Offset, true
			}
			if !ok {
				continue
			}
			t, err := im.debug.Type(off)
			pt, isParameter := t.(*godwarf.ParametricType)
			if err != nil || !isParameter {
				continue
			}
			name, _ := child.Val(dwarf.AttrName).(string)
			if child.Tag == dwarf.TagTypedef {
				name = ""
			}
			fam.types = append(fam.types, familyType{name, pt.Type.Common().Name, pt.Size(), pt.DictIndex})
		}
	}
}

// indexes returns the places in the dictionary at which the type of a variable
// may stand: that of a captured one is not told. The variable of the same name
// counts for more than others of the same shape.
func (fam *family) indexes(name, shape string) []int64 {
	var named, all []int64
	for _, t := range fam.types {
		if t.shape != shape {
			continue
		}
		all = append(all, t.index)
		if t.name == name {
			named = append(named, t.index)
		}
	}
	if named != nil {
		return named
	}
	return all
}

// dictionaries returns the addresses of the program's dictionaries, by its symbols.
func (im *Image) dictionaries() map[uint64]bool {
	if im.dicts == nil {
		im.dicts = make(map[uint64]bool)
		symbols, _ := im.file.Symbols()
		for _, s := range symbols {
			if strings.Contains(s.Name, "."+dictionary+".") {
				im.dicts[s.Value+im.base] = true
			}
		}
	}
	return im.dicts
}
