package program

import (
	"debug/dwarf"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine"
	"gtrace/session/engine/program/value"
)

// closureReceiver is where the closure of a method value has the receiver: behind
// the address of the code.
const closureReceiver = wordSize

// hostSignature says where a host finds what its guest takes and gives.
func (im *Image) hostSignature(host *engine.Function) (*Signature, error) {
	guest := im.hosted[host]
	sig, err := im.signature(host)
	if err != nil {
		return nil, err
	}
	args, results, err := im.guestParams(guest)
	if err != nil {
		return nil, err
	}
	own := *sig
	own.Args = slices.Clone(own.Args)
	receiver, isMethod := im.receiver(guest, args)
	switch {
	case isMethodValue(host) && isMethod:
		if !receiver.loc.lost {
			receiver.loc = location{closure: closureReceiver}
		}
		renumber(own.Args)
		own.Args = slices.Insert(own.Args, 0, receiver)
	case isMethodValue(host):
	case isMethod && len(own.Args) > 0 && baseName(host.Symbol) == baseName(guest.Symbol):
		own.Args[0] = promoted(own.Args[0], receiver, host, guest)
	case len(own.Args)+len(own.Results) == 0:
		// What a go or defer statement has kept for later, in a form of its own.
		own.Args, own.Results = lost(args), lost(results)
	case isMethod:
		receiver.loc = location{lost: true}
		own.Args = slices.Insert(own.Args, 0, receiver)
	}
	return &own, nil
}

// argumentsInHosts returns the arguments of a function as its hosts have them.
func (im *Image) argumentsInHosts(f *engine.Function) []Local {
	var list []Local
	for _, host := range im.hosts[f] {
		sig, err := im.hostSignature(host)
		if err != nil {
			continue
		}
		for _, a := range sig.Args {
			list = append(list, Local{Param: a})
		}
	}
	return list
}

// lost returns parameters of which nobody knows where they are.
func lost(params []Param) []Param {
	list := slices.Clone(params)
	for i := range list {
		list[i].loc = location{lost: true}
	}
	return list
}

// renumber gives the parameters without a name of a method value the names that
// they have behind the receiver.
func renumber(args []Param) {
	for i := range args {
		if number, ok := strings.CutPrefix(args[i].Name, "~p"); ok {
			if n, err := strconv.Atoi(number); err == nil {
				args[i].Name = "~p" + strconv.Itoa(n+1)
			}
		}
	}
}

// promoted says where a method wrapper finds the receiver of the method, given its
// own. That of a generic method is described as a shape, the wrapper's as it is.
func promoted(given, receiver Param, host, guest *engine.Function) Param {
	if receiver.loc.lost && beforeTypes(host.Symbol) == beforeTypes(guest.Symbol) {
		receiver.Type, receiver.dictIndex = given.Type, -1
		ptr, ok := godwarf.ResolveTypedef(given.Type).(*godwarf.PtrType)
		if ok && !strings.Contains(guest.Symbol, "(*") {
			receiver.Type = ptr.Type
		}
		receiver.typeName, receiver.loc.lost = value.TypeName(receiver.Type), false
	}
	path, ok := way(given.Type, receiver.Type, embeddings)
	switch {
	case !ok || receiver.loc.lost:
		receiver.loc = location{lost: true}
	case len(path) > 0:
		receiver.loc = location{given: &given, way: path}
	default:
		receiver.loc = given.loc
	}
	return receiver
}

// beforeTypes returns what stands in a symbol before type arguments, in plain form.
func beforeTypes(symbol string) string {
	symbol, _, _ = strings.Cut(symbol, "[")
	return strings.NewReplacer("(*", "", ")", "").Replace(symbol)
}

// receiver returns that of a method, given the arguments that are described, which
// need not have one without a name. It is lost where its type is not known.
func (im *Image) receiver(f *engine.Function, args []Param) (receiver Param, isMethod bool) {
	name := strings.TrimPrefix(f.Symbol, f.Package+".")
	typeName, _, isMethod := cutLast(name, '.')
	if !isMethod {
		return Param{}, false
	}
	if strings.Contains(f.Symbol, "["+value.ShapePrefix) {
		receiver = Param{Name: "~p0", dictIndex: -1, Type: godwarf.FakeBasicType("uint", 64), loc: location{lost: true}}
		if len(args) > 0 {
			receiver.Name = args[0].Name
		}
		return receiver, true
	}
	elem, isPointer := strings.CutPrefix(typeName, "(*")
	typ, err := im.debug.FindType(f.Package + "." + strings.TrimSuffix(elem, ")"))
	if err != nil {
		return Param{}, false
	}
	if isPointer {
		typ = godwarf.FakePointerType(typ, wordSize)
	}
	if len(args) > 0 && sameType(args[0].Type, typ) {
		return args[0], true
	}
	return Param{Name: "~p0", Type: typ, typeName: im.values.TypeName(typ), dictIndex: -1}, true
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// guestParams reads the arguments and results of a function that was inlined. One
// without code of its own may be described without those that have no name.
func (im *Image) guestParams(guest *engine.Function) (args, results []Param, err error) {
	if guest.Entry != 0 {
		sig, err := im.signature(guest)
		if err != nil {
			return nil, nil, err
		}
		return sig.Args, sig.Results, nil
	}
	r := im.debug.Data.Reader()
	r.Seek(im.abstracts[guest])
	e, err := r.Next()
	if err != nil {
		return nil, nil, err
	}
	if e == nil || e.Tag != dwarf.TagSubprogram {
		return nil, nil, errors.New("it is not described")
	}
	if !e.Children {
		return nil, nil, nil
	}
	args, results, err = im.params(r)
	return slices.DeleteFunc(args, isDictionary), results, err
}
