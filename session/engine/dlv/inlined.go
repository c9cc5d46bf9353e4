package dlv

import (
	"debug/dwarf"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"gtrace/session/engine"
)

// An abstract is a function that the compiler has inlined somewhere, as the
// debug information describes it apart from its code.
type abstract struct {
	name    string
	offset  dwarf.Offset
	line    int64
	calls   int // places where it was inlined
	hasCode bool

	// Its description does not say in which file it is. Where another is inlined
	// in it, the call does; else any of its code.
	unit *dwarf.Entry
	file int64
	code *dwarf.Entry
}

// A described is where the debug information describes a function.
type described struct {
	offset dwarf.Offset
	unit   *dwarf.Entry
}

// A survey is what the debug information says of all functions.
type survey struct {
	inlined map[string]*abstract   // those that were inlined, by name
	heads   map[uint64]*abstract   // where each is declared, by the address of its code in the file
	inside  map[uint64][]*abstract // what was inlined into a wrapper, outermost only, by its address
	entries map[uint64]described   // of functions with code, by its address
	units   []*dwarf.Entry

	packages []*packageUnit
}

// languageGo is Go among the languages of DWARF.
const languageGo = 22

// survey reads the debug information from end to end but for types, which takes
// less time than it sounds.
func (im *Image) survey() (survey, error) {
	sv := survey{
		inlined: map[string]*abstract{}, heads: map[uint64]*abstract{},
		inside: map[uint64][]*abstract{}, entries: map[uint64]described{},
	}
	byOffset := map[dwarf.Offset]*abstract{}
	at := func(off dwarf.Offset) *abstract {
		a := byOffset[off]
		if a == nil {
			a = &abstract{offset: off}
			byOffset[off] = a
		}
		return a
	}
	var unit *dwarf.Entry
	ofGo := false // the unit is
	var in nesting
	var around []*abstract // what is inlined around an entry; nil: nothing
	r := im.dwarf.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			return sv, err
		}
		if e == nil {
			break
		}
		outermost := in.enter(e)
		var inlined *abstract
		switch e.Tag {
		case 0:
			around = around[:max(0, len(around)-1)]
		case dwarf.TagCompileUnit:
			unit = e
			language, _ := e.Val(dwarf.AttrLanguage).(int64)
			ofGo = language == languageGo
			sv.units = append(sv.units, e)
			sv.packages = append(sv.packages, newPackageUnit(e))
		case dwarf.TagSubprogram:
			if e.AttrField(dwarf.AttrInline) != nil {
				if !ofGo {
					break // it is one of C
				}
				a := at(e.Offset)
				a.name, _ = e.Val(dwarf.AttrName).(string)
				a.line, _ = e.Val(dwarf.AttrDeclLine).(int64)
			} else if low, ok := e.Val(dwarf.AttrLowpc).(uint64); ok {
				sv.entries[low] = described{e.Offset, unit}
				if origin, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); ok {
					sv.heads[low] = at(origin)
				} else if line, ok := e.Val(dwarf.AttrDeclLine).(int64); ok {
					sv.heads[low] = &abstract{line: line}
				}
			}
		case dwarf.TagInlinedSubroutine:
			if origin, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); ok {
				inlined = at(origin)
				inlined.calls++
				inlined.code = e
				if outermost {
					sv.inside[in.wrapper] = append(sv.inside[in.wrapper], inlined)
				}
				if n := len(around); n > 0 && around[n-1] != nil {
					around[n-1].unit = unit
					around[n-1].file, _ = e.Val(dwarf.AttrCallFile).(int64)
				}
			}
		case dwarf.TagStructType, dwarf.TagSubroutineType, dwarf.TagArrayType, dwarf.TagTypedef:
			if e.Children {
				r.SkipChildren()
				in.leave()
				continue
			}
		}
		if e.Children {
			around = append(around, inlined)
		}
	}
	for _, a := range byOffset {
		if a.calls > 0 && a.name != "" {
			sv.inlined[a.name] = a
		}
	}
	return sv, nil
}

// A nesting is where in the tree of entries a reader is: how deep, and in which
// wrapper, if in one.
type nesting struct {
	depth   int
	wrapper uint64 // its address
	at      int    // depth of its children; 0: in none
	inlined int    // depth of what is inside an inlined call; 0: in none
}

// enter takes note of an entry. It reports whether that is an inlined call which
// stands in a wrapper and in no other.
func (n *nesting) enter(e *dwarf.Entry) (outermost bool) {
	if e.Tag == 0 {
		n.leave()
		return false
	}
	outermost = e.Tag == dwarf.TagInlinedSubroutine && n.at > 0 && n.inlined == 0
	if !e.Children {
		return outermost
	}
	n.depth++
	switch low, ok := e.Val(dwarf.AttrLowpc).(uint64); {
	case outermost:
		n.inlined = n.depth
	case e.Tag == dwarf.TagSubprogram && ok && isTrampoline(e):
		n.wrapper, n.at = low, n.depth
	}
	return outermost
}

// leave takes note of the end of the children of an entry.
func (n *nesting) leave() {
	if n.depth == n.inlined {
		n.inlined = 0
	}
	if n.depth == n.at {
		n.at = 0
	}
	n.depth--
}

// isTrampoline reports whether a function is described as one that the compiler
// made to call another.
func isTrampoline(e *dwarf.Entry) bool {
	name, _ := e.Val(dwarf.AttrName).(string)
	return e.AttrField(dwarf.AttrTrampoline) != nil || strings.HasSuffix(name, "-fm")
}

// abstractFunction makes the Function of one that has no code of its own.
func (im *Image) abstractFunction(a *abstract) *engine.Function {
	fn := proc.Function{Name: a.name}
	f := &engine.Function{
		Name:      printedName(a.name),
		Symbol:    a.name,
		Package:   fn.PackageName(),
		File:      im.fileOf(a),
		Line:      int(a.line),
		Inlined:   a.calls,
		Optimized: true,
	}
	im.namePackage(f)
	return f
}

// fileOf returns the file of a function that was inlined, or nothing.
func (im *Image) fileOf(a *abstract) string {
	if a.unit != nil {
		return im.symbols.file(a.unit, a.file)
	}
	ranges, err := im.dwarf.Ranges(a.code)
	if err != nil || len(ranges) == 0 {
		return ""
	}
	file, _ := im.LineAt(ranges[0][0] + im.base)
	return file
}
