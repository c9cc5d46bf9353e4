package output

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What others leave in a directory where they can write, be it everybody's or their
// own, must not choose where a trace goes, least of all one that root makes: a
// symbolic link would make gtrace overwrite any file, and a file or a pipe that was
// there first would hand its owner the trace. So a path is walked here, one name at a time,
// and each thing is judged by the descriptor that is then used: nothing can be
// exchanged in between. The kernel knows the same rules as fs.protected_*, which
// may be off.

// traceMode is the mode of a new file: values may be secrets.
const traceMode = 0o600

// Open opens the file at path for writing as this process, and creates it if need
// be. The error for what others could have prepared is a [*PlantedError].
func Open(path string, appending bool) (*os.File, error) {
	return openFile(path, appending, os.Geteuid(), sudoUID())
}

// OpenTrusted opens the file at path for reading as this process, unless others could
// have written it: then the error is a [*PlantedError].
func OpenTrusted(path string) (*os.File, error) {
	return openConfig(path, os.Geteuid(), sudoUID())
}

// openFile opens the file at path for writing, and creates it if need be. The
// euid is that of this process, sudo the user who runs it by sudo, or 0.
func openFile(path string, appending bool, euid, sudo int) (*os.File, error) {
	w := walk{path: path, euid: uint32(euid), sudo: uint32(sudo), flags: unix.O_WRONLY}
	if appending {
		w.flags |= unix.O_APPEND
	}
	return w.openSteady()
}

// openConfig opens the file at path for reading, if only root, who runs gtrace, or
// who does so by sudo can have written it. Sudo is 0 without sudo.
func openConfig(path string, euid, sudo int) (*os.File, error) {
	w := walk{path: path, euid: uint32(euid), sudo: uint32(sudo), flags: unix.O_RDONLY}
	return w.openSteady()
}

// sudoUID is the user who runs gtrace by sudo, or 0.
func sudoUID() int {
	uid, err := strconv.Atoi(os.Getenv("SUDO_UID"))
	if err != nil || uid < 0 || os.Geteuid() != 0 {
		return 0
	}
	return uid
}

// openSteady walks the path until it stays the same meanwhile.
func (w *walk) openSteady() (*os.File, error) {
	for range maxTries {
		f, err := w.open()
		// Something was there that is gone, or the other way round.
		if !errors.Is(err, errChanged) {
			return f, err
		}
	}
	return nil, w.fail(errChanged)
}

const (
	maxTries = 100
	maxLinks = 40 // as the kernel has it
)

var errChanged = errors.New("it comes and goes")

// A walk is one way along a path.
type walk struct {
	path  string
	euid  uint32
	sudo  uint32 // who runs this by sudo; 0: nobody
	flags int

	dir   int      // the directory reached so far
	rest  []string // names to go from there
	links int      // symbolic links that may still be followed
}

func (w *walk) fail(err error) error {
	return &os.PathError{Op: "open", Path: w.path, Err: err}
}

// open walks the path once.
func (w *walk) open() (f *os.File, err error) {
	if w.path == "" {
		return nil, w.fail(unix.ENOENT)
	}
	if w.dir, err = openPath(unix.AT_FDCWD, ".", 0); err != nil {
		return nil, w.fail(err)
	}
	defer func() { unix.Close(w.dir) }()
	w.rest, w.links = nil, maxLinks
	for err = w.turn(w.path); f == nil && err == nil; f, err = w.step() {
		if len(w.rest) == 0 {
			return nil, w.fail(unix.EISDIR)
		}
	}
	return f, err
}

// turn goes along another path first.
func (w *walk) turn(path string) error {
	w.rest = append(names(path), w.rest...)
	if !strings.HasPrefix(path, "/") {
		return nil
	}
	root, err := openPath(unix.AT_FDCWD, "/", 0)
	if err != nil {
		return w.fail(err)
	}
	w.enter(root)
	return nil
}

func (w *walk) enter(dir int) {
	unix.Close(w.dir)
	w.dir = dir
}

// step goes to the next name. It returns a file when that is the last.
func (w *walk) step() (*os.File, error) {
	name := w.rest[0]
	w.rest = w.rest[1:]
	fd, err := openPath(w.dir, name, unix.O_NOFOLLOW)
	if err == unix.ENOENT && len(w.rest) == 0 && !w.reading() {
		return w.create(name)
	}
	if err != nil {
		return nil, w.fail(err)
	}
	to, err := w.link(fd, name)
	if err != nil || to.path != "" || to.magic {
		unix.Close(fd)
	}
	switch {
	case err != nil:
		return nil, err
	case to.path != "":
		return nil, w.turn(to.path)
	case to.magic:
		if fd, err = openPath(w.dir, name, 0); err != nil {
			return nil, w.fail(err)
		}
	}
	if len(w.rest) > 0 {
		w.enter(fd)
		return nil, nil
	}
	defer unix.Close(fd)
	return w.use(fd, name)
}

