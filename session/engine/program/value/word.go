package value

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// word writes a value that is one pointer.
func (p *printer) word(pl *plan, v val) {
	w, err := p.words(v, 1)
	if err != nil {
		p.fail(err, v.addr)
		return
	}
	addr := w[0]
	switch {
	case addr == 0:
		p.str("nil")
	case pl.form == formUnsafePointer:
		p.hex(addr)
	case pl.form == formFunc:
		p.funcValue(pl, addr)
	case pl.form == formChan:
		p.chanValue(pl, addr)
	default:
		p.pointer(pl, addr)
	}
}

func (p *printer) pointer(pl *plan, addr uint64) {
	elem := p.r.follow(&pl.elem)
	if p.follow == 0 || pl.shape || elem.form == formUnknown {
		p.address(pl, addr)
		return
	}
	v, err := p.open(val{addr: addr}, elem.size)
	if err != nil {
		p.str("&")
		p.fail(err, addr)
		return
	}
	p.follow--
	p.str("&")
	p.value(elem, v)
	p.follow++
}

// address writes a pointer as a conversion: (*main.T)(0xc000012345).
func (p *printer) address(pl *plan, addr uint64) {
	p.str("(")
	p.str(pl.name)
	p.str(")(")
	p.hex(addr)
	p.str(")")
}

// funcValue writes a function by its name. A function value points to a
// closure, whose first word is the code.
func (p *printer) funcValue(pl *plan, addr uint64) {
	w, err := p.words(val{addr: addr}, 1)
	if err != nil {
		p.fail(err, addr)
		return
	}
	fn := p.r.debug.Entry(w[0])
	if fn == nil {
		p.address(pl, addr)
		return
	}
	p.str(funcName(fn.Symbol))
}

// funcName returns the name of a function as a traceback prints it. A method
// value is called by its method.
func funcName(name string) string {
	name = strings.TrimSuffix(name, "-fm")
	i, j := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']')
	if i < 0 || j < i {
		return name
	}
	return name[:i] + "[...]" + name[j+1:]
}

// chanValue writes a channel by what can be seen of it: chan int(len 2, cap 5).
func (p *printer) chanValue(pl *plan, addr uint64) {
	h := pl.hchan
	if h == nil {
		p.address(pl, addr)
		return
	}
	v, err := p.open(val{addr: addr}, h.Size())
	if err != nil {
		p.str(pl.name)
		p.str("(")
		p.fail(err, addr)
		p.str(")")
		return
	}
	p.str(pl.name)
	p.str("(len ")
	p.out = strconv.AppendUint(p.out, p.count(h, v, "qcount"), 10)
	p.str(", cap ")
	p.out = strconv.AppendUint(p.out, p.count(h, v, "dataqsiz"), 10)
	if p.count(h, v, "closed") != 0 {
		p.str(", closed")
	}
	p.str(")")
}

// count reads an unsigned field of one of the runtime's structures, 0 when it
// is not there.
func (p *printer) count(t *godwarf.StructType, v val, name string) uint64 {
	f := fieldOf(t, name)
	if f == nil || f.Type.Size() < 1 || f.Type.Size() > 8 {
		return 0
	}
	b, err := p.need(v.at(f.ByteOffset), f.Type.Size())
	if err != nil {
		return 0
	}
	return unsigned(b)
}

func fieldOf(t *godwarf.StructType, name string) *godwarf.StructField {
	if t == nil {
		return nil
	}
	for _, f := range t.Field {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// isPointerShaped tells whether the values of a type are one pointer, so that
// an interface holds them rather than their address.
func isPointerShaped(t godwarf.Type) bool {
	for range maxDepth {
		switch u := underlying(t).(type) {
		case *godwarf.PtrType, *godwarf.ChanType, *godwarf.MapType:
			return true
		case *godwarf.FuncType:
			return u.ReflectKind == reflect.Func
		case *godwarf.StructType:
			if len(u.Field) != 1 {
				return false
			}
			t = u.Field[0].Type
		case *godwarf.ArrayType:
			if ArrayLen(u) != 1 {
				return false
			}
			t = u.Type
		default:
			return false
		}
	}
	return false
}
