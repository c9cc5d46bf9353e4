package value

import (
	"debug/dwarf"
	"errors"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// A typeIndex finds the debug information of the types that interfaces hold.
//
// The linker notes at each type where its runtime description stands, relative
// to the begin of the section of types, whose address is known to the running
// program only, in runtime.firstmoduledata.
type typeIndex struct {
	dies       map[uint64]dwarf.Offset
	moduledata uint64 // address of runtime.firstmoduledata

	types, etypes uint64 // the section of types in the target, 0 until read
	found         map[uint64]*dynamicType
}

// A dynamicType is a type as interfaces name it.
type dynamicType struct {
	plan   *plan
	direct bool // interfaces hold its values rather than their address
	hash   uint32
}

var errNoTypes = errors.New("no debug information about types")

func (r *Reader) index() *typeIndex {
	if r.types == nil {
		r.types = &typeIndex{
			dies: r.debug.RuntimeTypes(), moduledata: r.debug.Moduledata(), found: make(map[uint64]*dynamicType),
		}
	}
	return r.types
}

// locate reads where the section of types is.
func (p *printer) locate(x *typeIndex) error {
	if x.types != 0 {
		return nil
	}
	t, err := p.r.debug.FindType("runtime.moduledata")
	if err != nil {
		return err
	}
	md, _ := underlying(t).(*godwarf.StructType)
	types, etypes := fieldOf(md, "types"), fieldOf(md, "etypes")
	if x.moduledata == 0 || types == nil || etypes == nil {
		return errNoTypes
	}
	v := val{addr: x.moduledata}
	lo, hi := p.count(md, v, "types"), p.count(md, v, "etypes")
	if lo == 0 || hi < lo {
		return errMemory
	}
	x.types, x.etypes = lo, hi
	return nil
}

// typeAt returns the type whose runtime description stands at addr.
func (p *printer) typeAt(addr uint64) (*dynamicType, error) {
	x := p.r.index()
	if d, ok := x.found[addr]; ok {
		return d, nil
	}
	if err := p.locate(x); err != nil {
		return nil, err
	}
	if addr == 0 {
		return nil, errMemory
	}
	// Descriptions outside are those of types made by package reflect, and
	// whatever a word that is no pointer to a type points at.
	if addr < x.types || addr >= x.etypes {
		return nil, errNoTypes
	}
	h, err := p.read(addr, descSize)
	if err != nil {
		return nil, err
	}
	d, err := p.describe(x, addr, desc(h))
	if err != nil {
		return nil, err
	}
	x.found[addr] = d
	return d, nil
}

func (p *printer) describe(x *typeIndex, addr uint64, h desc) (*dynamicType, error) {
	off, ok := x.dies[addr-x.types]
	if !ok {
		pl, err := p.runtimePlan(x, addr, h)
		if err != nil {
			return nil, err
		}
		return &dynamicType{pl, h.direct(), h.hash()}, nil
	}
	t, err := p.r.debug.Type(off)
	if err != nil {
		return nil, err
	}
	return &dynamicType{p.r.plan(t), h.direct() || isPointerShaped(t), h.hash()}, nil
}
