package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A progKind says what PROG on a command line is.
type progKind uint8

const (
	aBinary  progKind = iota + 1
	aDir              // a package directory
	aFile             // a .go file
	aPackage          // an import path, or nothing at all: go list will tell
)

// classify finds what prog names, the way strace does: a name with a slash is a
// path, another is looked for in $PATH; and then, for the sake of `main.go` and
// `.`, in the current directory. The string is the path that was found.
func classify(prog string) (progKind, string, error) {
	if !strings.Contains(prog, "/") {
		if path, err := lookPath(prog); err == nil {
			return aBinary, path, nil
		}
	}
	info, err := os.Stat(prog)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if isLocal(prog) || strings.HasSuffix(prog, ".go") {
			return 0, "", notFound(fmt.Errorf("%s: no such file or directory", quote(prog)))
		}
		return aPackage, prog, nil
	case err != nil:
		return 0, "", notStarted(err)
	case info.IsDir():
		return aDir, prog, nil
	case strings.HasSuffix(prog, ".go"):
		return aFile, prog, nil
	case info.Mode()&0o111 == 0:
		err := fmt.Errorf("%s: not executable", quote(prog))
		return 0, "", notStarted(withHint(err, "chmod +x "+quote(prog)))
	}
	path, err := filepath.Abs(prog)
	return aBinary, path, err
}

// lookPath is exec.LookPath without its opinion on the current directory.
func lookPath(name string) (string, error) {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return filepath.Abs(path)
		}
	}
	return "", fs.ErrNotExist
}

// isLocal reports whether a name can only be a path of a file.
func isLocal(name string) bool {
	return strings.HasPrefix(name, "/") || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
}

func isFile(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
