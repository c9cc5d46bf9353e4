package value

import (
	"encoding/binary"
	"reflect"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// A desc is the begin of the runtime's description of a type, internal/abi.Type.
// What follows it depends on the kind. Its layout has been the same since Go
// 1.14.
type desc []byte

const descSize = 48

// Flags of a type.
const (
	flagUncommon  = 1 << 0
	flagExtraStar = 1 << 1
	flagNamed     = 1 << 2
	flagDirect    = 1 << 5 // among the flags since Go 1.26, before in the kind
)

func (h desc) size() int64        { return int64(binary.LittleEndian.Uint64(h)) }
func (h desc) hash() uint32       { return binary.LittleEndian.Uint32(h[16:]) }
func (h desc) flags() byte        { return h[20] }
func (h desc) kind() reflect.Kind { return reflect.Kind(h[23] & (flagDirect - 1)) }
func (h desc) direct() bool       { return (h[20]|h[23])&flagDirect != 0 }
func (h desc) nameOffset() int32  { return int32(binary.LittleEndian.Uint32(h[40:])) }

// runtimePlan makes a plan for a type that the debug information does not
// have. The linker leaves out types that no function mentions, as happens to
// those of initialised variables.
func (p *printer) runtimePlan(x *typeIndex, addr uint64, h desc) (*plan, error) {
	name, err := p.runtimeName(x, h)
	if err != nil {
		return nil, err
	}
	// A dead variable may point at anything in the section of types.
	const largest = 1 << 40
	if addr%8 != 0 || basicForm(h.kind()) == formUnknown && !isComposite(h.kind()) ||
		h.size() < 0 || h.size() > largest || name == "" || !isText([]byte(name)) {
		return nil, errNoTypes
	}
	pl := &plan{name: p.r.sourceName(name), raw: p.fullName(x, addr, h, name), size: h.size()}
	rest, err := p.read(addr+descSize, 32)
	if err != nil {
		return nil, err
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(rest[8*i:]) }
	switch h.kind() {
	case reflect.Pointer:
		pl.form, pl.elem.addr = formPointer, word(0)
	case reflect.Slice:
		pl.form, pl.elem.addr = formSlice, word(0)
		if b, err := p.read(word(0), descSize); err == nil && desc(b).kind() == reflect.Uint8 {
			pl.form = formBytes
		}
	case reflect.Array:
		pl.form, pl.elem.addr, pl.count = formArray, word(0), int64(word(2))
	case reflect.Struct:
		pl.form = formStruct
		if err := p.runtimeFields(pl, x, word(1), word(2)); err != nil {
			return nil, err
		}
	case reflect.Interface:
		if pl.form = formIface; word(2) == 0 {
			pl.form = formEface
		}
	case reflect.Chan:
		pl.form, pl.elem.addr, pl.hchan = formChan, word(0), p.r.structure("runtime.hchan")
	case reflect.Map:
		pl.form, pl.key.addr, pl.elem.addr = formMap, word(0), word(1)
		pl.swiss = p.runtimeMap(addr)
	default:
		pl.form = basicForm(h.kind())
	}
	p.r.finish(pl)
	t := &godwarf.UnspecifiedType{}
	t.Name, t.ByteSize, t.ReflectKind = pl.raw, pl.size, h.kind()
	pl.t = t
	p.r.plans[t] = pl
	return pl, nil
}

func isComposite(k reflect.Kind) bool {
	switch k {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Struct, reflect.Interface, reflect.Chan, reflect.Map:
		return true
	}
	return false
}

func basicForm(k reflect.Kind) form {
	switch k {
	case reflect.Bool:
		return formBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return formInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return formUint
	case reflect.Uintptr:
		return formUintptr
	case reflect.Float32, reflect.Float64:
		return formFloat
	case reflect.Complex64, reflect.Complex128:
		return formComplex
	case reflect.String:
		return formString
	case reflect.Func:
		return formFunc
	case reflect.UnsafePointer:
		return formUnsafePointer
	}
	return formUnknown
}

// runtimeFields reads the fields of a structure: a name, a type and an offset
// each.
func (p *printer) runtimeFields(pl *plan, x *typeIndex, addr, n uint64) error {
	const most = 1000
	b, err := p.read(addr, int64(24*min(n, most)))
	if err != nil {
		return err
	}
	for ; len(b) > 0; b = b[24:] {
		at := binary.LittleEndian.Uint64(b)
		name, err := p.nameAt(x, at)
		if err != nil {
			return err
		}
		if name == "_" {
			continue
		}
		f := field{name: name, off: int64(binary.LittleEndian.Uint64(b[16:]))}
		if flags, err := p.read(at, 1); err == nil {
			const embedded = 1 << 3
			f.embedded = flags[0]&embedded != 0
		}
		f.addr = binary.LittleEndian.Uint64(b[8:])
		pl.fields = append(pl.fields, f)
	}
	return nil
}

// runtimeMap returns the layout of a map with the description at addr.
func (p *printer) runtimeMap(addr uint64) *swissMap {
	t := p.r.structure("internal/abi.MapType")
	m := &swissMap{header: p.r.structure("internal/runtime/maps.Map")}
	slot := fieldOf(t, "SlotSize")
	if m.header == nil || slot == nil || !m.addTable(p.r.structure("internal/runtime/maps.table")) {
		return nil
	}
	v, err := p.open(val{addr: addr}, t.Size())
	if err != nil {
		return nil
	}
	const indirectKey, indirectElem = 1 << 2, 1 << 3
	flags := p.count(t, v, "Flags")
	stride := int64(p.count(t, v, "SlotSize"))
	m.size = int64(p.count(t, v, "GroupSize"))
	m.slots = slots{
		key: groupSlots, keyStride: stride,
		elem: groupSlots + int64(p.count(t, v, "ElemOff")), elemStride: stride,
		keyIndirect: flags&indirectKey != 0, elemIndirect: flags&indirectElem != 0,
	}
	return m
}

// structure returns a type of the runtime, nil if the program lacks it.
func (r *Reader) structure(name string) *godwarf.StructType {
	t, err := r.debug.FindType(name)
	if err != nil {
		return nil
	}
	s, _ := underlying(t).(*godwarf.StructType)
	return s
}

// runtimeName reads the name that the runtime has for a type.
func (p *printer) runtimeName(x *typeIndex, h desc) (string, error) {
	off := h.nameOffset()
	if off <= 0 || uint64(off) >= x.etypes-x.types {
		return "", errNoTypes // made by package reflect, which keeps it elsewhere
	}
	name, err := p.nameAt(x, x.types+uint64(off))
	if err == nil && h.flags()&flagExtraStar != 0 && name != "" {
		name = name[1:]
	}
	return name, err
}

// fullName returns the name of a type as the linker writes it, if it is a named
// type or a pointer to one, and otherwise short.
func (p *printer) fullName(x *typeIndex, addr uint64, h desc, short string) string {
	if h.kind() == reflect.Pointer && h.flags()&flagNamed == 0 && len(short) > 0 {
		b, err := p.read(addr+descSize, 8)
		if err != nil {
			return short
		}
		addr = binary.LittleEndian.Uint64(b)
		if h, err := p.read(addr, descSize); err == nil && desc(h).kind() != reflect.Pointer {
			return "*" + p.fullName(x, addr, h, short[1:])
		}
		return short
	}
	// How long the part between is that depends on the kind.
	between := map[reflect.Kind]uint64{
		reflect.Struct: 32, reflect.Interface: 32, reflect.Slice: 8, reflect.Array: 24,
		reflect.Func: 8, reflect.Pointer: 8, reflect.Chan: 16,
	}
	const both = flagNamed | flagUncommon
	if h.flags()&both != both || h.kind() == reflect.Map {
		return short
	}
	b, err := p.read(addr+descSize+between[h.kind()], 4)
	if err != nil {
		return short
	}
	path, err := p.nameAt(x, x.types+uint64(binary.LittleEndian.Uint32(b)))
	if err != nil || path == "" {
		return short
	}
	for i := range len(short) {
		if short[i] == '.' {
			return path + short[i:]
		}
	}
	return short
}

// nameAt reads a name: a byte of flags, its length and its bytes.
func (p *printer) nameAt(x *typeIndex, addr uint64) (string, error) {
	if addr < x.types || addr >= x.etypes {
		return "", errMemory
	}
	const longest = 4096
	b, err := p.read(addr, int64(min(64, x.etypes-addr)))
	if err != nil || len(b) < 2 {
		return "", errMemory
	}
	n, size := binary.Uvarint(b[1:])
	if size <= 0 || n > longest {
		return "", errMemory
	}
	b, err = p.read(addr+1+uint64(size), int64(n))
	return string(b), err
}
