//go:build !linux

package source

import "os"

func (u *User) openAs(path string) (*os.File, error) { return openFile(path) }

func nameOf(file *os.File) (string, error) { return file.Name(), nil }
