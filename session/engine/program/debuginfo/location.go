package debuginfo

import (
	"debug/dwarf"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/loclist"
	"github.com/go-delve/delve/pkg/dwarf/op"
)

// Location evaluates where an entry says that a variable is, at an instruction. It is
// an address, or there are pieces.
func (in *Info) Location(entry godwarf.Entry, pc uint64, regs *op.DwarfRegisters) (addr int64, pieces []op.Piece, err error) {
	defer func() {
		if r := recover(); r != nil { // damaged lists, where the packages above trust them
			err = fmt.Errorf("damaged location: %v", r)
		}
	}()
	var expr []byte
	switch at := entry.Val(dwarf.AttrLocation).(type) {
	case []byte:
		expr = at
	case int64:
		if expr, err = in.listed(int(at), pc); err != nil {
			return 0, nil, err
		}
	default:
		return 0, nil, fmt.Errorf("it has no location")
	}
	return op.ExecuteStackProgram(*regs, expr, in.pointerSize, nil)
}

// listed returns the expression that a list of locations has for an instruction.
func (in *Info) listed(off int, pc uint64) ([]byte, error) {
	f := in.At(pc)
	if f == nil {
		return nil, fmt.Errorf("no function is at %#x", pc)
	}
	var list loclist.Reader = in.lists()
	var addresses *godwarf.DebugAddr
	if f.Unit.version >= 5 {
		list = in.lists5()
		if f.Unit.addrBase >= 0 {
			addresses = in.addresses().GetSubsection(uint64(f.Unit.addrBase))
		}
	}
	if list.Empty() {
		return nil, fmt.Errorf("there are no lists of locations")
	}
	e, err := list.Find(off, in.base, f.Unit.Low+in.base, pc, addresses)
	if err != nil {
		return nil, fmt.Errorf("list of locations at %#x: %w", off, err)
	}
	if e == nil {
		return nil, errNowhere
	}
	return e.Instr, nil
}
