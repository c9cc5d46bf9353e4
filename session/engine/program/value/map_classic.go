package value

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// A classicMap is the layout of a map before Go 1.24.
//
// The header points at 1<<B buckets of eight slots; a full bucket points at an
// overflow bucket. While a map grows, entries stand in the new buckets or still
// in the old ones; a bucket whose entries have moved says so in its first hash
// byte. Both arrays together hold each entry once.
type classicMap struct {
	header   *godwarf.StructType
	bucket   *godwarf.StructType
	tophash  int64
	overflow int64
	slots    slots
}

// What a hash byte says about its slot.
const (
	emptyOne       = 1 // no entry
	evacuatedFirst = 2 // the bucket has moved
	evacuatedLast  = 4
)

func classicMapOf(t *godwarf.MapType) *classicMap {
	m := &classicMap{header: deref(t.Type)}
	buckets := fieldOf(m.header, "buckets")
	if buckets == nil {
		return nil
	}
	m.bucket = deref(buckets.Type)
	top, over := fieldOf(m.bucket, "tophash"), fieldOf(m.bucket, "overflow")
	if top == nil || over == nil {
		return nil
	}
	m.tophash, m.overflow = top.ByteOffset, over.ByteOffset
	if !m.slots.split(fieldOf(m.bucket, "keys"), fieldOf(m.bucket, "values"), t) {
		return nil
	}
	return m
}

type openClassicMap struct {
	*classicMap
	count, buckets, old, n, oldN uint64
}

func (m *classicMap) open(p *printer, addr uint64) (openedMap, error) {
	h, err := p.open(val{addr: addr}, m.header.Size())
	if err != nil {
		return nil, err
	}
	o := &openClassicMap{
		classicMap: m,
		count:      p.count(m.header, h, "count"),
		buckets:    p.count(m.header, h, "buckets"),
		old:        p.count(m.header, h, "oldbuckets"),
		n:          1 << min(p.count(m.header, h, "B"), 48),
	}
	const sameSizeGrow = 8
	o.oldN = o.n / 2
	if p.count(m.header, h, "flags")&sameSizeGrow != 0 {
		o.oldN = o.n
	}
	return o, nil
}

func (m *openClassicMap) length() uint64 { return m.count }

func (m *openClassicMap) each(p *printer, yield func(k, e val) bool) error {
	if m.count == 0 || m.buckets == 0 {
		return nil
	}
	if m.old != 0 {
		more, err := m.eachBucket(p, m.old, m.oldN, yield)
		if err != nil || !more {
			return err
		}
	}
	_, err := m.eachBucket(p, m.buckets, m.n, yield)
	return err
}

// eachBucket goes through n buckets and those they overflow into. It reports
// whether to go on.
func (m *openClassicMap) eachBucket(p *printer, addr, n uint64, yield func(k, e val) bool) (bool, error) {
	size := uint64(m.bucket.Size())
	for i := range n {
		at := addr + i*size
		// Reading stops at the budget, should the overflows run in a circle.
		for chain := 0; at != 0 && chain < maxReads; chain++ {
			v, err := p.open(val{addr: at}, int64(size))
			if err != nil {
				return false, err
			}
			more, err := m.slotsOf(p, v, yield)
			if err != nil || !more {
				return false, err
			}
			next, err := p.words(v.at(m.overflow), 1)
			if err != nil {
				return false, err
			}
			at = next[0]
		}
	}
	return true, nil
}

func (m *openClassicMap) slotsOf(p *printer, v val, yield func(k, e val) bool) (bool, error) {
	top, err := p.need(v.at(m.tophash), groupSlots)
	if err != nil {
		return false, err
	}
	if top[0] >= evacuatedFirst && top[0] <= evacuatedLast {
		return true, nil
	}
	for i := range int64(groupSlots) {
		if top[i] <= emptyOne {
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
