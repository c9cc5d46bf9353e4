package program

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// A step leads from a value to another that belongs to it.
type step struct {
	what   stepKind
	offset int64 // of a field
}

type stepKind uint8

const (
	toField stepKind = iota
	toPointee
	toAddress
)

// embeddings is how many embedded fields a promoted method may be away.
const embeddings = 5

// way finds the steps from a receiver to that of a method which is promoted to it:
// through pointers, embedded fields, and the address of one.
func way(from, to godwarf.Type, depth int) ([]step, bool) {
	if sameType(from, to) {
		return nil, true
	}
	if ptr, ok := godwarf.ResolveTypedef(from).(*godwarf.PtrType); ok {
		path, ok := wayInside(ptr.Type, to, depth)
		return slices.Insert(path, 0, step{what: toPointee}), ok
	}
	return wayInside(from, to, depth)
}

// wayInside finds the steps from a value that has an address.
func wayInside(from, to godwarf.Type, depth int) ([]step, bool) {
	if sameType(from, to) {
		return nil, true
	}
	if ptr, ok := to.(*godwarf.PtrType); ok && sameType(from, ptr.Type) {
		return []step{{what: toAddress}}, true
	}
	st, ok := godwarf.ResolveTypedef(from).(*godwarf.StructType)
	if !ok || depth == 0 {
		return nil, false
	}
	for _, f := range st.Field {
		if !f.Embedded {
			continue
		}
		find := wayInside
		if _, ok := godwarf.ResolveTypedef(f.Type).(*godwarf.PtrType); ok {
			find = way
		}
		if path, ok := find(f.Type, to, depth-1); ok {
			return slices.Insert(path, 0, step{what: toField, offset: f.ByteOffset}), true
		}
	}
	return nil, false
}

// sameType reports whether two types are the same: named ones, or pointers to such.
func sameType(a, b godwarf.Type) bool {
	p, ok := a.(*godwarf.PtrType)
	q, both := b.(*godwarf.PtrType)
	if ok || both {
		return ok && both && sameType(p.Type, q.Type)
	}
	return a.Common().Name == b.Common().Name && a.Common().Name != ""
}

// errNil says that a pointer on the way to a value is nil.
var errNil = errors.New("a pointer that leads there is nil")

// errLost says that the compiler keeps a value in no form that is known.
var errLost = errors.New("optimized out")

// walkTo goes a way from a value whose bytes are given, and returns the bytes of
// the value it leads to.
func walkTo(path []step, data []byte, size int64, read func(buf []byte, addr uint64) error) ([]byte, error) {
	var addr uint64 // of the value, unless its bytes are in data
	for _, s := range path {
		switch {
		case s.what == toField && data != nil:
			data = data[min(s.offset, int64(len(data))):]
		case s.what == toField:
			addr += uint64(s.offset)
		case s.what == toAddress && data == nil:
			data = binary.LittleEndian.AppendUint64(nil, addr)
		case s.what == toPointee:
			word := data
			if data == nil {
				word = make([]byte, wordSize)
				if err := read(word, addr); err != nil {
					return nil, err
				}
			}
			if len(word) < wordSize {
				return nil, errLost
			}
			if addr, data = binary.LittleEndian.Uint64(word), nil; addr == 0 {
				return nil, errNil
			}
		default:
			return nil, errLost
		}
	}
	if data == nil {
		data = make([]byte, size)
		return data, read(data, addr)
	}
	if int64(len(data)) < size {
		return nil, errLost
	}
	return data[:size], nil
}
