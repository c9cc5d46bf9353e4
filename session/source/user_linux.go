package source

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"unsafe"
)

// errOther says why a file cannot be opened as another user.
var errOther = errors.New("is not read, as it would be with more rights than the program has")

func (u *User) openAs(path string) (file *os.File, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The thread is never unlocked, so it ends with what it has given up.
		runtime.LockOSThread()
		if !u.become() {
			err = fmt.Errorf("%s: %w", path, errOther)
			return
		}
		if file, err = openFile(path); errors.Is(err, syscall.EACCES) {
			err = fmt.Errorf("%s: the user as whom the program runs, uid %d, may not read it", path, u.UID)
		}
	}()
	<-done
	return file, err
}

// become gives up, for the calling thread alone, all rights to files that the user
// does not have, and reports whether it has. The user cannot send the thread signals
// by that, as he could after setuid.
func (u *User) become() bool {
	groups := make([]uint32, len(u.Groups), len(u.Groups)+1)
	for i, g := range u.Groups {
		groups[i] = uint32(g)
	}
	_, _, refused := syscall.RawSyscall(syscall.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(unsafe.SliceData(groups))), 0)
	if refused != 0 && !u.hasGroups() {
		return false
	}
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSGID, uintptr(u.GID), 0, 0)
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(u.UID), 0, 0)
	// Both tell only what was before.
	const none = ^uintptr(0)
	gid, _, _ := syscall.RawSyscall(syscall.SYS_SETFSGID, none, 0, 0)
	uid, _, _ := syscall.RawSyscall(syscall.SYS_SETFSUID, none, 0, 0)
	return int(uint32(uid)) == u.UID && int(uint32(gid)) == u.GID && dropCapabilities()
}

// hasGroups reports whether gtrace is in no other groups than the user.
func (u *User) hasGroups() bool {
	own, err := syscall.Getgroups()
	return err == nil && !slices.ContainsFunc(own, func(g int) bool { return g != u.GID && !slices.Contains(u.Groups, g) })
}

// dropCapabilities makes the calling thread have no effective capabilities.
func dropCapabilities() bool {
	header := struct {
		version uint32
		pid     int32
	}{version: 0x20080522}
	var sets [2]struct{ effective, permitted, inheritable uint32 }
	if _, _, err := syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets)), 0); err != 0 {
		return false
	}
	sets[0].effective, sets[1].effective = 0, 0
	_, _, err := syscall.RawSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets)), 0)
	return err == 0
}

// nameOf returns the path that an open file has, whatever links have led to it.
func nameOf(file *os.File) (string, error) {
	return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
}
