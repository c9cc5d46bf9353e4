// Filter runs a command under a seccomp filter that refuses the system call
// ptrace, as old containers do; or the one whose number stands before the command.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	// The filter is that of the thread, which the command takes over.
	runtime.LockOSThread()
	call, command := uint32(unix.SYS_PTRACE), os.Args[1:]
	if n, err := strconv.ParseUint(command[0], 10, 32); err == nil {
		call, command = uint32(n), command[1:]
	}
	if err := refuse(call); err != nil {
		fmt.Fprintln(os.Stderr, "filter:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "filter:", syscall.Exec(command[0], command, os.Environ()))
	os.Exit(1)
}

func refuse(call uint32) error {
	const number = 0 // of the system call, in what the filter looks at
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0)
}
