package value

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

const groupSlots = 8

// A swissMap is the layout of a map of Go 1.24 and later.
//
// The header of a small map points at its only group. That of a larger one
// points at a directory of pointers to tables, each of which has an array of
// groups; a table may stand in several neighbouring entries of the directory
// and says which is the first. A group is a control word, whose bytes have
// their high bit set where a slot is free, and eight slots.
type swissMap struct {
	header *godwarf.StructType
	table  *godwarf.StructType
	data   int64 // offset of the pointer to groups in the table
	mask   int64 // offset of their number less one
	size   int64 // of a group
	ctrl   int64
	slots  slots
}

func swissMapOf(t *godwarf.MapType) *swissMap {
	m := &swissMap{header: deref(t.Type)}
	dir := fieldOf(m.header, "dirPtr")
	if dir == nil || !m.addTable(deref(dir.Type)) {
		return nil
	}
	group := deref(fieldOf(deref(fieldOf(m.table, "groups").Type), "data").Type)
	ctrl := fieldOf(group, "ctrl")
	if ctrl == nil || !m.slots.of(group, t) {
		return nil
	}
	m.ctrl, m.size = ctrl.ByteOffset, group.Size()
	return m
}

// addTable fills in how a table leads to its groups.
func (m *swissMap) addTable(table *godwarf.StructType) bool {
	groups := fieldOf(table, "groups")
	if groups == nil || fieldOf(table, "index") == nil {
		return false
	}
	ref := deref(groups.Type)
	data, mask := fieldOf(ref, "data"), fieldOf(ref, "lengthMask")
	if data == nil || mask == nil {
		return false
	}
	m.table = table
	m.data = groups.ByteOffset + data.ByteOffset
	m.mask = groups.ByteOffset + mask.ByteOffset
	return true
}

// of fills in how the slots of a group lie: as pairs, or, in a split group,
// keys first.
func (s *slots) of(group *godwarf.StructType, t *godwarf.MapType) bool {
	if f := fieldOf(group, "slots"); f != nil {
		arr, _ := underlying(f.Type).(*godwarf.ArrayType)
		if arr == nil {
			return false
		}
		slot := deref(arr.Type)
		key, elem := fieldOf(slot, "key"), fieldOf(slot, "elem")
		if key == nil || elem == nil {
			return false
		}
		*s = slots{
			key: f.ByteOffset + key.ByteOffset, keyStride: slot.Size(),
			elem: f.ByteOffset + elem.ByteOffset, elemStride: slot.Size(),
			keyIndirect: isIndirect(key.Type, t.KeyType), elemIndirect: isIndirect(elem.Type, t.ElemType),
		}
		return true
	}
	return s.split(fieldOf(group, "keys"), fieldOf(group, "elems"), t)
}

func (s *slots) split(keys, elems *godwarf.StructField, t *godwarf.MapType) bool {
	if keys == nil || elems == nil {
		return false
	}
	ka, _ := underlying(keys.Type).(*godwarf.ArrayType)
	ea, _ := underlying(elems.Type).(*godwarf.ArrayType)
	if ka == nil || ea == nil {
		return false
	}
	*s = slots{
		key: keys.ByteOffset, keyStride: ka.Type.Size(),
		elem: elems.ByteOffset, elemStride: ea.Type.Size(),
		keyIndirect: isIndirect(ka.Type, t.KeyType), elemIndirect: isIndirect(ea.Type, t.ElemType),
	}
	return true
}

type openSwissMap struct {
	*swissMap
	used, dir, dirLen uint64
}

func (m *swissMap) open(p *printer, addr uint64) (openedMap, error) {
	h, err := p.open(val{addr: addr}, m.header.Size())
	if err != nil {
		return nil, err
	}
	return &openSwissMap{
		swissMap: m,
		used:     p.count(m.header, h, "used"),
		dir:      p.count(m.header, h, "dirPtr"),
		dirLen:   p.count(m.header, h, "dirLen"),
	}, nil
}

func (m *openSwissMap) length() uint64 { return m.used }

func (m *openSwissMap) each(p *printer, yield func(k, e val) bool) error {
	if m.used == 0 || m.dir == 0 {
		return nil
	}
	if m.dirLen == 0 {
		_, err := m.eachSlot(p, m.dir, 1, yield)
		return err
	}
	for i := range m.dirLen {
		dir, err := p.open(val{addr: m.dir + i/64*512}, int64(8*min(64, m.dirLen-i/64*64)))
		if err != nil {
			return err
		}
		w, err := p.words(dir.at(int64(i%64*8)), 1)
		if err != nil {
			return err
		}
		t, err := p.open(val{addr: w[0]}, m.table.Size())
		if err != nil {
			return err
		}
		if p.count(m.table, t, "index") != i {
			continue
		}
		data, err := p.words(t.at(m.data), 1)
		if err != nil {
			return err
		}
		mask, err := p.words(t.at(m.mask), 1)
		if err != nil {
			return err
		}
		if more, err := m.eachSlot(p, data[0], mask[0]+1, yield); err != nil || !more {
			return err
		}
	}
	return nil
}

// eachSlot goes through n groups that stand one after the other, several at a
// read. It reports whether to go on.
func (m *openSwissMap) eachSlot(p *printer, addr, n uint64, yield func(k, e val) bool) (bool, error) {
	if m.size < 8 {
		return false, errNoTypes
	}
	batch := uint64(max(1, window/m.size))
	for i := uint64(0); i < n; i += batch {
		count := min(batch, n-i)
		at := addr + i*uint64(m.size)
		data, err := p.read(at, int64(count)*m.size)
		if err != nil {
			return false, err
		}
		for g := range count {
			off := g * uint64(m.size)
			more, err := m.group(p, val{data[off : off+uint64(m.size)], at + off}, yield)
			if err != nil || !more {
				return false, err
			}
		}
	}
	return true, nil
}

func (m *openSwissMap) group(p *printer, v val, yield func(k, e val) bool) (bool, error) {
	ctrl := v.at(m.ctrl).data
	if len(ctrl) < groupSlots {
		return false, errNoTypes
	}
	for i := range int64(groupSlots) {
		if ctrl[i]&0x80 != 0 {
			continue
		}
		k, e, err := m.slots.at(p, v, i)
		if err != nil {
			return false, err
		}
		if !yield(k, e) {
			return false, nil
		}
	}
	return true, nil
}
