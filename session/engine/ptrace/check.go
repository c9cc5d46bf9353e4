//go:build linux && amd64

package ptrace

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"gtrace/procstatus"
	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace/proc"
)

// Check tells why Attach would refuse a process, or nil. It asks what Attach
// asks, but for what takes long, and does not touch the process.
func Check(pid int) error {
	_, im, err := check(pid)
	if err != nil {
		return fmt.Errorf("attach to process %d: %w", pid, unlessEnded(pid, err))
	}
	return im.Close()
}

// Protectable says why a process could not be protected from the sudden death of
// its tracer, as far as can be seen without touching it, or nil.
func Protectable(pid int) error {
	entry, err := entryPoint(pid)
	if err != nil {
		return refusal(err)
	}
	return proc.Securable(pid, entry)
}

// check returns the path of a process's program and the program, opened; or why
// the process cannot be attached to.
func check(pid int) (string, *program.Image, error) {
	path, err := checkProcess(pid)
	if err != nil {
		return "", nil, err
	}
	if err := proc.Allowed(pid); err != nil {
		return "", nil, refusal(err)
	}
	if n := proc.Left(pid); n > 0 {
		return "", nil, fmt.Errorf("%w, one of %d", engine.ErrPatched, n)
	}
	im, err := program.OpenFile(exeOf(pid))
	if err != nil {
		return "", nil, refusal(err)
	}
	return path, im, nil
}

// checkProcess returns the path of a process's program, or why the process
// cannot be attached to.
func checkProcess(pid int) (string, error) {
	status, err := procstatus.In("/proc/" + strconv.Itoa(pid))
	if err != nil {
		return "", engine.ErrNoProcess
	}
	if state := status.Field("State"); strings.HasPrefix(state, "Z") {
		return "", fmt.Errorf("%w: it has ended and waits for its parent or its threads", engine.ErrNoProcess)
	}
	if pid == os.Getpid() {
		return "", fmt.Errorf("%w: a process cannot trace itself", engine.ErrNotSupported)
	}
	if tracer := status.Field("TracerPid"); tracer != "" && tracer != "0" {
		// It names the thread, which nobody knows: say the process.
		status, _ := procstatus.In("/proc/" + tracer)
		tracer = cmp.Or(status.Field("Tgid"), tracer)
		comm, _ := os.ReadFile("/proc/" + tracer + "/comm")
		return "", fmt.Errorf("%w: %s (pid %s)", engine.ErrTraced, strings.TrimSpace(string(comm)), tracer)
	}
	if status.Field("Tgid") != strconv.Itoa(pid) {
		return "", fmt.Errorf("%w: it is a thread of process %s", engine.ErrNoProcess, status.Field("Tgid"))
	}
	path, err := os.Readlink(exeOf(pid))
	switch {
	case errors.Is(err, fs.ErrPermission):
		owner := strings.Fields(status.Field("Uid") + " ?")[0]
		if owner == strconv.Itoa(os.Getuid()) {
			return "", fmt.Errorf("%w: it has privileges of its own, or lets nobody look into it", engine.ErrPermission)
		}
		return "", fmt.Errorf("%w: it belongs to user %s", engine.ErrPermission, owner)
	case err != nil:
		return "", fmt.Errorf("%w: it has no program, as a kernel thread", engine.ErrNotGo)
	}
	return path, nil
}
