package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
		return 0, "", notStarted(notExecutable(prog, info))
	}
	path, err := filepath.Abs(prog)
	return aBinary, path, err
}

// notExecutable is the error for a file that nobody may execute.
func notExecutable(prog string, info fs.FileInfo) error {
	_, err := buildinfo.ReadFile(prog)
	switch st, ok := info.Sys().(*syscall.Stat_t); {
	case err != nil:
		return withHint(fmt.Errorf("%s: no program", quote(prog)), "PROG is a Go binary, a package directory, a .go file or an import path")
	case ok && (os.Geteuid() == 0 || int(st.Uid) == os.Geteuid()):
		return withHint(fmt.Errorf("%s: not executable", quote(prog)), "chmod +x "+quote(prog))
	}
	return withHint(fmt.Errorf("%s: not executable", quote(prog)), "a copy of your own can be made so")
}

// isScript reports whether a file names the program that is to run it.
func isScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 2)
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == "#!"
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
