//go:build linux && amd64

package proc

import (
	"errors"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// ErrInterrupted is returned by Next after a call of Interrupt.
var ErrInterrupted = errors.New("interrupted")

// A Process is a traced process.
type Process struct {
	PID int

	cmd     *exec.Cmd // of a process that Start started
	threads map[int]*Thread
	// children holds processes the target has forked, until they can be let go.
	children map[int]*child
	breaks   map[uint64]*breakpoint // planted now or once
	mem      *os.File
	journal  Journal
	held     []*Thread // reported by Next, not yet resumed
	reported []Stop    // seen while waiting for something else
	pin      *pin
	pinned   bool // Pin was called
	area     area
	clinging []int // threads that are to be let go yet, see Clings
	watched  []Watchpoint
	watches  int // how often what is watched has changed
	ended    *Stop
	detached bool
	// holdExec is set when the process is held where it replaces its program.
	holdExec bool
	// allStopped is set when threads stand stopped that have nothing to report.
	allStopped bool

	alone       bool // it has one thread for certain
	options     int  // of ptrace, that its threads have
	filters     int  // of seccomp, that it was started with
	tracer      int  // thread id of the tracing OS thread
	interrupted atomic.Bool
}

// A Thread is one thread of a traced process.
type Thread struct {
	ID   int
	Regs unix.PtraceRegs // while the thread is held at a breakpoint
	// Released is when the thread was last about to be let run from a hit, Detours how
	// often it has stopped since for something that was not reported.
	Released time.Time
	Detours  int64

	state threadState
	// within is set for a stop in the middle of a system call, such as that of
	// clone: its result is not in the registers yet, which must not be touched.
	within    bool
	group     bool        // in a group stop
	at        *breakpoint // the breakpoint it is held at
	advanced  bool        // it has been made to go on behind that
	stepped   bool        // it has made a step, and was not let run since
	stuck     bool        // it was asked to stop, and cannot now
	blocking  bool        // it had SIGTRAP blocked there
	watches   int         // to which of its process's its debug registers belong
	wrote     uint8       // watchpoints it has run into, not in a Stop yet
	waits     bool        // such a Stop waits to be reported
	pending   []siginfo   // signals to deliver when it resumes
	schedstat *os.File
}

type threadState uint8

const (
	running   threadState = iota
	stopped               // in a ptrace stop, waiting for us
	listening             // in a group stop (SIGSTOP), kept there
)

// Cause says why Next has returned.
type Cause uint8

const (
	Hit     Cause = iota + 1 // Thread is held at the breakpoint Addr
	Written                  // Thread is held behind the instruction at Addr, which has written to what is Watched
	Exited                   // the process exited with Status
	Killed                   // the process was killed by Signal
	Execed                   // the process replaced its program; it has been let go, unless HoldExec was called
)

// A Stop is what Next reports.
type Stop struct {
	Cause   Cause
	Thread  *Thread
	Addr    uint64
	Watched uint8 // a bit for each watchpoint, the first one's is 1
	Status  int
	Signal  unix.Signal
}

// startOptions are those of a process that must not outlive its tracer yet.
const startOptions = traceOptions | unix.PTRACE_O_EXITKILL

const traceOptions = unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK |
	unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACESYSGOOD

func newProcess(pid int) (*Process, error) {
	mem, err := openMemory(pid)
	if err != nil {
		return nil, err
	}
	if err := catchInterrupts(); err != nil {
		_ = mem.Close()
		return nil, err
	}
	return &Process{
		PID:      pid,
		threads:  map[int]*Thread{},
		children: map[int]*child{},
		breaks:   map[uint64]*breakpoint{},
		mem:      mem,
		options:  traceOptions,
		tracer:   unix.Gettid(),
	}, nil
}

// FPRegs reads the floating point registers of a held thread.
func (t *Thread) FPRegs(regs *FPRegs) error { return getFPRegs(t.ID, regs) }

// Ended reports how the process ended, if it has.
func (p *Process) Ended() (Stop, bool) {
	if p.ended == nil {
		return Stop{}, false
	}
	return *p.ended, true
}

// Over reports whether the process has ended or has replaced its program, seen or
// not: what it is asked fails then for no other reason. It is stopped if not.
func (p *Process) Over() bool {
	_ = p.StopAll()
	return p.ended != nil
}

// Threads returns the number of threads.
func (p *Process) Threads() int { return len(p.threads) }
