package program

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine/program/value"
)

// Go passes arguments and results in registers where they fit, one basic value
// a register, and on the stack otherwise. The rules are those of
// cmd/compile/abi-internal.md; they are the same for optimised and debug builds
// and hold at the first instruction of a function and at its RET.

const (
	intRegisters   = 9  // RAX RBX RCX RDI RSI R8 R9 R10 R11
	floatRegisters = 15 // X0 to X14
	wordSize       = 8
)

// A piece is a part of a value that travels in one register.
type piece struct {
	offset, size int64
	float        bool
	register     int
}

// A location says where a value is: in registers, or on the stack at an offset
// from the canonical frame address. A wrapper may have it elsewhere: at an offset
// in its closure, or some way from what it was given.
type location struct {
	pieces  []piece
	stack   int64
	closure int64 // 0: not there
	given   *Param
	way     []step // from given
	lost    bool   // nobody knows where
}

// assigner hands out registers and stack slots for one list of values.
type assigner struct {
	ints, floats int
	stack        int64
	pieces       []piece
}

// assign returns where a value of type t is.
func (a *assigner) assign(t godwarf.Type) location {
	ints, floats := a.ints, a.floats
	a.pieces = nil
	// A value without size has a place on the stack, which is aligned as its type
	// says and may shift those of others.
	size := sizeOf(t)
	if size > 0 && a.register(t, 0) {
		return location{pieces: a.pieces}
	}
	a.ints, a.floats = ints, floats
	a.stack = align(a.stack, alignOf(t))
	loc := location{stack: a.stack}
	a.stack += size
	return loc
}

// results starts the list of results: their registers are the same ones again,
// their stack slots follow those of the arguments.
func (a *assigner) results() {
	a.ints, a.floats = 0, 0
	a.stack = align(a.stack, wordSize)
}

// register assigns a value that lies at offset inside the one being assigned,
// and reports whether it fits. An array of several elements does not, even if they
// have no size.
func (a *assigner) register(t godwarf.Type, offset int64) bool {
	switch t := underlying(t).(type) {
	case *godwarf.FloatType:
		return a.take(offset, t.Size(), true)
	case *godwarf.ComplexType:
		half := t.Size() / 2
		return a.take(offset, half, true) && a.take(offset+half, half, true)
	case *godwarf.StringType, *godwarf.InterfaceType:
		return a.words(offset, 2)
	case *godwarf.SliceType:
		return a.words(offset, 3)
	case *godwarf.StructType:
		return a.fields(t, offset)
	case *godwarf.ArrayType:
		switch value.ArrayLen(t) {
		case 0:
			return true
		case 1:
			return a.register(t.Type, offset)
		}
		return false
	case *godwarf.PtrType, *godwarf.FuncType, *godwarf.MapType, *godwarf.ChanType:
		return a.take(offset, wordSize, false)
	default:
		return a.take(offset, t.Size(), false)
	}
}

func (a *assigner) fields(t *godwarf.StructType, offset int64) bool {
	for _, f := range t.Field {
		if !a.register(f.Type, offset+f.ByteOffset) {
			return false
		}
	}
	return true
}

func (a *assigner) words(offset int64, n int64) bool {
	for i := range n {
		if !a.take(offset+i*wordSize, wordSize, false) {
			return false
		}
	}
	return true
}

func (a *assigner) take(offset, size int64, float bool) bool {
	p := piece{offset: offset, size: size, float: float}
	if float {
		p.register = a.floats
		a.floats++
		a.pieces = append(a.pieces, p)
		return a.floats <= floatRegisters
	}
	p.register = a.ints
	a.ints++
	a.pieces = append(a.pieces, p)
	return a.ints <= intRegisters
}

func align(n, alignment int64) int64 {
	if alignment <= 1 {
		return n
	}
	return (n + alignment - 1) / alignment * alignment
}

// alignOf returns the alignment of a type on amd64, where that of a basic value
// is its size and that of a composite the largest of its parts'.
func alignOf(t godwarf.Type) int64 {
	switch t := underlying(t).(type) {
	case *godwarf.StructType:
		// Strings, slices and interfaces are no StructType here.
		largest := int64(1)
		for _, f := range t.Field {
			largest = max(largest, alignOf(f.Type))
		}
		return largest
	case *godwarf.ArrayType:
		return alignOf(t.Type)
	case *godwarf.ComplexType:
		return t.Size() / 2
	case *godwarf.StringType, *godwarf.SliceType, *godwarf.InterfaceType:
		return wordSize
	default:
		return min(max(sizeOf(t), 1), wordSize)
	}
}

func sizeOf(t godwarf.Type) int64 {
	if _, ok := underlying(t).(*godwarf.FuncType); ok {
		return wordSize // DWARF gives a func type no size
	}
	return t.Size()
}

// underlying resolves named types and the shapes of type parameters.
func underlying(t godwarf.Type) godwarf.Type {
	for {
		t = godwarf.ResolveTypedef(t)
		p, ok := t.(*godwarf.ParametricType)
		if !ok {
			return t
		}
		t = p.Type
	}
}
