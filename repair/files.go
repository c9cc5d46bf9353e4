package repair

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func (m *mapping) id() fileID { return fileID{m.dev, m.inode, m.path} }

// isProgram reports whether a mapping is of the program that the process
// executes.
func (p *Process) isProgram(m *mapping) bool {
	if m.path != p.program && m.fileName() != p.program {
		return false
	}
	// A file may have taken the place of the program, and be mapped too. Some
	// file systems tell another device in maps than for the file, and then
	// perhaps another inode.
	info, err := os.Stat(p.dir + "/exe")
	return err != nil || m.names(info) || m.dev != device(info)
}

// open returns the file that is mapped, and reads its headers once.
func (p *Process) open(m *mapping) *openFile {
	f := p.files[m.id()]
	if f == nil {
		f = &openFile{}
		p.files[m.id()] = f
		f.err = p.read(f, m)
	}
	return f
}

func (p *Process) read(f *openFile, m *mapping) error {
	var err error
	if f.file, err = p.find(m); err != nil {
		return err
	}
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if uint64(info.Size()) <= m.offset {
		return fmt.Errorf("it was cut short to %d bytes after it was mapped", info.Size())
	}
	f.object, err = newObject(f.file, uint64(info.Size()))
	return err
}

// find opens the very file that is mapped, which may be deleted by now. The
// link to the program leads there always; those to other mapped files are for
// root. The path may meanwhile be that of another file.
func (p *Process) find(m *mapping) (*os.File, error) {
	if p.isProgram(m) {
		return openRegular(p.dir + "/exe")
	}
	if f, err := openRegular(fmt.Sprintf("%s/map_files/%x-%x", p.dir, m.start, m.end)); err == nil {
		return f, nil
	}
	f, err := openRegular(p.dir + "/root" + m.fileName())
	if err == nil {
		if info, serr := f.Stat(); serr == nil && m.names(info) {
			return f, nil
		}
		_ = f.Close()
	}
	deleted := strings.HasSuffix(m.path, " (deleted)")
	switch {
	case deleted && isMemory(m.path):
		return nil, errNotELF
	case deleted:
		return nil, errors.New("it was deleted or replaced after it was mapped, and only root can still open it")
	case err == nil:
		return nil, errors.New("another file has its path, and only root can still open the one that is mapped")
	}
	return nil, err
}

// isMemory reports whether a path is one that the kernel made up for memory that
// never was a file on disk.
func isMemory(path string) bool {
	for _, prefix := range []string{"/memfd:", "/anon_hugepage", "/dev/zero", "/SYSV"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// openRegular opens a file, but nothing where opening has an effect.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errNotELF
	}
	return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0) // it may be another one by now
}

// names reports whether the file is the one that is mapped.
func (m *mapping) names(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Ino == m.inode && device(info) == m.dev
}

// device is a file's device as maps writes it.
func device(info os.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	dev := uint64(st.Dev)
	return fmt.Sprintf("%02x:%02x", unix.Major(dev), unix.Minor(dev))
}
