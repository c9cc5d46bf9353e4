package dlv

import (
	"debug/dwarf"
	"fmt"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

// A param is an argument or a result of a function.
type param struct {
	name     string
	typ      godwarf.Type
	typeName string
	loc      location
	// dictIndex is the place of the type's true form in the dictionary of a
	// generic function, or -1.
	dictIndex int64
	secret    secret.Match // what its name says
	names     bool         // it may name others
	named     secret.Match // the most that a name in another may say of it
}

// A signature says what a function takes and gives, and where it travels.
type signature struct {
	args, results []param
	dict          *param // the hidden argument of generic code: its types
	floats        bool   // something travels in a floating point register
}

// dictionary is the name of the hidden argument of generic code.
const dictionary = ".dict"

// signature reads a function's signature from the debug information.
func (im *Image) signature(f *engine.Function) (*signature, error) {
	entry, r, err := im.subprogram(f.Entry)
	if err != nil {
		return nil, err
	}
	sig := &signature{}
	if entry == nil || !entry.Children {
		return sig, nil // assembly
	}
	var args, results []param
	for {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e == nil || e.Tag == 0 {
			break
		}
		if e.Tag == dwarf.TagFormalParameter {
			p, isResult, err := im.param(e)
			if err != nil {
				return nil, err
			}
			if isResult {
				results = appendParam(results, p)
			} else {
				args = appendParam(args, p)
			}
		}
		if e.Children {
			r.SkipChildren()
		}
	}
	sig.place(withDictionary(f.Symbol, args), results)
	return sig, nil
}

// appendParam adds a parameter. The compiler describes one twice at times, such
// as a named result beside another of no size.
func appendParam(list []param, p param) []param {
	if p.name != "_" && slices.ContainsFunc(list, func(q param) bool { return q.name == p.name }) {
		return list
	}
	return append(list, p)
}

// withDictionary adds the dictionary to the arguments of generic code where the
// debug information leaves it out, as that of optimised code does. It is the
// first argument of a function and follows the receiver of a method; a closure
// has it among its variables.
func withDictionary(symbol string, args []param) []param {
	for _, a := range args {
		if a.name == dictionary {
			return args
		}
	}
	shape, end := strings.Index(symbol, "[go.shape."), strings.LastIndexByte(symbol, ']')
	if shape < 0 || end < shape {
		return args
	}
	dict := param{name: dictionary, typ: godwarf.FakeBasicType("uint", 64), dictIndex: -1}
	method := strings.TrimPrefix(symbol[end+1:], ")")
	switch {
	case method == "":
		return slices.Insert(args, 0, dict)
	case strings.Count(method, ".") == 1 && !isClosure(method[1:]) && len(args) > 0:
		return slices.Insert(args, 1, dict)
	}
	return args
}

// isClosure reports whether the compiler gave a function its name, the last
// element of its symbol: func1, func2-range1.
func isClosure(name string) bool {
	rest, ok := strings.CutPrefix(name, "func")
	return ok && rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

// place assigns arguments and results to registers and stack.
func (sig *signature) place(args, results []param) {
	var a assigner
	for i := range args {
		args[i].loc = a.assign(args[i].typ)
		sig.floats = sig.floats || a.floats > 0
		if args[i].name == dictionary {
			sig.dict = &args[i]
			continue
		}
		sig.args = append(sig.args, args[i])
	}
	a.results()
	for i := range results {
		results[i].loc = a.assign(results[i].typ)
		sig.floats = sig.floats || a.floats > 0
	}
	sig.results = results
}

// param reads one formal parameter. An out of line copy of a function that was
// also inlined refers to the abstract one for name and type.
func (im *Image) param(e *dwarf.Entry) (p param, isResult bool, err error) {
	name, _ := e.Val(dwarf.AttrName).(string)
	isResult, _ = e.Val(dwarf.AttrVarParam).(bool)
	off, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
	if origin, has := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); has {
		r := im.dwarf.Reader()
		r.Seek(origin)
		abstract, err := r.Next()
		if err != nil {
			return p, false, err
		}
		if name == "" {
			name, _ = abstract.Val(dwarf.AttrName).(string)
		}
		if !ok {
			off, ok = abstract.Val(dwarf.AttrType).(dwarf.Offset)
		}
		if v, has := abstract.Val(dwarf.AttrVarParam).(bool); has {
			isResult = v
		}
	}
	if !ok {
		return p, false, fmt.Errorf("parameter %s has no type", name)
	}
	typ, err := im.bi.Images[0].Type(off)
	if err != nil {
		return p, false, fmt.Errorf("type of parameter %s: %w", name, err)
	}
	p = param{name: name, typ: typ, typeName: im.values.TypeName(typ), dictIndex: -1}
	if pt, ok := typ.(*godwarf.ParametricType); ok {
		p.dictIndex = pt.DictIndex
	}
	return p, isResult, nil
}

// subprogram finds the debug entry of the function at an address and a reader
// that stands at its first child. The entry is nil for assembly without one.
func (im *Image) subprogram(addr uint64) (*dwarf.Entry, *dwarf.Reader, error) {
	r := im.dwarf.Reader()
	if off, ok := im.symbols.entries[addr]; ok {
		r.Seek(off)
		e, err := r.Next()
		return e, r, err
	}
	unit, err := r.SeekPC(addr - im.base)
	if err != nil {
		return nil, nil, fmt.Errorf("debug information of the function: %w", err)
	}
	if err := im.indexUnit(unit, r); err != nil {
		return nil, nil, err
	}
	off, ok := im.symbols.entries[addr]
	if !ok {
		return nil, r, nil
	}
	r.Seek(off)
	e, err := r.Next()
	return e, r, err
}

// indexUnit notes where the functions of a compilation unit are described.
func (im *Image) indexUnit(unit *dwarf.Entry, r *dwarf.Reader) error {
	for {
		e, err := r.Next()
		if err != nil {
			return err
		}
		if e == nil || e.Tag == 0 || e.Tag == dwarf.TagCompileUnit {
			return nil
		}
		if e.Tag == dwarf.TagSubprogram {
			if low, ok := e.Val(dwarf.AttrLowpc).(uint64); ok {
				im.symbols.entries[low+im.base] = e.Offset
				im.symbols.units[low+im.base] = unit
			}
		}
		if e.Children {
			r.SkipChildren()
		}
	}
}
