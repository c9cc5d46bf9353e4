package ptrace

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"

	"gtrace/session/engine/ptrace/proc"
)

// Try starts a child under trace, changes its code and kills it before it has
// run: everything that the kernel must allow for tracing a program.
func Try() Trial {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// Any program will do, and this one is always there.
	p, err := proc.Start(exec.Command("/proc/self/exe"))
	if err != nil {
		return Trial{Trace: fmt.Errorf("trace a child: %w", refusal(err))}
	}
	err = tryWriting(p)
	_ = unix.Kill(p.PID, unix.SIGKILL)
	_ = p.Detach()
	_, _ = p.Wait()
	if err != nil {
		return Trial{Write: fmt.Errorf("change the code of a traced child: %w", refusal(err))}
	}
	return Trial{}
}

// tryWriting changes one byte of a process's code, and changes it back.
func tryWriting(p *proc.Process) error {
	entry, err := entryPoint(p.PID)
	if err != nil {
		return err
	}
	var was, is [1]byte
	if _, err := p.ReadMemory(was[:], entry); err != nil {
		return err
	}
	other := [1]byte{^was[0]}
	if _, err := p.WriteMemory(entry, other[:]); err != nil {
		return err
	}
	if _, err := p.ReadMemory(is[:], entry); err != nil {
		return err
	}
	if is != other {
		return errors.New("what was written is not there")
	}
	_, err = p.WriteMemory(entry, was[:])
	return err
}
