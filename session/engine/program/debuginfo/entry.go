package debuginfo

import (
	"bytes"
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"fmt"
)

// Package dwarf makes an object of every entry and every attribute. To look at all
// entries of a large program once, that is too slow: what follows reads of an entry
// what was asked for, and steps over the rest.

// An abbreviation is the form of entries.
type abbreviation struct {
	tag      dwarf.Tag
	children bool
	fields   []field
}

// A field is an attribute, and how its value is written.
type field struct {
	attr     dwarf.Attr
	form     uint64
	implicit int64
}

// Forms of values, as DWARF numbers them.
const (
	formAddr          = 0x01
	formBlock2        = 0x03
	formBlock4        = 0x04
	formData2         = 0x05
	formData4         = 0x06
	formData8         = 0x07
	formString        = 0x08
	formBlock         = 0x09
	formBlock1        = 0x0a
	formData1         = 0x0b
	formFlag          = 0x0c
	formSdata         = 0x0d
	formStrp          = 0x0e
	formUdata         = 0x0f
	formRefAddr       = 0x10
	formRef1          = 0x11
	formRef2          = 0x12
	formRef4          = 0x13
	formRef8          = 0x14
	formRefUdata      = 0x15
	formIndirect      = 0x16
	formSecOffset     = 0x17
	formExprloc       = 0x18
	formFlagPresent   = 0x19
	formStrx          = 0x1a
	formAddrx         = 0x1b
	formRefSup4       = 0x1c
	formStrpSup       = 0x1d
	formData16        = 0x1e
	formLineStrp      = 0x1f
	formRefSig8       = 0x20
	formImplicitConst = 0x21
	formLoclistx      = 0x22
	formRnglistx      = 0x23
	formRefSup8       = 0x24
	formStrx1         = 0x25
	formStrx2         = 0x26
	formStrx3         = 0x27
	formStrx4         = 0x28
	formAddrx1        = 0x29
	formAddrx2        = 0x2a
	formAddrx3        = 0x2b
	formAddrx4        = 0x2c
	formGNURefAlt     = 0x1f20
	formGNUStrpAlt    = 0x1f21
)

// isAddress reports whether the value is an address, as it stands or by an index.
func (f *field) isAddress() bool {
	return f.form == formAddr || f.form == formAddrx || formAddrx1 <= f.form && f.form <= formAddrx4
}

var errShort = errors.New("it ends early")

// A cursor reads what a section holds. After an error it reads nothing more.
type cursor struct {
	data  []byte
	off   int
	order binary.ByteOrder
	err   error
}

func (c *cursor) skip(n uint64) {
	if n > uint64(len(c.data)-c.off) {
		c.off, c.err = len(c.data), errShort
		return
	}
	c.off += int(n)
}

// uint reads a number of up to 8 bytes.
func (c *cursor) uint(size int) uint64 {
	at := c.off
	if c.skip(uint64(size)); c.err != nil {
		return 0
	}
	b := c.data[at:c.off]
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(c.order.Uint16(b))
	case 3:
		if c.order == binary.BigEndian {
			return uint64(b[0])<<16 | uint64(b[1])<<8 | uint64(b[2])
		}
		return uint64(b[2])<<16 | uint64(b[1])<<8 | uint64(b[0])
	case 4:
		return uint64(c.order.Uint32(b))
	}
	return c.order.Uint64(b)
}

// uleb reads a number of variable length.
func (c *cursor) uleb() (v uint64) {
	for shift := uint(0); ; shift += 7 {
		if c.off >= len(c.data) {
			c.err = errShort
			return 0
		}
		b := c.data[c.off]
		c.off++
		if shift < 64 {
			v |= uint64(b&0x7f) << shift
		}
		if b < 0x80 {
			return v
		}
	}
}

// sleb reads a signed number of variable length.
func (c *cursor) sleb() (v int64) {
	for shift := uint(0); ; {
		if c.off >= len(c.data) {
			c.err = errShort
			return 0
		}
		b := c.data[c.off]
		c.off++
		if shift < 64 {
			v |= int64(b&0x7f) << shift
		}
		shift += 7
		if b < 0x80 {
			if b&0x40 != 0 && shift < 64 {
				v |= -1 << shift
			}
			return v
		}
	}
}

// text reads what ends with a zero.
func (c *cursor) text() []byte {
	n := bytes.IndexByte(c.data[c.off:], 0)
	if n < 0 {
		c.off, c.err = len(c.data), errShort
		return nil
	}
	s := c.data[c.off : c.off+n]
	c.off += n + 1
	return s
}

// abbreviations reads the table that begins at an offset.
func (s *sections) abbreviations(off uint64) ([]abbreviation, error) {
	if off > uint64(len(s.abbrev)) {
		return nil, fmt.Errorf("section .debug_abbrev has no table at %#x", off)
	}
	c := cursor{data: s.abbrev, off: int(off), order: s.order}
	var table []abbreviation
	for {
		code := c.uleb()
		if code == 0 || c.err != nil {
			break
		}
		a := abbreviation{tag: dwarf.Tag(c.uleb()), children: c.uint(1) != 0}
		for c.err == nil {
			f := field{attr: dwarf.Attr(c.uleb()), form: c.uleb()}
			if f.form == formImplicitConst {
				f.implicit = c.sleb()
			}
			if f.attr == 0 && f.form == 0 {
				break
			}
			a.fields = append(a.fields, f)
		}
		const most = 1 << 16 // compilers count from 1 on
		if code > most {
			return nil, fmt.Errorf("section .debug_abbrev: an abbreviation has the number %d", code)
		}
		for uint64(len(table)) <= code {
			table = append(table, abbreviation{})
		}
		table[code] = a
	}
	if c.err != nil {
		return nil, fmt.Errorf("section .debug_abbrev: %w", c.err)
	}
	return table, nil
}

