package events

import "strings"

// Names are the short names of the packages of a program, by their import paths.
// Text output calls a function by its package's name, as source does, where that
// name is one package's only: store.Load for example.com/shop/store.Load. A nil
// *Names shortens nothing.
type Names struct {
	short map[string]string // by import path, as the linker writes it
	owner map[string]string // by name, the one path that it stands for
}

// taken is the owner of a name that several packages have.
const taken = ""

// Add takes note of a package of the program; an empty name is not known.
func (n *Names) Add(path, name string) {
	if _, known := n.short[path]; known || name == "" || isHidden(path) {
		return
	}
	if n.short == nil {
		n.short, n.owner = map[string]string{}, map[string]string{}
	}
	n.short[path] = name
	if _, also := n.owner[name]; also {
		path = taken
	}
	n.owner[name] = path
}

// isHidden reports whether a package is one of the standard library's own, which
// no other code can import: it does not take a name away from one that can be.
func isHidden(path string) bool {
	return strings.HasPrefix(path, "internal/") || strings.HasPrefix(path, "vendor/") || strings.HasPrefix(path, "crypto/internal/")
}

// split splits the name of a function behind its package, which it shortens.
func (n *Names) split(name string) (pkg, rest string) {
	path := PackagePath(name)
	rest = name[len(path):]
	if n == nil {
		return path, rest
	}
	short, ok := n.short[path]
	if !ok || n.owner[short] != path {
		return path, rest
	}
	return short, rest
}

// Shorten returns the name of a function as text output prints it.
func (n *Names) Shorten(name string) string {
	pkg, rest := n.split(name)
	if len(pkg)+len(rest) == len(name) {
		return name
	}
	return pkg + rest
}

// PackagePath returns the import path with which the name of a function begins,
// or nothing: slashes and dots of type arguments and receivers are not part of it.
func PackagePath(name string) string {
	end := len(name)
	if i := strings.IndexAny(name, "[("); i >= 0 {
		end = i
	}
	base := strings.LastIndexByte(name[:end], '/') + 1
	dot := strings.IndexByte(name[base:], '.')
	if dot < 0 {
		return ""
	}
	return name[:base+dot]
}
