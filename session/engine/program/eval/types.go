package eval

import (
	"go/types"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine/program/value"
)

// A Types makes, of the types of a program as its debug information has them,
// those that Go's own type checker knows. They have no methods, and their fields
// can be seen from everywhere: nobody is kept from looking.
type Types struct {
	values *value.Reader
	pkg    *types.Package
	made   map[godwarf.Type]types.Type
	named  map[string]*types.Named
	dwarf  map[*types.Named]godwarf.Type
	find   func(name string) (godwarf.Type, error)
	depth  int
}

// NewTypes returns the types of a program, in which find finds a type by its
// name.
func NewTypes(values *value.Reader, find func(name string) (godwarf.Type, error)) *Types {
	return &Types{
		values: values,
		find:   find,
		pkg:    types.NewPackage("target", "target"),
		made:   make(map[godwarf.Type]types.Type),
		named:  make(map[string]*types.Named),
		dwarf:  make(map[*types.Named]godwarf.Type),
	}
}

// maxNesting bounds how deep types that have no name may be inside each other.
const maxNesting = 1000

func (ts *Types) of(t godwarf.Type) types.Type {
	if t == nil {
		return opaque()
	}
	if made, ok := ts.made[t]; ok {
		return made
	}
	ts.depth++
	defer func() { ts.depth-- }()
	if ts.depth > maxNesting {
		return opaque()
	}
	name := t.Common().Name
	if s, ok := t.(*godwarf.StructType); ok && name == "" {
		name = s.StructName
	}
	if !hasName(name) {
		made := ts.unnamed(t)
		ts.made[t] = made
		return made
	}
	if n, ok := ts.named[name]; ok {
		ts.made[t] = n
		return n
	}
	// A package would be written before it twice.
	n := types.NewNamed(types.NewTypeName(0, nil, ts.values.TypeName(t), nil), nil, nil)
	ts.named[name], ts.made[t], ts.dwarf[n] = n, n, t
	n.SetUnderlying(ts.unnamed(t))
	return n
}

// hasName tells names of types from their descriptions, and from those which
// everybody knows.
func hasName(name string) bool {
	if name == "error" {
		return true
	}
	if !strings.Contains(name, ".") || strings.HasPrefix(name, value.ShapePrefix) || name == "unsafe.Pointer" {
		return false
	}
	for _, prefix := range []string{"*", "[", "(", "<-chan ", "map[", "chan ", "func(", "struct {", "interface {"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}

// opaque is a type of which nothing is known.
func opaque() types.Type { return types.NewStruct(nil, nil) }

// unnamed makes the type that stands behind names.
func (ts *Types) unnamed(t godwarf.Type) types.Type {
	name := t.Common().Name
	switch t := value.Underlying(t).(type) {
	case *godwarf.BoolType:
		return types.Typ[types.Bool]
	case *godwarf.IntType, *godwarf.CharType, *godwarf.EnumType:
		return integer(t, "int", types.Int, types.Int8)
	case *godwarf.UintType, *godwarf.UcharType, *godwarf.AddrType:
		if t.Common().Name == "uintptr" {
			return types.Typ[types.Uintptr]
		}
		return integer(t, "uint", types.Uint, types.Uint8)
	case *godwarf.FloatType:
		return sized(t.Size(), 4, types.Float32, types.Float64)
	case *godwarf.ComplexType:
		return sized(t.Size(), 8, types.Complex64, types.Complex128)
	case *godwarf.StringType:
		return types.Typ[types.String]
	case *godwarf.SliceType:
		return types.NewSlice(ts.of(t.ElemType))
	case *godwarf.ArrayType:
		return types.NewArray(ts.of(t.Type), value.ArrayLen(t))
	case *godwarf.StructType:
		return ts.structure(t)
	case *godwarf.PtrType:
		// What a type parameter points at is not told.
		if _, void := value.Underlying(t.Type).(*godwarf.VoidType); void || strings.HasPrefix(name, value.ShapePrefix) {
			return types.Typ[types.UnsafePointer]
		}
		return types.NewPointer(ts.of(t.Type))
	case *godwarf.MapType:
		return types.NewMap(ts.of(t.KeyType), ts.of(t.ElemType))
	case *godwarf.ChanType:
		return types.NewChan(types.SendRecv, ts.of(t.ElemType))
	case *godwarf.FuncType:
		return types.NewSignatureType(nil, nil, nil, nil, nil, false)
	case *godwarf.InterfaceType:
		return types.NewInterfaceType(nil, nil)
	}
	return opaque()
}

func integer(t godwarf.Type, name string, word, smallest types.BasicKind) types.Type {
	if t.Common().Name == name && t.Size() == 8 {
		return types.Typ[word]
	}
	for i, size := range []int64{1, 2, 4, 8} {
		if t.Size() == size {
			return types.Typ[smallest+types.BasicKind(i)]
		}
	}
	return opaque()
}

func sized(size, small int64, a, b types.BasicKind) types.Type {
	if size == small {
		return types.Typ[a]
	}
	return types.Typ[b]
}

// structure keeps the order of the fields: selections go by it.
func (ts *Types) structure(t *godwarf.StructType) types.Type {
	fields := make([]*types.Var, len(t.Field))
	seen := make(map[string]bool, len(fields))
	for i, f := range t.Field {
		name := f.Name[strings.LastIndexByte(f.Name, '.')+1:]
		if seen[name] || f.BitSize != 0 || name == "" {
			name = "_" // of C
		}
		seen[name] = true
		fields[i] = types.NewField(0, ts.pkg, name, ts.of(f.Type), f.Embedded)
	}
	return types.NewStruct(fields, nil)
}
