//go:build linux && amd64

package proc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// A pin keeps the target and its tracer on one CPU. A stop then is a mere
// switch between two threads, where otherwise an idle CPU is woken twice.
type pin struct {
	cpu     unix.CPUSet
	before  map[int]unix.CPUSet // of threads seen when the pin was set
	rest    unix.CPUSet         // for those that were made later
	tracer  unix.CPUSet
	applied bool
}

// Pin keeps the target on one CPU from its first hit on, until Detach. Not
// before that, so that a program that is just starting still sees how many CPUs
// there are.
func (p *Process) Pin() error {
	pn := &pin{before: map[int]unix.CPUSet{}}
	if err := unix.SchedGetaffinity(p.PID, &pn.rest); err != nil {
		return fmt.Errorf("pin process %d: %w", p.PID, err)
	}
	if err := unix.SchedGetaffinity(0, &pn.tracer); err != nil {
		return fmt.Errorf("pin process %d: %w", p.PID, err)
	}
	for cpu := range 64 * len(pn.rest) {
		if pn.rest.IsSet(cpu) && pn.tracer.IsSet(cpu) {
			pn.cpu.Set(cpu)
			p.pin, p.pinned = pn, true
			return nil
		}
	}
	return fmt.Errorf("pin process %d: it may not run on any CPU that gtrace may use", p.PID)
}

// applyPin pins the threads there are. New ones inherit it.
func (p *Process) applyPin() {
	pn := p.pin
	if pn == nil || pn.applied {
		return
	}
	pn.applied = true
	change := Change{Affinity: map[int]CPUs{}, Rest: cpusOf(pn.rest)}
	for id := range p.threads {
		var mask unix.CPUSet
		if unix.SchedGetaffinity(id, &mask) == nil {
			change.Affinity[id] = cpusOf(mask)
		}
	}
	p.record(change)
	_ = unix.SchedSetaffinity(0, &pn.cpu)
	for id := range p.threads {
		var mask unix.CPUSet
		if unix.SchedGetaffinity(id, &mask) == nil && unix.SchedSetaffinity(id, &pn.cpu) == nil {
			pn.before[id] = mask
		}
	}
}

// unpin gives a thread or a child back the CPUs it may use.
func (p *Process) unpin(id int) {
	if p.pin == nil || !p.pin.applied {
		return
	}
	mask, ok := p.pin.before[id]
	if !ok {
		mask = p.pin.rest
	}
	_ = unix.SchedSetaffinity(id, &mask)
}

// unpinAll ends the pin.
func (p *Process) unpinAll() {
	if p.pin == nil || !p.pin.applied {
		return
	}
	for id := range p.threads {
		p.unpin(id)
	}
	_ = unix.SchedSetaffinity(0, &p.pin.tracer)
	p.pin = nil
}
