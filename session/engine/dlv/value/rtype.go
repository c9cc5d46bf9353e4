package value

import (
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/op"
	"github.com/go-delve/delve/pkg/proc"
)

// A typeIndex finds the debug information of the types that interfaces hold.
//
// The linker notes at each type where its runtime description stands, relative
// to the begin of the section of types, whose address is known to the running
// program only, in runtime.firstmoduledata.
type typeIndex struct {
	image      *proc.Image
	dies       map[uint64]dwarf.Offset
	moduledata uint64 // address of runtime.firstmoduledata

	types, etypes uint64 // the section of types in the target, 0 until read
	found         map[uint64]*dynamicType
	err           error
}

// A dynamicType is a type as interfaces name it.
type dynamicType struct {
	plan   *plan
	direct bool // interfaces hold its values rather than their address
	hash   uint32
}

var errNoTypes = errors.New("no debug information about types")

func (r *Reader) index() (*typeIndex, error) {
	if r.types == nil {
		r.types = &typeIndex{dies: make(map[uint64]dwarf.Offset), found: make(map[uint64]*dynamicType)}
		r.types.err = r.types.build(r.bi)
	}
	return r.types, r.types.err
}

// build scans the debug information. The linker writes all types into the unit
// of package runtime; the others are only looked at when it did not.
func (x *typeIndex) build(bi *proc.BinaryInfo) error {
	if len(bi.Images) == 0 || bi.Images[0].Stripped() {
		return errNoTypes
	}
	x.image = bi.Images[0]
	for _, all := range []bool{false, true} {
		if err := x.scan(all); err != nil {
			return fmt.Errorf("index of types of %s: %w", x.image.Path, err)
		}
		if len(x.dies) > 0 {
			return nil
		}
	}
	return fmt.Errorf("index of types of %s: %w", x.image.Path, errNoTypes)
}

func (x *typeIndex) scan(all bool) error {
	rdr := x.image.DwarfReader()
	for {
		e, err := rdr.Next()
		if err != nil {
			return err
		}
		if e == nil {
			return nil
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			if name, _ := e.Val(dwarf.AttrName).(string); name != "runtime" && !all {
				rdr.SkipChildren()
			}
		case dwarf.TagVariable:
			if name, _ := e.Val(dwarf.AttrName).(string); name == "runtime.firstmoduledata" {
				x.moduledata = variableAddress(e, x.image.StaticBase)
			}
		case dwarf.TagBaseType, dwarf.TagStructType, dwarf.TagArrayType, dwarf.TagPointerType,
			dwarf.TagSubroutineType, dwarf.TagTypedef:
			if off, ok := e.Val(godwarf.AttrGoRuntimeType).(uint64); ok {
				if _, dup := x.dies[off]; !dup {
					x.dies[off] = e.Offset
				}
			}
		}
	}
}

// variableAddress returns the address of a package's variable, 0 for others.
func variableAddress(e *dwarf.Entry, base uint64) uint64 {
	loc, _ := e.Val(dwarf.AttrLocation).([]byte)
	if len(loc) != 9 || op.Opcode(loc[0]) != op.DW_OP_addr {
		return 0
	}
	return binary.LittleEndian.Uint64(loc[1:]) + base
}

// locate reads where the section of types is.
func (p *printer) locate(x *typeIndex) error {
	if x.types != 0 {
		return nil
	}
	t, err := p.r.bi.FindType("runtime.moduledata")
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
	x, err := p.r.index()
	if err != nil {
		return nil, err
	}
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
	t, err := x.image.Type(off)
	if err != nil {
		return nil, err
	}
	return &dynamicType{p.r.plan(t), h.direct() || isPointerShaped(t), h.hash()}, nil
}
