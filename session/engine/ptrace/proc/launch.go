//go:build linux && amd64

package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"gtrace/procstatus"

	"golang.org/x/sys/unix"
)

// Start starts cmd under trace. The process is held before its first
// instruction; the first call of Next lets it run. It dies with its tracer, so
// that none is left that has not begun, until Untie and Outlive were called.
func Start(cmd *exec.Cmd) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Ptrace = true
	// Until it is seized: it would be left stopped for ever, or be trapped, should
	// its tracer die in between. Untie takes it back.
	cmd.SysProcAttr.Pdeathsig = unix.SIGKILL
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	p, err := seizeStarted(pid)
	if err != nil {
		_ = cmd.Process.Kill()
		_, _ = unix.Wait4(pid, nil, unix.WALL, nil)
		return nil, fmt.Errorf("trace process %d: %w", pid, err)
	}
	p.cmd = cmd
	return p, nil
}

// seizeStarted takes over a child that stands in the stop which follows its
// exec under PTRACE_TRACEME. A process traced that way can only be stopped by
// signals, so it is let go into a SIGSTOP and seized there.
func seizeStarted(pid int) (*Process, error) {
	var ws unix.WaitStatus
	if _, err := wait4(pid, &ws, unix.WALL); err != nil {
		return nil, err
	}
	if !ws.Stopped() {
		return nil, fmt.Errorf("it ended before its first instruction (status %#x)", uint32(ws))
	}
	if err := ptraceDetach(pid, unix.SIGSTOP); err != nil {
		return nil, err
	}
	if err := seize(pid, startOptions); err != nil {
		return nil, err
	}
	if _, err := wait4(pid, &ws, unix.WALL); err != nil {
		return nil, err
	}
	if !ws.Stopped() {
		return nil, fmt.Errorf("it ended before its first instruction (status %#x)", uint32(ws))
	}
	// SIGCONT ends the group stop; its delivery is swallowed here, so that the
	// program starts as if it had never been stopped.
	if err := unix.Kill(pid, unix.SIGCONT); err != nil {
		return nil, err
	}
	for {
		if err := ptraceCont(pid, 0); err != nil {
			return nil, err
		}
		if _, err := wait4(pid, &ws, unix.WALL); err != nil {
			return nil, err
		}
		if !ws.Stopped() {
			return nil, fmt.Errorf("it ended before its first instruction (status %#x)", uint32(ws))
		}
		if eventOf(ws) == 0 && ws.StopSignal() == unix.SIGCONT {
			break
		}
	}
	p, err := newProcess(pid)
	if err != nil {
		return nil, err
	}
	p.options = startOptions
	p.filters = procstatus.Of(pid).Number("Seccomp_filters")
	return p, p.hold(pid)
}

// ErrReplaced is the error of Attach for a process that has replaced its program
// meanwhile.
var ErrReplaced = errors.New("it has just replaced its program by exec")

// Attach seizes every thread of a running process. None of them is stopped.
func Attach(pid int) (*Process, error) {
	p, err := newProcess(pid)
	if err != nil {
		return nil, err
	}
	// A thread that is seized passes its tracer on to those it makes. One that
	// was not may have made others since it was listed: look again until there
	// is nothing new.
	seen := map[int]bool{}
	for grown := true; grown; {
		grown = false
		ids, err := threadIDs(pid)
		if err != nil {
			p.letGo()
			return nil, err
		}
		for _, id := range ids {
			if seen[id] {
				continue
			}
			seen[id], grown = true, true
			if err := p.seizeThread(id); err != nil {
				p.letGo()
				return nil, err
			}
		}
	}
	if len(p.threads) == 0 {
		p.letGo()
		return nil, unix.ESRCH
	}
	// From now on an exec is seen.
	if p.stale() {
		p.letGo()
		return nil, ErrReplaced
	}
	return p, nil
}

// seizeThread seizes a thread, unless it has ended or came under trace through
// the one that has made it.
func (p *Process) seizeThread(id int) error {
	switch err := seize(id, p.options); {
	case err == nil, err == unix.EPERM && tracerOf(id) == p.tracer:
		p.addThread(id)
		return nil
	case err == unix.ESRCH, err == unix.EPERM && isZombie(p.PID, id):
		return nil
	default:
		return err
	}
}

// letGo gives up a process that was only seized, nothing planted.
func (p *Process) letGo() {
	_ = p.Detach()
}

func threadIDs(pid int) ([]int, error) {
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return nil, err
	}
	ids := make([]int, 0, len(entries))
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
