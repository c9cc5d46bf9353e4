package weight

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// CheckLines looks at the header of a line number program at an offset of the
// section .debug_line: those who read it make room for as many directories and
// files as it says. Names may stand in the section .debug_line_str, of size bytes.
func CheckLines(section []byte, offset int64, names int) error {
	if offset < 0 || offset >= int64(len(section)) {
		return nil // nobody reads it
	}
	h := header{data: section[offset:], names: uint64(names)}
	length := h.number(4)
	if length > uint64(len(h.data)) {
		return claims("a line table claims to be %s long", bytesText(length))
	}
	h.data = h.data[:length]
	version := h.number(2)
	if version >= 5 {
		h.number(2) // the sizes of an address and of a segment selector
	}
	h.number(4) // the length of the header
	if version >= 4 {
		h.number(1) // operations in an instruction
	}
	h.number(4) // the length of an instruction, and how lines are coded
	if opcodes := h.number(1); opcodes > 0 {
		h.bytes(opcodes - 1)
	} else {
		h.bad = true
	}
	if version >= 5 {
		h.table()
		h.table()
	} else {
		h.oldTables()
	}
	switch {
	case isForm(h.unknown):
		return fmt.Errorf("%w: DWARF form %#x in a line table", ErrUnknown, h.unknown)
	case h.unknown != 0:
		return claims("a line table claims to have values of DWARF form %#x, which does not exist", h.unknown)
	case h.bad || version < 2 || version > 5:
		return claims("the header of a line table makes no sense")
	}
	return nil
}

// isForm reports whether a number is a form of DWARF 5, or one of those that it leaves
// to vendors and that these have used.
func isForm(form uint64) bool {
	const last, vendors, noVendors = 0x2c, 0x1f00, 0x2100
	return form > 0 && form <= last || form >= vendors && form < noVendors
}

// ErrUnknown says that something is of a kind that nobody here can read, and need not
// be damaged.
var ErrUnknown = errors.New("unknown")

// A header is what is left to read of one. Once something made no sense, it is
// bad.
type header struct {
	data  []byte
	names uint64
	bad   bool
	// unknown is a form that cannot be passed by, 0 if there was none.
	unknown uint64
}

func (h *header) bytes(n uint64) []byte {
	if h.bad || n > uint64(len(h.data)) {
		h.bad, h.data = true, nil
		return nil
	}
	b := h.data[:n]
	h.data = h.data[n:]
	return b
}

// number reads one of 1, 2 or 4 bytes.
func (h *header) number(size int) uint64 {
	var b [8]byte
	copy(b[:], h.bytes(uint64(size)))
	return binary.LittleEndian.Uint64(b[:])
}

// uleb reads a number of variable length.
func (h *header) uleb() uint64 {
	n, size := binary.Uvarint(h.data)
	if size <= 0 {
		h.bad, h.data = true, nil
		return 0
	}
	h.data = h.data[size:]
	return n
}

// text passes by a text that ends in a zero, and returns its length.
func (h *header) text() int {
	for i, c := range h.data {
		if c == 0 {
			h.data = h.data[i+1:]
			return i
		}
	}
	h.bad, h.data = true, nil
	return 0
}

// oldTables passes by the directories and the files of versions 2 to 4.
func (h *header) oldTables() {
	for h.text() > 0 {
	}
	for h.text() > 0 {
		h.uleb()
		h.uleb()
		h.uleb()
	}
}

// table passes by the directories or the files of version 5.
func (h *header) table() {
	formats := h.number(1)
	forms := make([]uint64, 0, formats)
	for range formats {
		h.uleb() // what it is
		forms = append(forms, h.uleb())
	}
	entries := h.uleb()
	if entries > 0 && formats == 0 || entries > uint64(len(h.data)) {
		h.bad = true
	}
	for range entries {
		for _, form := range forms {
			if h.field(form); h.bad {
				return
			}
		}
	}
}

// field passes by a value of a form.
func (h *header) field(form uint64) {
	switch form {
	case 0x08: // string
		h.text()
	case 0x1f: // line_strp
		h.bad = h.number(4) > h.names || h.bad
	case 0x0f, 0x0d, 0x1a: // udata, sdata, strx
		h.uleb()
	case 0x0b, 0x0c, 0x25: // data1, flag, strx1
		h.bytes(1)
	case 0x05, 0x26: // data2, strx2
		h.bytes(2)
	case 0x27: // strx3
		h.bytes(3)
	case 0x06, 0x0e, 0x17, 0x28: // data4, strp, sec_offset, strx4
		h.bytes(4)
	case 0x07: // data8
		h.bytes(8)
	case 0x1e: // data16
		h.bytes(16)
	case 0x09: // block
		h.bytes(h.uleb())
	case 0x0a: // block1
		h.bytes(h.number(1))
	case 0x03: // block2
		h.bytes(h.number(2))
	case 0x04: // block4
		h.bytes(h.number(4))
	default:
		if !h.bad {
			h.unknown = form
		}
		h.bad = true
	}
}
