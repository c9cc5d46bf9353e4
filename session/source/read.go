package source

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"
)

// maxSize bounds what is read of a file. The greatest one of the standard library
// has 4 MB, a table for tests.
const maxSize = 8 << 20

var (
	errNotRegular = errors.New("is not a regular file")
	errNotText    = errors.New("is not text")
)

// read returns the text of a file and when it changed. The path may be anything
// that a hostile program calls its source. So nothing but a regular file is
// opened, since opening a device can do things and opening a pipe can wait, and
// no more is read than the size it tells: files of the kernel which wait for
// something to say tell none.
func read(path string) (text string, changed time.Time, err error) {
	info, err := os.Stat(path)
	if err == nil {
		err = check(path, info)
	}
	if err != nil {
		return "", time.Time{}, cause(path, err)
	}
	// It can have been exchanged since.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return "", time.Time{}, cause(path, err)
	}
	defer file.Close()
	if info, err = file.Stat(); err == nil {
		err = check(path, info)
	}
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
