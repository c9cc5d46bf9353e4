package main

import (
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Of the real-time signals, the libraries of C take the first three for
// themselves and Go leaves them those; one gets the engine out of a wait. It is
// caught as well, and means nothing to anybody else.
const (
	firstRealTime  = 35
	lastRealTime   = 64
	engineRealTime = 40

	realTimeBase = 34 // SIGRTMIN, as programs in C see it
)

// meant are signals that somebody sends to a program because of what it does.
// Those sent to gtrace are also meant for a target that it has launched.
var meant = []os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGTERM,
	syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPWR,
}

// deadly are the other signals that end a process unless it catches them. Faults
// are among them: that gtrace makes one is no signal to it but a panic, that
// somebody sends one is. SIGPROF is not: Go's runtime keeps it to itself.
var deadly = []os.Signal{
	syscall.SIGILL, syscall.SIGTRAP, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV,
	syscall.SIGSTKFLT, syscall.SIGSYS, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGXCPU,
	syscall.SIGIO,
}

// harmless are signals that must not end gtrace because the write that has
// caused them returns an error, which tells more.
var harmless = []os.Signal{syscall.SIGPIPE, syscall.SIGXFSZ}

// stopping are signals that stop a process. While gtrace stands still, the
// target does at its next probe.
var stopping = []os.Signal{syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU}

// ending returns the signals that end a trace. Those that were ignored when
// gtrace started stay ignored, as by nohup; but a shell without job control
// starts what runs in the background with SIGINT and SIGQUIT ignored, and who
// sends one by name means it.
func ending() []os.Signal {
	all := slices.Concat(meant, deadly)
	for n := syscall.Signal(firstRealTime); n <= lastRealTime; n++ {
		if n != engineRealTime {
			all = append(all, n)
		}
	}
	return slices.DeleteFunc(all, func(sig os.Signal) bool {
		return sig != syscall.SIGINT && sig != syscall.SIGQUIT && sig != syscall.SIGTERM && signal.Ignored(sig)
	})
}

// isMeant reports whether a signal sent to gtrace concerns a launched target.
func isMeant(sig os.Signal) bool {
	s, ok := sig.(syscall.Signal)
	return slices.Contains(meant, sig) || ok && s >= firstRealTime
}

// signalName names a signal as kill -l does.
func signalName(sig os.Signal) string {
	s, ok := sig.(syscall.Signal)
	if !ok {
		return fmt.Sprint(sig)
	}
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("SIGRTMIN+%d", int(s)-realTimeBase)
}

// signalNumber is the number of a signal with a name as signalName returns it;
// 0 for others.
func signalNumber(name string) int {
	if n, ok := strings.CutPrefix(name, "SIGRTMIN+"); ok {
		if n, err := strconv.Atoi(n); err == nil {
			return realTimeBase + n
		}
	}
	return int(unix.SignalNum(name))
}

// ignoreReserved makes gtrace outlive the signals that Go does not catch because
// libraries of C may use them, unless one does. It must come after a target was
// launched, which would inherit it.
func ignoreReserved() {
	const sigDefault, sigIgnore = 0, 1
	type sigaction struct{ handler, flags, restorer, mask uintptr }
	change := func(sig uintptr, set, old *sigaction) unix.Errno {
		_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, sig,
			uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
		return errno
	}
	for sig := uintptr(32); sig < firstRealTime; sig++ {
		var old sigaction
		if change(sig, nil, &old) == 0 && old.handler == sigDefault {
			_ = change(sig, &sigaction{handler: sigIgnore}, nil)
		}
	}
}
