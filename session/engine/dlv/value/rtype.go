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
	plan   *plan // nil when it is not in the debug information
	typ    godwarf.Type
	name   string
	direct bool // interfaces hold its values rather than their address
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
	h, err := p.read(addr, 48)
	if err != nil {
		return nil, err
	}
	d := &dynamicType{}
	off, known := x.dies[addr-x.types]
	if addr < x.types || addr >= x.etypes || !known {
		name, err := p.runtimeName(x, h)
		if err != nil {
			return nil, err // perhaps not a type at all: do not remember
		}
		d.name = p.r.sourceName(name)
		x.found[addr] = d
		return d, nil
	}
	t, err := x.image.Type(off)
	if err != nil {
		return nil, err
	}
	d.plan, d.typ = p.r.plan(t), t
	d.name = d.plan.name
	// The flag moved from the kind to the flags in Go 1.26.
	const direct = 1 << 5
	d.direct = h[20]&direct != 0 || h[23]&direct != 0 || isPointerShaped(t)
	x.found[addr] = d
	return d, nil
}

// runtimeName reads the name that the runtime has for a type from the type's
// description, of which h is the begin. Types made while the program ran keep theirs elsewhere.
func (p *printer) runtimeName(x *typeIndex, h []byte) (string, error) {
	const extraStar = 1 << 1
	off := int32(binary.LittleEndian.Uint32(h[40:]))
	if off <= 0 || uint64(off) >= x.etypes-x.types {
		return "", errNoTypes
	}
	addr := x.types + uint64(off)
	head, err := p.read(addr, 4)
	if err != nil {
		return "", err
	}
	n, size := binary.Uvarint(head[1:])
	if size <= 0 || n == 0 || n > 4096 {
		return "", errMemory
	}
	b, err := p.read(addr+1+uint64(size), int64(n))
	if err != nil {
		return "", err
	}
	if h[20]&extraStar != 0 {
		b = b[1:]
	}
	return string(b), nil
}