// names splits a path. What ends in a slash must be a directory.
func names(path string) []string {
	parts := strings.Split(path, "/")
	var list []string
	for i, name := range parts {
		if name == "" && (i < len(parts)-1 || len(list) == 0) {
			continue
		}
		if name == "" {
			name = "."
		}
		list = append(list, name)
	}
	return list
}

// openPath opens a name without touching what it names.
func openPath(dir int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_CLOEXEC|flags, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// A link is where a symbolic link leads.
type link struct {
	path  string // empty: it is none
	magic bool   // only the kernel knows
}

// link reads what fd is, if it is a symbolic link, and refuses one of another user,
// even in a directory of his own: it may lead to what he could not write to himself.
func (w *walk) link(fd int, name string) (link, error) {
	var at unix.Stat_t
	if err := unix.Fstat(fd, &at); err != nil {
		return link{}, w.fail(err)
	}
	if at.Mode&unix.S_IFMT != unix.S_IFLNK {
		return link{}, nil
	}
	// Those of /proc nobody has planted, and what they say is no path.
	var where unix.Statfs_t
	if err := unix.Fstatfs(w.dir, &where); err == nil && where.Type == unix.PROC_SUPER_MAGIC {
		return link{magic: true}, nil
	}
	if w.reading() && !w.trusts(at.Uid) {
		return link{}, w.refuse("%s is a symbolic link of user %d, who could point it anywhere", name, at.Uid)
	}
	if !w.reading() && at.Uid != 0 && at.Uid != w.euid {
		return link{}, w.refuse("%s is a symbolic link of user %d, who could point the trace anywhere", name, at.Uid)
	}
	if w.links--; w.links < 0 {
		return link{}, w.fail(unix.ELOOP)
	}
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", buf)
	if err == nil && n == 0 {
		err = unix.ENOENT
	}
	if err != nil {
		return link{}, w.fail(err)
	}
	return link{path: string(buf[:n])}, nil
}

// use opens what fd stands for, unless others have put it there.
func (w *walk) use(fd int, name string) (*os.File, error) {
	var at, in unix.Stat_t
	if err := errors.Join(unix.Fstat(fd, &at), unix.Fstat(w.dir, &in)); err != nil {
		return nil, w.fail(err)
	}
	kind, shared := at.Mode&unix.S_IFMT, w.shared(&in)
	switch {
	case w.reading() && kind != unix.S_IFREG && kind != unix.S_IFDIR:
		return nil, w.fail(errors.New("is not a regular file"))
	case w.reading() && kind == unix.S_IFREG && !w.trusts(at.Uid):
		return nil, w.refuse("%s belongs to user %d, who would choose what is done", name, at.Uid)
	case w.reading() && kind == unix.S_IFREG && w.shared(&at):
		return nil, w.refuse("others can write to %s, and would choose what is done", name)
	case kind == unix.S_IFDIR:
		return nil, w.fail(unix.EISDIR)
	case shared && at.Uid != 0 && at.Uid != w.euid:
		return nil, w.refuse("%s belongs to user %d, in a directory where others can write: the trace would be theirs", name, at.Uid)
	case w.euid == 0 && !w.trusts(at.Uid) && !w.trusts(in.Uid):
		return nil, w.refuse("%s belongs to user %d, in a directory of user %d: the trace of root would be theirs", name, at.Uid, in.Uid)
	case kind == unix.S_IFREG && at.Nlink > 1 && (shared || in.Uid != 0 && in.Uid != w.euid):
		return nil, w.refuse("%s has other names, in a directory where others can write: it may be any file", name)
	}
	f, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(fd), w.flags, 0)
	if err != nil {
		return nil, w.fail(Cause(err))
	}
	return f, nil
}

// shared reports whether others than its owner can write to a directory, or to a
// file. For root the members of its group are others too.
func (w *walk) shared(dir *unix.Stat_t) bool {
	return dir.Mode&0o002 != 0 || w.euid == 0 && dir.Mode&0o020 != 0
}

// create makes a new file.
func (w *walk) create(name string) (*os.File, error) {
	fd, err := unix.Openat(w.dir, name, w.flags|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, traceMode)
	switch {
	case err == unix.EEXIST || err == unix.EINTR:
		return nil, errChanged
	case err != nil:
		return nil, w.fail(err)
	}
	return os.NewFile(uintptr(fd), w.path), nil
}

// reading reports whether the file is to be read. Then it decides what is done,
// and only who is trusted may have written it.
func (w *walk) reading() bool { return w.flags&unix.O_WRONLY == 0 }

func (w *walk) trusts(uid uint32) bool { return uid == 0 || uid == w.euid || uid == w.sudo }

// refuse says why others could have prepared what was found.
func (w *walk) refuse(format string, args ...any) error {
	return &PlantedError{Path: w.path, Err: w.fail(fmt.Errorf(format, args...))}
}

// A PlantedError refuses an output, or what is read, that others could have
// prepared.
type PlantedError struct {
	Path string
	Err  error
}

func (e *PlantedError) Error() string { return e.Err.Error() }
