package value

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events/secret"
)

// A form is a way to print a value.
type form uint8

const (
	formUnknown form = iota
	formBool
	formInt
	formUint
	formUintptr
	formFloat
	formComplex
	formString
	formSlice
	formBytes
	formArray
	formStruct
	formPointer
	formUnsafePointer
	formFunc
	formChan
	formMap
	formEface // an interface without methods
	formIface
	formDuration
	formTime
	formIP
	formBigInt
)

// A plan is what is known about the values of one type before any is read.
type plan struct {
	t     godwarf.Type
	form  form
	name  string // as Go source writes it
	raw   string // as the linker writes it, with full import paths
	size  int64
	count int64 // of an array's elements
	elem  link  // of a pointer, slice, array, channel, map
	key   link  // of a map
	// fields of a struct, without blank ones.
	fields []field
	swiss  *swissMap           // set on first use
	hash   *classicMap         // set on first use
	hchan  *godwarf.StructType // of a channel, behind its pointer
	under  godwarf.Type        // what t names
	err    *errorForm          // how an error of this type words its message
	keys   []*field            // of a struct: they name other fields
	hidden bool                // a text of this type is secret
	pairs  bool                // of a list: a name in it, and the value of that, are neighbours
	shape  bool                // a pointer of generic code: to what is not known
}

// ShapePrefix begins the names of the shapes of types that generic code was compiled
// for: go.shape.int, go.shape.*uint8.
const ShapePrefix = "go.shape."

// A link leads to another type's plan, made when it is first followed: the
// types of a program hang together, and few of them are ever printed.
type link struct {
	t    godwarf.Type
	addr uint64 // of the runtime's description, when t is nil
	p    *plan
}

type field struct {
	name     string
	off      int64
	bits     bool // a bit field of C
	embedded bool
	noise    noise
	link
	secret secret.Match // what its name says
	named  bool         // another field may name it
}

func (r *Reader) follow(l *link) *plan {
	switch {
	case l.p != nil:
	case l.addr == 0:
		l.p = r.plan(l.t)
	default:
		d, err := r.p.typeAt(l.addr)
		if err != nil {
			return &plan{name: "?", raw: "?"}
		}
		l.p = d.plan
	}
	return l.p
}

// plan returns the plan of t.
func (r *Reader) plan(t godwarf.Type) *plan {
	if pl, ok := r.plans[t]; ok {
		return pl
	}
	pl := &plan{t: t, raw: rawName(t), under: underlying(t)}
	if pl.under != nil {
		pl.size = pl.under.Size()
	}
	pl.name = r.sourceName(pl.raw)
	r.plans[t] = pl
	r.fill(pl)
	r.finish(pl)
	return pl
}

// underlying takes the names off a type.
func underlying(t godwarf.Type) godwarf.Type {
	for range 100 { // a bound, should the debug information run in a circle
		switch tt := t.(type) {
		case *godwarf.TypedefType:
			t = tt.Type
		case *godwarf.QualType:
			t = tt.Type
		case *godwarf.ParametricType:
			t = tt.Type
		default:
			return t
		}
	}
	return nil
}

func (r *Reader) fill(pl *plan) {
	switch t := pl.under.(type) {
	case *godwarf.BoolType:
		pl.form = formBool
	case *godwarf.IntType, *godwarf.CharType, *godwarf.EnumType:
		pl.form = formInt
	case *godwarf.UintType, *godwarf.UcharType:
		pl.form = formUint
		if t.Common().ReflectKind == reflect.Uintptr {
			pl.form = formUintptr
		}
	case *godwarf.AddrType:
		pl.form = formUintptr
	case *godwarf.FloatType:
		pl.form = formFloat
	case *godwarf.ComplexType:
		pl.form = formComplex
	case *godwarf.StringType:
		pl.form = formString
	case *godwarf.SliceType:
		pl.form, pl.elem.t = formSlice, t.ElemType
		if isByte(t.ElemType) {
			pl.form = formBytes
		}
	case *godwarf.ArrayType:
		pl.form, pl.elem.t, pl.count = formArray, t.Type, ArrayLen(t)
	case *godwarf.StructType:
		pl.form = formStruct
		pl.addFields(t)
	case *godwarf.PtrType:
		pl.form, pl.elem.t = formPointer, t.Type
		pl.shape = strings.HasPrefix(pl.raw, ShapePrefix)
		if isVoid(t.Type) {
			pl.form = formUnsafePointer
		}
	case *godwarf.FuncType:
		if t.ReflectKind == reflect.Func {
			pl.form = formFunc
		}
	case *godwarf.ChanType:
		pl.form, pl.elem.t, pl.hchan = formChan, t.ElemType, deref(t.Type)
	case *godwarf.MapType:
		pl.form, pl.key.t, pl.elem.t = formMap, t.KeyType, t.ElemType
	case *godwarf.InterfaceType:
		pl.form = formIface
		if s, ok := underlying(t.Type).(*godwarf.StructType); ok && s.StructName == "runtime.eface" {
			pl.form = formEface
		}
	}
}

func (pl *plan) addFields(t *godwarf.StructType) {
	for _, f := range t.Field {
		if f.Name == "_" {
			continue
		}
		name := f.Name[strings.LastIndexByte(f.Name, '.')+1:]
		pl.fields = append(pl.fields, field{name: name, off: f.ByteOffset, bits: f.BitSize != 0, embedded: f.Embedded, link: link{t: f.Type}})
	}
}

// finish adds to a plan what follows from its names.
func (r *Reader) finish(pl *plan) {
	pl.special()
	pl.err = errorFormOf(pl.raw)
	pl.keys = pl.keyFields()
	r.markPlan(pl)
}

// special gives the types a form of their own that people know by another
// text than that of their parts.
func (pl *plan) special() {
	switch {
	case pl.raw == "time.Duration" && pl.form == formInt:
		pl.form = formDuration
	case pl.raw == "time.Time" && pl.form == formStruct:
		pl.form = formTime
	case pl.raw == "net.IP" && pl.form == formBytes:
		pl.form = formIP
	case pl.raw == "math/big.Int" && pl.form == formStruct:
		pl.form = formBigInt
	}
}

// field returns the field of that name.
func (pl *plan) field(name string) *field {
	for i := range pl.fields {
		if pl.fields[i].name == name {
			return &pl.fields[i]
		}
	}
	return nil
}

func isByte(t godwarf.Type) bool {
	t = underlying(t)
	if t == nil || t.Common().ReflectKind != reflect.Uint8 {
		return false
	}
	_, ok := t.(*godwarf.UintType)
	return ok
}

func isVoid(t godwarf.Type) bool {
	t = underlying(t)
	_, ok := t.(*godwarf.VoidType)
	return ok || t == nil
}

// ArrayLen returns the length of an array type. Delve takes an array of no size
// at the end of a struct for one of C's, of any length, and forgets the lengths
// of its whole type, which others share; the name still has it.
func ArrayLen(t *godwarf.ArrayType) int64 {
	if name, ok := strings.CutPrefix(t.Name, "["); ok && t.Count == 0 {
		digits, _, _ := strings.Cut(name, "]")
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
			return n
		}
	}
	return max(t.Count, 0)
}
