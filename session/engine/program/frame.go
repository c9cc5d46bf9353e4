package program

import (
	"encoding/binary"

	"github.com/go-delve/delve/pkg/dwarf/op"

	"gtrace/events/secret"
	"gtrace/session/engine/program/value"
)

// Registers are those of a thread.
type Registers interface {
	// General returns one of the 16 general registers, by its number in DWARF.
	General(number int) uint64
	// Vector returns the low 16 bytes of one of the registers X0 to X15.
	Vector(n int) ([16]byte, error)
}

// A Frame is a call of a function in a running process: what its values are read
// from, while a thread stands in it at PC.
type Frame struct {
	Memory    value.Memory
	Registers Registers
	PC        uint64
	CFA       uint64 // canonical frame address: it is just above the return address
	// Dictionary is that of generic code; 0: there is none, or it is not known.
	Dictionary uint64
	// Named is what an argument that names the others says of them.
	Named secret.Match

	im   *Image
	regs *op.DwarfRegisters // see dwarf
}

// Frame returns the frame of a call in a process that runs the program.
func (im *Image) Frame(mem value.Memory, regs Registers, pc, cfa uint64) *Frame {
	return &Frame{Memory: mem, Registers: regs, PC: pc, CFA: cfa, im: im}
}

// word reads one word of the memory.
func (fr *Frame) word(addr uint64) (uint64, error) { return readWord(fr.Memory, addr) }

func readWord(mem value.Memory, addr uint64) (uint64, error) {
	var b [wordSize]byte
	_, err := mem.ReadMemory(b[:], addr)
	return uint64At(b[:], 0), err
}

// dwarf returns the registers as expressions of DWARF use them.
func (fr *Frame) dwarf() *op.DwarfRegisters {
	if fr.regs != nil {
		return fr.regs
	}
	regs := make([]*op.DwarfRegister, firstVector, firstVector+vectors)
	for i := range pcRegister {
		regs[i] = op.DwarfRegisterFromUint64(fr.Registers.General(i))
	}
	regs[pcRegister] = op.DwarfRegisterFromUint64(fr.PC)
	d := op.NewDwarfRegisters(fr.im.base, regs, binary.LittleEndian, pcRegister, spRegister, bpRegister, 0)
	d.CFA, d.FrameBase = int64(fr.CFA), int64(fr.CFA)
	d.SetLoadMoreCallback(func() {
		for i := range vectors {
			x, err := fr.Registers.Vector(i)
			if err != nil {
				return
			}
			d.AddReg(uint64(firstVector+i), op.DwarfRegisterFromBytes(x[:]))
		}
	})
	fr.regs = d
	return d
}

// Numbers of registers in DWARF.
const (
	dxRegister  = 1
	bpRegister  = 6
	spRegister  = 7
	pcRegister  = 16
	firstVector = 17
	vectors     = 16
)
