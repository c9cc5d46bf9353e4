//go:build linux && amd64

package proc

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A thread that waits in the kernel and heeds no signal cannot be stopped, such as one
// whose child by vfork has neither replaced its program nor ended. It runs nothing of
// the program until that is over, and stops then. The others stand still while it is
// waited for, so that is not done for long.
const stuckAfter = 250 * time.Millisecond

const (
	spins = 50 // it mostly takes less than a pause would
	pause = 20 * time.Microsecond
)

// news waits for something to collect, for a pause at most.
func news() (bool, error) {
	var w waited
	for range spins {
		if err := peekEnded(&w); err != nil || w.PID != 0 {
			return err == nil, err
		}
	}
	time.Sleep(pause)
	return false, nil
}

// giveUp takes note of which of the threads that are waited for are stuck.
func (p *Process) giveUp(waiting []*Thread) {
	for _, t := range waiting {
		t.stuck = stateOf(p.PID, t.ID) == "D"
	}
}

// place returns where a thread stands that was stopped, or is stuck.
func (p *Process) place(t *Thread) (pc uint64, ok bool) {
	if t.stuck {
		return waitsAt(p.PID, t.ID)
	}
	var regs unix.PtraceRegs
	err := unix.PtraceGetRegs(t.ID, &regs)
	return regs.Rip, err == nil
}

// waitsAt returns where a thread goes on that waits in the kernel.
func waitsAt(pid, tid int) (pc uint64, ok bool) {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid) + "/syscall")
	fields := strings.Fields(string(data))
	if len(fields) < 3 { // it does not wait
		return 0, false
	}
	pc, err := strconv.ParseUint(fields[len(fields)-1], 0, 64)
	return pc, err == nil
}

// leaveStuck checks that the threads that cannot be stopped need nothing that a process
// has which nobody traces.
func (p *Process) leaveStuck() error {
	for {
		again := false
		for _, t := range p.threads {
			if !t.stuck {
				continue
			}
			pc, ok := p.place(t)
			if !ok {
				t.stuck, again = false, true
				continue
			}
			if p.area.base != 0 && pc-p.area.base < areaSize || p.watches > 0 || p.area.left {
				return fmt.Errorf("thread %d of process %d waits in the kernel and cannot be stopped", t.ID, p.PID)
			}
		}
		if !again {
			return nil
		}
		if err := p.StopAll(); err != nil || p.ended != nil {
			return err
		}
		if err := p.putBack(); err != nil {
			return err
		}
	}
}

// Clings reports whether threads could not be let go with the process, as they were
// stuck. They are when it is asked again, or when the tracing OS thread ends.
func (p *Process) Clings() bool {
	p.clinging = slices.DeleteFunc(p.clinging, func(id int) bool {
		return ptraceDetach(id, 0) == nil || tracerOf(id) != p.tracer
	})
	return len(p.clinging) > 0
}
