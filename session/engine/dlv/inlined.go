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

// inlined finds the functions that were inlined, by name. It reads the debug
// information from end to end but for types, which takes less time than it
// sounds.
func (im *Image) inlined() (map[string]*abstract, error) {
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
			return nil, err
		}
		if e == nil {
			break
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			unit = e
		case dwarf.TagSubprogram:
			if e.AttrField(dwarf.AttrInline) != nil {
				a := at(e.Offset)
				a.name, _ = e.Val(dwarf.AttrName).(string)
				a.unit = unit
				a.file, _ = e.Val(dwarf.AttrDeclFile).(int64)
				a.line, _ = e.Val(dwarf.AttrDeclLine).(int64)
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
	byName := make(map[string]*abstract, len(byOffset))
	for _, a := range byOffset {
		if a.calls > 0 && a.name != "" {
			byName[a.name] = a
		}
	}
	return byName, nil
}

// function makes the Function of one that has no code of its own.
func (im *Image) abstractFunction(a *abstract) *engine.Function {
	fn := proc.Function{Name: a.name}
	return &engine.Function{
		Name:      printedName(a.name),
		Symbol:    a.name,
		Package:   fn.PackageName(),
		File:      im.symbols.file(a.unit, a.file),
		Line:      int(a.line),
		Inlined:   a.calls,
		Optimized: true,
	}
}