// A value is that of an attribute.
type value struct {
	there bool
	num   uint64 // an address, an offset, a number
	text  []byte
}

// value reads the value of a field.
func (u *unit) value(c *cursor, f *field) (v value) {
	v.there = true
	switch f.form {
	case formAddr:
		v.num = c.uint(u.addrSize)
	case formAddrx, formAddrx1, formAddrx2, formAddrx3, formAddrx4:
		v.num, v.there = u.address(u.index(c, f.form, formAddrx, formAddrx1))
	case formString:
		v.text = c.text()
	case formStrp, formLineStrp:
		from := u.s.str
		if f.form == formLineStrp {
			from = u.s.lineStr
		}
		v.text = textAt(from, c.uint(u.offSize))
	case formStrx, formStrx1, formStrx2, formStrx3, formStrx4:
		v.text = u.indexed(u.index(c, f.form, formStrx, formStrx1))
	case formData1, formFlag:
		v.num = c.uint(1)
	case formData2:
		v.num = c.uint(2)
	case formData4:
		v.num = c.uint(4)
	case formData8:
		v.num = c.uint(8)
	case formUdata:
		v.num = c.uleb()
	case formSdata:
		v.num = uint64(c.sleb())
	case formImplicitConst:
		v.num = uint64(f.implicit)
	case formFlagPresent:
		v.num = 1
	case formSecOffset:
		v.num = c.uint(u.offSize)
	case formRef1, formRef2, formRef4, formRef8:
		v.num = uint64(u.begin) + c.uint(1<<(f.form-formRef1))
	case formRefUdata:
		v.num = uint64(u.begin) + c.uleb()
	case formRefAddr:
		v.num = c.uint(u.offSize)
	case formExprloc, formBlock:
		from := c.off
		c.skip(c.uleb())
		v.text = c.data[from:c.off] // with its length
	case formBlock1:
		from := c.off
		c.skip(c.uint(1))
		v.text = c.data[from:c.off]
	default:
		u.skip(c, f)
		v.there = false
	}
	return v
}

// skip steps over the value of a field.
func (u *unit) skip(c *cursor, f *field) {
	switch f.form {
	case formImplicitConst, formFlagPresent:
	case formString:
		c.text()
	case formBlock1:
		c.skip(c.uint(1))
	case formBlock2:
		c.skip(c.uint(2))
	case formBlock4:
		c.skip(c.uint(4))
	case formBlock, formExprloc:
		c.skip(c.uleb())
	case formSdata, formUdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx:
		c.uleb()
	case formAddr:
		c.skip(uint64(u.addrSize))
	case formStrp, formLineStrp, formSecOffset, formRefAddr, formStrpSup, formGNURefAlt, formGNUStrpAlt:
		c.skip(uint64(u.offSize))
	case formIndirect:
		u.skip(c, &field{form: c.uleb()})
	default:
		n, ok := sizes[f.form]
		if !ok {
			c.err = fmt.Errorf("a value has the unknown form %#x", f.form)
			return
		}
		c.skip(n)
	}
}

// sizes are those of the forms that have one.
var sizes = map[uint64]uint64{
	formData1: 1, formFlag: 1, formRef1: 1, formStrx1: 1, formAddrx1: 1,
	formData2: 2, formRef2: 2, formStrx2: 2, formAddrx2: 2,
	formStrx3: 3, formAddrx3: 3,
	formData4: 4, formRef4: 4, formStrx4: 4, formAddrx4: 4, formRefSup4: 4,
	formData8: 8, formRef8: 8, formRefSig8: 8, formRefSup8: 8,
	formData16: 16,
}

// index reads the index of a string or an address, given the form with a number of
// variable length, and the first of those with a fixed one.
func (u *unit) index(c *cursor, form, variable, fixed uint64) uint64 {
	if form == variable {
		return c.uleb()
	}
	return c.uint(int(form-fixed) + 1)
}

// variable returns the address of a variable, given its location; 0: it has none.
func (u *unit) variable(location []byte) uint64 {
	const opAddr = 0x03
	if len(location) != 2+u.addrSize || location[1] != opAddr {
		return 0
	}
	c := cursor{data: location, off: 2, order: u.s.order}
	return c.uint(u.addrSize)
}

// address returns the address with an index.
func (u *unit) address(index uint64) (addr uint64, ok bool) {
	c := cursor{data: u.s.addr, order: u.s.order}
	c.skip(u.addrBase)
	if index < uint64(len(c.data)) {
		c.skip(index * uint64(u.addrSize))
	}
	addr = c.uint(u.addrSize)
	return addr, c.err == nil && index < uint64(len(c.data))
}

// indexed returns the string with an index.
func (u *unit) indexed(index uint64) []byte {
	c := cursor{data: u.s.strOffsets, order: u.s.order}
	if index >= uint64(len(c.data)) {
		return nil
	}
	c.skip(u.strBase + index*uint64(u.offSize))
	off := c.uint(u.offSize)
	if c.err != nil {
		return nil
	}
	return textAt(u.s.str, off)
}

func textAt(data []byte, off uint64) []byte {
	if off >= uint64(len(data)) {
		return nil
	}
	c := cursor{data: data, off: int(off)}
	return c.text()
}
