package source

import (
	"path/filepath"
	"slices"
	"strings"
)

// A moduleRoot is a directory with the go.mod of the main module.
type moduleRoot struct {
	dir      string
	replaced map[string]replacement // by module, and by module@version
	vendored map[string]bool        // module@version
}

// A replacement is what go.mod puts in the place of a module: another one, or a
// directory when it has no version.
type replacement struct{ path, version string }

func (m moduleRoot) replacement(module, version string) (replacement, bool) {
	for _, key := range []string{module + "@" + version, module} {
		if to, ok := m.replaced[key]; ok {
			return to, true
		}
	}
	return replacement{}, false
}

func (m moduleRoot) vendors(module, version string) bool {
	return m.vendored[module+"@"+version]
}

// starts returns the directories to look from: the program's own may be that of
// its module, if nothing else is.
func (f *Finder) starts() (dirs []string) {
	for _, dir := range []string{f.program.Dir, filepath.Dir(f.program.Path)} {
		if filepath.IsAbs(dir) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// findRoots looks upwards for directories of the main module.
func (f *Finder) findRoots() (roots []moduleRoot) {
	if f.program.Module == "" {
		return nil
	}
	has := func(dir string) bool {
		return slices.ContainsFunc(roots, func(r moduleRoot) bool { return r.dir == dir })
	}
	for _, dir := range f.starts() {
		for ; !has(dir); dir = filepath.Dir(dir) {
			if text, _, err := read(filepath.Join(dir, "go.mod")); err == nil {
				if module, replaced := parseMod(text, dir); module == f.program.Module {
					roots = append(roots, moduleRoot{dir, replaced, readVendored(dir)})
					break
				}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return roots
}

// parseMod reads the module's path and what is replaced from a go.mod. It has to
// understand only what the go command has accepted: the rest is left out.
func parseMod(text, dir string) (module string, replaced map[string]replacement) {
	replaced = make(map[string]replacement)
	block := ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		for i, word := range words {
			words[i] = strings.Trim(word, "\"`")
		}
		switch {
		case len(words) == 0:
			continue
		case words[0] == ")":
			block = ""
			continue
		case words[len(words)-1] == "(":
			block = words[0]
			continue
		case block != "":
			words = slices.Insert(words, 0, block)
		}
		switch words[0] {
		case "module":
			module = words[len(words)-1]
		case "replace":
			if from, to, ok := parseReplace(words[1:], dir); ok {
				replaced[from] = to
			}
		}
	}
	return module, replaced
}

// parseReplace reads MODULE [VERSION] => MODULE VERSION or a directory.
func parseReplace(words []string, dir string) (from string, to replacement, ok bool) {
	i := slices.Index(words, "=>")
	if i < 1 || i > 2 || i == len(words)-1 {
		return "", to, false
	}
	from = strings.Join(words[:i], "@")
	switch words = words[i+1:]; {
	case len(words) > 1:
		to = replacement{words[0], words[1]}
	case filepath.IsAbs(words[0]):
		to.path = words[0]
	default:
		to.path = filepath.Join(dir, words[0])
	}
	return from, to, true
}

// readVendored returns the modules that a vendor directory has copies of, of the
// version that they are.
func readVendored(dir string) map[string]bool {
	text, _, err := read(filepath.Join(dir, "vendor", "modules.txt"))
	if err != nil {
		return nil
	}
	vendored := make(map[string]bool)
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) >= 3 && words[0] == "#" {
			vendored[words[1]+"@"+words[2]] = true
		}
	}
	return vendored
}
