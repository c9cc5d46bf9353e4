package debuginfo

import (
	"cmp"
	"debug/dwarf"
	"hash/maphash"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/reader"
)

// A typeEntry is where a type is described.
type typeEntry struct {
	name    uint64 // a hash of its name
	runtime uint64 // where its runtime description stands in the section of types
	offset  dwarf.Offset
}

// types finds types. Their names stay in the section, and only hashes are kept.
type types struct {
	seed    maphash.Seed
	entries []typeEntry // in the order of their names, then of their offsets
	runtime map[uint64]dwarf.Offset
	read    map[dwarf.Offset]godwarf.Type
}

// typ takes note of a type.
func (s *scan) typ(offset dwarf.Offset, at *attributes) {
	t := typeEntry{offset: offset, runtime: at.runtimeType.num}
	if len(at.name.text) > 0 {
		t.name = s.hash(at.name.text)
	}
	s.types = append(s.types, t)
}

// hash returns a hash of a type's name. Those of C have a package of their own.
func (s *scan) hash(name []byte) uint64 {
	if !s.u.public.Go {
		name = append([]byte("C."), name...)
	}
	return maphash.Bytes(s.seed, name)
}

// sort makes the entries ready to be searched.
func (ts *types) sort() {
	ts.read = map[dwarf.Offset]godwarf.Type{}
	slices.SortFunc(ts.entries, func(a, b typeEntry) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.offset, b.offset))
	})
}

// Type returns the type that is described at an offset.
func (in *Info) Type(offset dwarf.Offset) (godwarf.Type, error) {
	return godwarf.ReadType(in.Data, 0, offset, in.types.read)
}

// FindType returns the type with a name, as the linker writes it.
func (in *Info) FindType(name string) (godwarf.Type, error) {
	hash := maphash.String(in.types.seed, name)
	i, _ := slices.BinarySearchFunc(in.types.entries, hash, func(t typeEntry, hash uint64) int { return cmp.Compare(t.name, hash) })
	for ; i < len(in.types.entries) && in.types.entries[i].name == hash; i++ {
		offset := in.types.entries[i].offset
		if !in.isNamed(offset, name) {
			continue
		}
		if t, err := in.Type(offset); err == nil {
			return t, nil
		}
	}
	return nil, reader.ErrTypeNotFound
}

// isNamed reports whether the entry at an offset has a name.
func (in *Info) isNamed(offset dwarf.Offset, name string) bool {
	r := in.Data.Reader()
	r.Seek(offset)
	e, err := r.Next()
	if err != nil || e == nil {
		return false
	}
	is, _ := e.Val(dwarf.AttrName).(string)
	return is == name || "C."+is == name
}

// RuntimeTypes returns where the types are described whose runtime descriptions stand
// at offsets in the section of types.
func (in *Info) RuntimeTypes() map[uint64]dwarf.Offset {
	if in.types.runtime == nil {
		in.types.runtime = map[uint64]dwarf.Offset{}
		for _, t := range in.types.entries {
			if at, dup := in.types.runtime[t.runtime]; t.runtime != 0 && (!dup || t.offset < at) {
				in.types.runtime[t.runtime] = t.offset
			}
		}
	}
	return in.types.runtime
}
