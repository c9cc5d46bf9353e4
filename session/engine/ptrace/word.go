//go:build linux && amd64

package ptrace

import "encoding/binary"

// wordSize is the size of a pointer.
const wordSize = 8

// word reads one word of the target's memory.
func (e *Engine) word(addr uint64) (uint64, error) {
	var b [wordSize]byte
	_, err := e.p.ReadMemory(b[:], addr)
	return uint64At(b[:], 0), err
}

// uint64At returns the word at an offset.
func uint64At(data []byte, off int64) uint64 { return binary.LittleEndian.Uint64(data[off:]) }
