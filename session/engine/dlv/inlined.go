package dlv

import (
	"debug/dwarf"

	"github.com/go-delve/delve/pkg/proc"

	"gtrace/session/engine"
)

// An abstract is a function that the compiler has inlined somewhere, as the
// debug information describes it apart from its code.
type abstract struct {
	name  string
	unit  *dwarf.Entry
	file  int64
	line  int64
	calls int // places where it was inlined
}

// A survey is what the debug information says of all functions.
type survey struct {
	inlined map[string]*abstract // those that were inlined, by name
	heads   map[uint64]*abstract // where each is declared, by the address of its code in the file

	packages []*packageUnit
}

// survey reads the debug information from end to end but for types, which takes
// less time than it sounds.
func (im *Image) survey() (survey, error) {
	sv := survey{inlined: map[string]*abstract{}, heads: map[uint64]*abstract{}}
	byOffset := map[dwarf.Offset]*abstract{}
	at := func(off dwarf.Offset) *abstract {
		a := byOffset[off]
		if a == nil {
			a = &abstract{}
			byOffset[off] = a
		}
		return a
	}
	var unit *dwarf.Entry
	r := im.dwarf.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			return sv, err
		}
		if e == nil {
			break
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			unit = e
			sv.packages = append(sv.packages, newPackageUnit(e))
		case dwarf.TagSubprogram:
			if e.AttrField(dwarf.AttrInline) != nil {
				a := at(e.Offset)
				a.name, _ = e.Val(dwarf.AttrName).(string)
				a.unit = unit
				a.file, _ = e.Val(dwarf.AttrDeclFile).(int64)
				a.line, _ = e.Val(dwarf.AttrDeclLine).(int64)
			} else if low, ok := e.Val(dwarf.AttrLowpc).(uint64); ok {
				if origin, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); ok {
					sv.heads[low] = at(origin)
				} else if line, ok := e.Val(dwarf.AttrDeclLine).(int64); ok {
					sv.heads[low] = &abstract{line: line}
				}
			}
		case dwarf.TagInlinedSubroutine:
			if origin, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); ok {
				at(origin).calls++
			}
		case dwarf.TagStructType, dwarf.TagSubroutineType, dwarf.TagArrayType, dwarf.TagTypedef:
			if e.Children {
				r.SkipChildren()
			}
		}
	}
	for _, a := range byOffset {
		if a.calls > 0 && a.name != "" {
			sv.inlined[a.name] = a
		}
	}
	return sv, nil
}

// abstractFunction makes the Function of one that has no code of its own.
func (im *Image) abstractFunction(a *abstract) *engine.Function {
	fn := proc.Function{Name: a.name}
	f := &engine.Function{
		Name:      printedName(a.name),
		Symbol:    a.name,
		Package:   fn.PackageName(),
		File:      im.symbols.file(a.unit, a.file),
		Line:      int(a.line),
		Inlined:   a.calls,
		Optimized: true,
	}
	im.namePackage(f)
	return f
}
