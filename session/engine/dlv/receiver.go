package dlv

import (
	"debug/dwarf"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine"
	"gtrace/session/engine/dlv/value"
)

// closureReceiver is where the closure of a method value has the receiver: behind
// the address of the code.
const closureReceiver = wordSize

// hostSignature says where a host finds what its guest takes and gives.
func (im *Image) hostSignature(host *engine.Function) (*signature, error) {
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
	own.args = slices.Clone(own.args)
	receiver, isMethod := im.receiver(guest, args)
	switch {
	case isMethodValue(host) && isMethod:
		if !receiver.loc.lost {
			receiver.loc = location{closure: closureReceiver}
		}
		renumber(own.args)
		own.args = slices.Insert(own.args, 0, receiver)
	case isMethodValue(host):
	case isMethod && len(own.args) > 0 && baseName(host.Symbol) == baseName(guest.Symbol):
		own.args[0] = promoted(own.args[0], receiver, host, guest)
	case len(own.args)+len(own.results) == 0:
		// What a go or defer statement has kept for later, in a form of its own.
		own.args, own.results = lost(args), lost(results)
	case isMethod:
		receiver.loc = location{lost: true}
		own.args = slices.Insert(own.args, 0, receiver)
	}
	return &own, nil
}

// argumentsInHosts returns the arguments of a function as its hosts have them.
func (im *Image) argumentsInHosts(f *engine.Function) []local {
	var list []local
	for _, host := range im.hosts[f] {
		sig, err := im.hostSignature(host)
		if err != nil {
			continue
		}
		for _, a := range sig.args {
			list = append(list, local{param: a})
		}
	}
	return list
}

// lost returns parameters of which nobody knows where they are.
func lost(params []param) []param {
	list := slices.Clone(params)
	for i := range list {
		list[i].loc = location{lost: true}
	}
	return list
}

// renumber gives the parameters without a name of a method value the names that
// they have behind the receiver.
func renumber(args []param) {
	for i := range args {
		if number, ok := strings.CutPrefix(args[i].name, "~p"); ok {
			if n, err := strconv.Atoi(number); err == nil {
				args[i].name = "~p" + strconv.Itoa(n+1)
			}
		}
	}
}

// promoted says where a method wrapper finds the receiver of the method, given its
// own. That of a generic method is described as a shape, the wrapper's as it is.
func promoted(given, receiver param, host, guest *engine.Function) param {
	if receiver.loc.lost && beforeTypes(host.Symbol) == beforeTypes(guest.Symbol) {
		receiver.typ, receiver.dictIndex = given.typ, -1
		ptr, ok := godwarf.ResolveTypedef(given.typ).(*godwarf.PtrType)
		if ok && !strings.Contains(guest.Symbol, "(*") {
			receiver.typ = ptr.Type
		}
		receiver.typeName, receiver.loc.lost = value.TypeName(receiver.typ), false
	}
	path, ok := way(given.typ, receiver.typ, embeddings)
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
func (im *Image) receiver(f *engine.Function, args []param) (receiver param, isMethod bool) {
	name := strings.TrimPrefix(f.Symbol, f.Package+".")
	typeName, _, isMethod := cutLast(name, '.')
	if !isMethod {
		return param{}, false
	}
	if strings.Contains(f.Symbol, "["+value.ShapePrefix) {
		receiver = param{name: "~p0", dictIndex: -1, typ: godwarf.FakeBasicType("uint", 64), loc: location{lost: true}}
		if len(args) > 0 {
			receiver.name = args[0].name
		}
		return receiver, true
	}
	elem, isPointer := strings.CutPrefix(typeName, "(*")
	typ, err := im.debug.FindType(f.Package + "." + strings.TrimSuffix(elem, ")"))
	if err != nil {
		return param{}, false
	}
	if isPointer {
		typ = godwarf.FakePointerType(typ, wordSize)
	}
	if len(args) > 0 && sameType(args[0].typ, typ) {
		return args[0], true
	}
	return param{name: "~p0", typ: typ, typeName: im.values.TypeName(typ), dictIndex: -1}, true
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// guestParams reads the arguments and results of a function that was inlined. One
// without code of its own may be described without those that have no name.
func (im *Image) guestParams(guest *engine.Function) (args, results []param, err error) {
	if guest.Entry != 0 {
		sig, err := im.signature(guest)
		if err != nil {
			return nil, nil, err
		}
		return sig.args, sig.results, nil
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
