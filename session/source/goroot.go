package source

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A goroot is a directory of the standard library.
type goroot struct {
	dir     string
	version string // as "go1.26.8"
}

// findGoroot looks for a standard library of the version that the program was
// built with, else for the one that would be used here. The go command is not
// asked: it may be another user's, or start to download a toolchain. It finds
// its own directory by where it lies, too.
func (f *Finder) findGoroot() (first goroot) {
	want := f.version()
	dirs := []string{setting("GOROOT")}
	if command, err := exec.LookPath("go"); err == nil {
		if command, err = filepath.EvalSymlinks(command); err == nil {
			dirs = append(dirs, filepath.Dir(filepath.Dir(command)))
		}
	}
	if filepath.IsLocal(want) {
		toolchain := "toolchain@v0.0.1-" + want + "." + runtime.GOOS + "-" + runtime.GOARCH
		dirs = append(dirs, filepath.Join(moduleCache(), "golang.org", toolchain))
		if home, err := os.UserHomeDir(); err == nil {
			dirs = append(dirs, filepath.Join(home, "sdk", want))
		}
	}
	dirs = append(dirs, "/usr/local/go", "/usr/lib/go")
	for _, dir := range dirs {
		found := goroot{dir, versionOf(dir)}
		switch {
		case found.version == "":
		case found.version == want:
			return found
		case first.dir == "":
			first = found
		}
	}
	return first
}

// version returns the Go version of the program without experiments.
func (f *Finder) version() string {
	version, _, _ := strings.Cut(f.program.Go, " ")
	return version
}

// versionOf returns the version of the standard library in a directory, empty if
// there is none.
func versionOf(dir string) string {
	if !filepath.IsAbs(dir) {
		return ""
	}
	text, _, err := read(filepath.Join(dir, "VERSION"))
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(text, "\n")
	if first = strings.TrimSpace(first); !strings.HasPrefix(first, "go") || strings.ContainsAny(first, " :") {
		return "" // the program may have led to any file
	}
	return first
}

// inGoroot returns the place of a file of the standard library, named from its
// src.
func (f *Finder) inGoroot(file string) []place {
	root := f.goroot()
	if root.dir == "" {
		return nil
	}
	return []place{f.compare(place{path: filepath.Join(root.dir, "src", file), own: true}, root)}
}

// compare says whether a file of a standard library is that of the program.
func (f *Finder) compare(p place, root goroot) place {
	switch want := f.version(); want {
	case "":
	case root.version:
		p.kept = true
	default:
		p.doubt = fmt.Sprintf("is of %s, the program of %s", root.version, want)
	}
	return p
}

// setting returns a variable as the go command has it: from the environment, or
// from the file that "go env -w" writes.
func setting(name string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	file := os.Getenv("GOENV")
	if file == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		file = filepath.Join(dir, "go", "env")
	}
	if !filepath.IsAbs(file) { // "off"
		return ""
	}
	text, _, err := read(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, "="); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// gopath returns the directories of GOPATH.
func gopath() []string {
	if list := filepath.SplitList(setting("GOPATH")); len(list) > 0 {
		return list
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	return []string{filepath.Join(home, "go")}
}

// moduleCache returns the directory of the module cache. Without one it is some
// directory that does not exist.
func moduleCache() string {
	if dir := setting("GOMODCACHE"); dir != "" {
		return dir
	}
	for _, dir := range gopath() {
		return filepath.Join(dir, "pkg", "mod")
	}
	return "/nonexistent"
}
