package program

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
type Param struct {
	Name     string
	Type     godwarf.Type
	typeName string
	loc      location
	// dictIndex is the place of the type's true form in the dictionary of a
	// generic function, or -1.
	dictIndex int64
	declared  int          // on which line
	Secret    secret.Match // what its name says
	names     bool         // it may name others
	named     secret.Match // the most that a name in another may say of it
}

// A signature says what a function takes and gives, and where it travels.
type Signature struct {
	Args, Results []Param
	captured      []Param  // what a literal that is called on the spot takes besides
	dict          *Param   // the hidden argument of generic code: its types
	literal       *literal // of generic code: how to find its dictionary
	floats        bool     // something travels in a floating point register
	Unknown       bool     // assembly does not say what it takes and gives
}

// Signature returns a function's signature. That of a host is that of what it hosts.
func (im *Image) Signature(f *engine.Function) (*Signature, error) {
	if sig := im.signatures[f]; sig != nil {
		return sig, nil
	}
	read := im.signature
	if im.hosted[f] != nil {
		read = im.hostSignature
	}
	sig, err := read(f)
	if err == nil {
		im.signatures[f] = sig
	}
	return sig, err
}

// signature reads a function's signature from the debug information.
func (im *Image) signature(f *engine.Function) (*Signature, error) {
	entry, r, err := im.subprogram(f.Entry)
	if err != nil {
		return nil, err
	}
	sig := &Signature{Unknown: strings.HasSuffix(f.File, ".s")}
	if entry == nil || !entry.Children {
		return sig, nil // assembly
	}
	args, results, err := im.params(r)
	if err != nil {
		return nil, err
	}
	captured := im.captured(f, args)
	sig.literal = im.literal(f, args, results, captured)
	sig.place(withDictionary(f.Symbol, args), results, captured)
	return sig, nil
}

// params reads the arguments and results of a function, given a reader that stands
// at its first child.
func (im *Image) params(r *dwarf.Reader) (args, results []Param, err error) {
	for {
		e, err := r.Next()
		if err != nil {
			return nil, nil, err
		}
		if e == nil || e.Tag == 0 {
			return args, results, nil
		}
		if e.Tag == dwarf.TagFormalParameter {
			p, isResult, err := im.param(e)
			if err != nil {
				return nil, nil, err
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
}

// captured returns how many of the arguments, which come first, are variables that
// a function literal has captured: so they travel when it is called on the spot.
// One that is captured by reference says so in its name; another is said to be
// declared where it is, in front of the literal, or where it is used first, behind
// the literal's own parameters.
func (im *Image) captured(f *engine.Function, args []Param) int {
	if !isLiteral(f.Symbol) {
		return 0
	}
	body := -1
	for i := len(args) - 1; i >= 0; i-- {
		a := &args[i]
		if a.declared > f.Line && body < 0 {
			body = im.firstLine(f)
		}
		switch {
		case isDictionary(*a), strings.HasPrefix(a.Name, "&"):
			return i + 1
		case a.declared < f.Line, body > 0 && a.declared >= body:
			return i + 1
		}
	}
	return 0
}

// firstLine returns the first line of a function that has code, behind that on
// which it begins, 0 if there is none.
func (im *Image) firstLine(f *engine.Function) int {
	rows, err := im.symbols.functionRows(f)
	if err != nil {
		return 0
	}
	first := 0
	for _, r := range rows {
		if r.line > f.Line && r.file == f.File && (first == 0 || r.line < first) {
			first = r.line
		}
	}
	return first
}

// appendParam adds a parameter. The compiler describes one twice at times, such
// as a named result beside another of no size.
func appendParam(list []Param, p Param) []Param {
	if p.Name != "_" && slices.ContainsFunc(list, func(q Param) bool { return q.Name == p.Name }) {
		return list
	}
	return append(list, p)
}

// place assigns arguments, of which the first so many are captured, and results to
// registers and stack.
func (sig *Signature) place(args, results []Param, captured int) {
	var a assigner
	for i := range args {
		args[i].loc = a.assign(args[i].Type)
		sig.floats = sig.floats || a.floats > 0
		switch {
		case isDictionary(args[i]):
			sig.dict = &args[i]
		case i < captured:
			sig.captured = append(sig.captured, args[i])
		default:
			sig.Args = append(sig.Args, args[i])
		}
	}
	a.results()
	for i := range results {
		results[i].loc = a.assign(results[i].Type)
		sig.floats = sig.floats || a.floats > 0
	}
	sig.Results = results
}

// param reads one formal parameter. An out of line copy of a function that was
// also inlined refers to the abstract one for name and type.
func (im *Image) param(e *dwarf.Entry) (p Param, isResult bool, err error) {
	name, _ := e.Val(dwarf.AttrName).(string)
	isResult, _ = e.Val(dwarf.AttrVarParam).(bool)
	line, _ := e.Val(dwarf.AttrDeclLine).(int64)
	off, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
	if origin, has := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); has {
		r := im.debug.Data.Reader()
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
		if line == 0 {
			line, _ = abstract.Val(dwarf.AttrDeclLine).(int64)
		}
	}
	if !ok {
		return p, false, fmt.Errorf("parameter %s has no type", name)
	}
	typ, err := im.debug.Type(off)
	if err != nil {
		return p, false, fmt.Errorf("type of parameter %s: %w", name, err)
	}
	p = Param{Name: name, Type: typ, typeName: im.values.TypeName(typ), dictIndex: -1, declared: int(line)}
	if pt, ok := typ.(*godwarf.ParametricType); ok {
		p.dictIndex = pt.DictIndex
	}
	return p, isResult, nil
}

// subprogram finds the debug entry of the function at an address and a reader
// that stands at its first child. The entry is nil for assembly without one.
func (im *Image) subprogram(addr uint64) (*dwarf.Entry, *dwarf.Reader, error) {
	r := im.debug.Data.Reader()
	f := im.debug.Entry(addr)
	if f == nil {
		return nil, r, nil
	}
	r.Seek(f.Offset)
	e, err := r.Next()
	return e, r, err
}
