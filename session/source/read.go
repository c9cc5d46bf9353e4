package source

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// maxSize bounds what is read of a file. The greatest one of the standard library
// has 4 MB, a table for tests.
const maxSize = 8 << 20

// maxTotal bounds what is read for one program.
const maxTotal = 64 << 20

var (
	errNotRegular = errors.New("is not a regular file")
	errNotText    = errors.New("is not text")
	errNotSource  = errors.New("is not read: it is not named as source files are (.go and the like)")
)

// read returns the text of a file and when it changed. The path may be anything
// that a hostile program calls its source. So nothing but a regular file is
// opened, since opening a device can do things and opening a pipe can wait, and
// no more is read than the size it tells: files of the kernel which wait for
// something to say tell none.
func read(path string) (text string, changed time.Time, err error) {
	file, err := openFile(path)
	if err != nil {
		return "", time.Time{}, cause(path, err)
	}
	defer file.Close()
	return readAll(path, file)
}

// readSource does so for a file that a program calls its source, as a user. Nothing is
// read that is not named as source, nor is when all links are followed.
func readSource(path string, u *User) (text string, changed time.Time, err error) {
	file, err := u.open(path)
	if err != nil {
		return "", time.Time{}, cause(path, err)
	}
	defer file.Close()
	if name, err := nameOf(file); err != nil || !isSource(name) {
		return "", time.Time{}, fmt.Errorf("%s: %w", path, errNotSource)
	}
	return readAll(path, file)
}

// isSource reports whether a file is named as those are that compilers read, or that
// tools make them from. So is no file of passwords, keys or the like.
func isSource(path string) bool {
	switch filepath.Ext(path) {
	case ".go", ".s", ".S", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".m", ".f", ".F", ".swig", ".swigcxx",
		".y", ".l", ".rl", ".re", ".peg", ".qtpl", ".templ", ".gop", ".proto":
		return true
	}
	return false
}

// openFile opens a regular file.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = check(path, info)
	}
	if err != nil {
		return nil, err
	}
	// It can have been exchanged since.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err == nil {
		err = check(path, info)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func readAll(path string, file *os.File) (text string, changed time.Time, err error) {
	info, err := file.Stat()
	if err != nil {
		return "", time.Time{}, cause(path, err)
	}
	var b strings.Builder
	if _, err = io.Copy(&b, io.LimitReader(file, info.Size())); err != nil {
		return "", time.Time{}, cause(path, err)
	}
	if text = b.String(); text == "" || strings.IndexByte(text, 0) >= 0 {
		return "", time.Time{}, fmt.Errorf("%s: %w", path, errNotText)
	}
	return text, info.ModTime(), nil
}

// check refuses what is no source file.
func check(path string, info os.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w", path, errNotRegular)
	case info.Size() > maxSize:
		return fmt.Errorf("%s: has %d MB, more than the %d that are read", path, info.Size()>>20, maxSize>>20)
	}
	return nil
}

// cause leaves out the name of the system call.
func cause(path string, err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("%s: %w", path, e.Err)
	}
	return err
}
