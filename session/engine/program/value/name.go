package value

import (
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// TypeName returns the name of t as Go source writes it in a file that imports
// every package: []main.User, map[string]http.Header, func(int) error, any.
// A package is called by the last element of its path, without a version.
func TypeName(t godwarf.Type) string {
	return new(Reader).sourceName(rawName(t))
}

// rawName returns the name the linker gave t, or one composed of the types it
// consists of when it gave none.
func rawName(t godwarf.Type) string { return composedName(t, 0) }

func composedName(t godwarf.Type, depth int) string {
	if t == nil || depth > 20 {
		return "?"
	}
	depth++
	switch t := t.(type) {
	case *godwarf.QualType:
		return composedName(t.Type, depth)
	case *godwarf.ParametricType: // named .param0
		return composedName(t.Type, depth)
	}
	if name := t.Common().Name; name != "" {
		return name
	}
	switch t := t.(type) {
	case *godwarf.PtrType:
		if isVoid(t.Type) {
			return "unsafe.Pointer"
		}
		return "*" + composedName(t.Type, depth)
	case *godwarf.ArrayType:
		return "[" + strconv.FormatInt(max(t.Count, 0), 10) + "]" + composedName(t.Type, depth)
	case *godwarf.SliceType:
		return "[]" + composedName(t.ElemType, depth)
	case *godwarf.MapType:
		return "map[" + composedName(t.KeyType, depth) + "]" + composedName(t.ElemType, depth)
	case *godwarf.ChanType:
		return "chan " + composedName(t.ElemType, depth)
	case *godwarf.StructType:
		return t.Kind
	case *godwarf.FuncType:
		return "func()"
	case *godwarf.EnumType:
		return "enum"
	}
	return "?"
}

// sourceName turns the linker's name of a type into the one of Go source.
//
// The linker writes import paths where source writes package names, with their
// last element's dots escaped; qualifies unexported fields and methods with
// their package; and marks types local to a function with ·N. What generic code
// was compiled for are shapes of types, go.shape.int: they keep that name, for
// what the type is, is not known.
func (r *Reader) sourceName(raw string) string {
	if isSimple(raw) {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c == '"': // a struct tag
			n := quoted(raw[i:])
			b.WriteString(raw[i : i+n])
			i += n
		case strings.HasPrefix(raw[i:], "..."):
			b.WriteString("...")
			i += 3
		case strings.HasPrefix(raw[i:], "interface {}"):
			b.WriteString("any")
			i += len("interface {}")
		case isWord(c):
			n := 1
			for i+n < len(raw) && isWord(raw[i+n]) {
				n++
			}
			b.WriteString(r.word(raw[i:i+n], raw[i+n:], b.String()))
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// word returns the text of a possibly qualified name that stands between after
// and before.
func (r *Reader) word(w, after, before string) string {
	if i := strings.Index(w, "·"); i >= 0 {
		w = w[:i]
	}
	if w == "uint8" && strings.HasSuffix(before, "]") {
		return "byte"
	}
	member := strings.HasSuffix(before, "{ ") || strings.HasSuffix(before, "; ")
	if member && isMember(after) {
		return w[strings.LastIndexByte(w, '.')+1:]
	}
	slash := strings.LastIndexByte(w, '/')
	dot := strings.IndexByte(w[slash+1:], '.')
	if dot < 0 {
		return w
	}
	dot += slash + 1
	return r.packageName(w[:dot]) + w[dot:]
}

// isMember tells whether the name before after is that of a field, which its
// type follows, or of a method; otherwise it is that of an embedded type.
func isMember(after string) bool {
	if strings.HasPrefix(after, "(") {
		return true
	}
	return len(after) > 2 && after[0] == ' ' && after[1] != '"' && after[1] != '}'
}

// packageName returns the name of the package that stands at an import path as
// the linker writes it.
func (r *Reader) packageName(path string) string {
	path = strings.ReplaceAll(path, "%2e", ".")
	if r.debug != nil {
		if name, ok := r.debug.Packages[path]; ok {
			return name
		}
	}
	dir, last := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, last = path[:i], path[i+1:]
	}
	if isVersion(last) && dir != "" {
		return dir[strings.LastIndexByte(dir, '/')+1:]
	}
	if i := strings.LastIndex(last, ".v"); i > 0 && isVersion(last[i+1:]) {
		return last[:i] // gopkg.in/yaml.v3
	}
	return last
}

func isVersion(s string) bool {
	if len(s) < 2 || s[0] != 'v' {
		return false
	}
	return strings.Trim(s[1:], "0123456789") == ""
}

// isSimple tells whether a linker's name is certainly that of source, too.
func isSimple(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '*' && c != '_' {
			return false
		}
	}
	return true
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '_' || c == '.' || c == '/' || c == '%' || c == '~' || c == '+' || c == '-' || c >= 0x80
}

// quoted returns the length of the quoted string at the begin of s.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}
