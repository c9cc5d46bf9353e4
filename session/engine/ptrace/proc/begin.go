//go:build linux && amd64

package proc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// A process that is started must have begun, or not be there. Until it is seized,
// the kernel is asked to kill it with its parent; from then on, with its tracer.
// The first must be taken back by the process itself, as soon as code can be
// borrowed in it, the second by its tracer, once the process can go on without.

// Untie keeps a process that was started, and has not run yet, from being killed
// when its parent dies.
func (p *Process) Untie() error {
	t := p.threads[p.PID]
	if t == nil || len(p.area.scratch.Text) == 0 {
		return fmt.Errorf("process %d: it has no code of a start", p.PID)
	}
	if _, err := p.call(t, unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("process %d: let it outlive its parent: %w", p.PID, err)
	}
	return nil
}

// Outlive keeps a process that was started from being killed with its tracer.
func (p *Process) Outlive() error {
	if p.options == traceOptions || p.ended != nil {
		return nil
	}
	if err := p.StopAll(); err != nil || p.ended != nil {
		return err
	}
	p.options = traceOptions
	for _, t := range p.threads {
		if err := unix.PtraceSetOptions(t.ID, p.options); err != nil {
			if err := p.ignoreDeath(t, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// RunTo lets a process run up to an instruction, and stops all of it with one
// thread before that. It is left where it is by then after an error, which is
// ErrInterrupted after a call of Interrupt. The process may end meanwhile.
func (p *Process) RunTo(at Break) error {
	if err := p.Plant(at); err != nil {
		return err
	}
	s, err := p.Next()
	if p.ended != nil {
		return nil
	}
	if uerr := p.Unplant(at.Addr); err == nil {
		err = uerr
	}
	if err != nil {
		return err
	}
	if err := p.StopAll(); err != nil || p.ended != nil {
		return err
	}
	if t := s.Thread; t != nil && t.at != nil {
		t.at, t.advanced = nil, false
		return p.ignoreDeath(t, setPC(t.ID, at.Addr))
	}
	return nil
}
