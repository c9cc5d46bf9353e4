//go:build linux && amd64

package ptrace

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"gtrace/procstatus"
	"gtrace/session/engine"
	"gtrace/session/engine/ptrace/guard"
	"gtrace/session/engine/ptrace/proc"
)

// What keeps a process from being attached to may be over in a moment: it is in
// the midst of an exec, or the guard of a tracer that was killed is at work, on a
// machine that may be busy. Then it is tried again, for some seconds, but three times
// at least: reading a large program takes longer.
const (
	moment   = 5 * time.Second
	attempts = 3
	pause    = 5 * time.Millisecond
)

// errGuarded says that a guard is at work on a process that nobody traces.
var errGuarded = fmt.Errorf("%w: the guard of a tracer that was killed, which takes back what that has left", engine.ErrTraced)

// Attach seizes a running process, which runs on meanwhile.
func Attach(pid int) (*Engine, error) {
	deadline := time.Now().Add(moment)
	for tries := 1; ; tries++ {
		before := incarnation(pid)
		e, err := attach(pid)
		if err == nil {
			return e, nil
		}
		err = unlessTraced(pid, err)
		if tries >= attempts && time.Now().After(deadline) || !passes(pid, before, err) {
			return nil, fmt.Errorf("attach to process %d: %w", pid, unlessEnded(pid, err))
		}
		time.Sleep(pause)
	}
}

// passes reports whether the reason for which a process was refused may be over
// in a moment.
func passes(pid int, before string, err error) bool {
	switch {
	case errors.Is(err, proc.ErrReplaced), errors.Is(err, errGuarded):
		return true
	case errors.Is(err, engine.ErrPatched):
		return guard.Alive(pid) || proc.Left(pid) == 0
	case errors.Is(err, engine.ErrPermission):
		// It was allowed before: what was there for an instant is gone.
		return proc.Allowed(pid) == nil && lets(pid)
	case errors.Is(err, engine.ErrTraced):
		// One that is killed looks alive for an instant.
		if lets(pid) {
			return true
		}
		time.Sleep(4 * pause)
		return lets(pid)
	}
	return replaces(pid, before)
}

// unlessTraced returns the reason for which the kernel has refused a process, which is
// its tracer if it has one by now: that may have come a moment ago.
func unlessTraced(pid int, err error) error {
	if !errors.Is(err, engine.ErrPermission) {
		return err
	}
	if _, now := checkProcess(pid); errors.Is(now, engine.ErrTraced) {
		return now
	}
	return err
}

// unlessEnded returns the reason for which a process was refused, which is another
// when it has ended: what was read of it was gone by then.
func unlessEnded(pid int, err error) error {
	if errors.Is(err, engine.ErrNoProcess) || !exiting(strconv.Itoa(pid)) {
		return err
	}
	return fmt.Errorf("%w: it has just ended", engine.ErrNoProcess)
}

// lets reports whether the tracer of a process lets it go: it has, or is being
// killed, or is a guard.
func lets(pid int) bool {
	tracer := procstatus.Of(pid).Field("TracerPid") // a thread
	if tracer == "0" {
		return true
	}
	status, err := procstatus.In("/proc/" + tracer)
	if err != nil {
		return true
	}
	const kill = 1 << (9 - 1)
	pending, _ := status.Set("SigPnd")
	return pending&kill != 0 || exiting(tracer) || guard.Guards(status.Field("Tgid"), pid)
}

// exiting reports whether a thread has begun to end.
func exiting(tid string) bool {
	stat, err := os.ReadFile("/proc/" + tid + "/stat")
	if err != nil {
		return true
	}
	const flagsAt, exiting = 6, 4 // after the name, which may hold anything
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) <= flagsAt {
		return true
	}
	flags, _ := strconv.ParseUint(fields[flagsAt], 10, 64)
	return flags&exiting != 0
}

// incarnation tells the program that a process runs from one it runs after an
// exec, be it the same: the kernel puts both at places of their own.
func incarnation(pid int) string {
	auxv, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/auxv")
	return string(auxv)
}

// replaces reports whether a process is in the midst of an exec, or was since
// before. For that its other threads end, the first one too, whose name is the
// process's: that is a zombie until another thread takes its place.
func replaces(pid int, before string) bool {
	dir := "/proc/" + strconv.Itoa(pid)
	status, err := procstatus.In(dir)
	if err != nil {
		return false
	}
	if strings.HasPrefix(status.Field("State"), "Z") {
		threads, _ := os.ReadDir(dir + "/task")
		return len(threads) > 1
	}
	return incarnation(pid) != before
}
