package source

import (
	"path/filepath"
	"strings"
)

// With -trimpath the line table has no directories of the machine that built the
// program:
//
//	runtime/proc.go                    the standard library, below GOROOT/src
//	github.com/Foo/bar@v1.2.3/x.go     a module, with its upper case letters
//	example.com/app/cmd/app/main.go    the main module
//	./main.go                          files named to the go command, no module
//
// A module can be in the module cache, where "Foo" is "!foo", in a vendor
// directory, or where the go.mod of the main module replaces it.

// trimmed returns where the file of a path without directories of a machine may
// be.
func (f *Finder) trimmed(path string) (list []place) {
	if !filepath.IsLocal(path) {
		return nil
	}
	if f.program.Module != "" {
		list = append(list, f.inMain(path)...)
	}
	if module, rest, ok := strings.Cut(path, "@"); ok {
		version, file, _ := strings.Cut(rest, "/")
		return append(list, f.inModules(module, version, file)...)
	}
	if f.program.Module == "" && !strings.Contains(path, "/") {
		for _, dir := range f.starts() {
			list = append(list, place{path: filepath.Join(dir, path)})
		}
		return list
	}
	// No package of the standard library has a dot in its first element, but what
	// it has vendored.
	if first, _, sub := strings.Cut(path, "/"); sub && (!strings.Contains(first, ".") || first == "vendor") {
		list = append(list, f.inGoroot(path)...)
	}
	for _, root := range f.roots() {
		list = append(list, place{path: filepath.Join(root.dir, path)}, place{path: filepath.Join(root.dir, "vendor", path)})
	}
	for _, dir := range gopath() {
		list = append(list, place{path: filepath.Join(dir, "src", path)})
	}
	return list
}

// inMain returns where a file of the main module may be. Its version is one of
// the directory it was built in, or stands for none, or it was installed from
// the module cache.
func (f *Finder) inMain(path string) (list []place) {
	rest, ok := strings.CutPrefix(path, f.program.Module)
	if !ok {
		return nil
	}
	version, file, ok := strings.Cut(rest, "/")
	if !ok || version != "" && version[0] != '@' {
		return nil
	}
	for _, root := range f.roots() {
		list = append(list, place{path: filepath.Join(root.dir, file)})
	}
	return list
}

// inModules returns where a file of another module may be.
func (f *Finder) inModules(module, version, file string) []place {
	list := []place{inCache(module, version, file)}
	list[0].own = true // what follows is told by a go.mod, which may be anybody's
	for _, root := range f.roots() {
		if to, ok := root.replacement(module, version); ok && to.version == "" {
			list = append(list, place{path: filepath.Join(to.path, file)})
		} else if ok {
			list = append(list, inCache(to.path, to.version, file))
		}
		if root.vendors(module, version) {
			list = append(list, place{path: filepath.Join(root.dir, "vendor", module, file)})
		}
	}
	return list
}

// inCache returns the place of a file in the module cache.
func inCache(module, version, file string) place {
	return place{
		path: filepath.Join(moduleCache(), escape(module)+"@"+escape(version), file),
		kept: true,
	}
}

// inModuleCache reports whether a file belongs to a version of a module, which
// never changes.
func inModuleCache(path string) bool {
	rest, ok := below(path, moduleCache())
	if !ok {
		_, rest, ok = strings.Cut(path, "/pkg/mod/")
	}
	return ok && strings.Contains(rest, "@v")
}

// moved returns where a file of the standard library or of the module cache of
// another machine is on this one.
func (f *Finder) moved(path string) (list []place) {
	if !filepath.IsAbs(path) {
		return nil
	}
	if root := f.program.GOROOT; root != "" {
		if file, ok := below(path, filepath.Join(root, "src")); ok {
			list = f.inGoroot(file)
		}
	}
	if _, file, ok := strings.Cut(path, "/pkg/mod/"); ok && strings.Contains(file, "@") {
		list = append(list, place{path: filepath.Join(moduleCache(), file), kept: true, own: true})
	}
	return list
}

// escape writes a module's path or version as the module cache has it, which
// must do with file systems that do not tell upper case from lower.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
