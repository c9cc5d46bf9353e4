//go:build linux && amd64

package guard

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"gtrace/session/engine/ptrace/proc"
)

// name is that of the guard in lists of processes.
const name = "gt-guard"

// How long a guard may take to end, and how often one that was killed is started
// again.
const (
	patience = time.Second
	attempts = 5
)

// pipeSize is how much a guard can be told before it reads.
const pipeSize = 1 << 20

// available is set by Main in a program that can be started as a guard.
var available bool

// A message is what is sent to a guard.
type message struct {
	proc.Change
	// Whole says that the change is all there is: what was told before is void.
	Whole bool `json:"whole,omitempty"`
	// Done says that there is nothing left to undo, Undo that the tracer cannot do
	// so itself. A pipe that ends with neither is that of a tracer which was killed.
	Done bool `json:"done,omitempty"`
	Undo bool `json:"undo,omitempty"`
}

// A Guard is a guard as its tracer sees it.
type Guard struct {
	pid int
	// mem is the target's memory as its tracer has opened it. It stays that of the
	// program there was then: no guard can write into one that has replaced it.
	mem  *os.File
	lost func(error)

	mu      sync.Mutex
	state   state
	process *os.Process
	pipe    int    // -1: none
	unsent  []byte // the rest of a message that the pipe had no room for
	behind  bool   // changes were not sent
	closing bool
	undo    bool // when closing
	started int
	waiting sync.WaitGroup
}

// Start starts a guard for a process whose memory is mem. It returns nil where the
// program has not called Main. Lost is called, by another goroutine, when the guard
// was killed so often that no other one is started.
func Start(pid int, mem *os.File, lost func(error)) (*Guard, error) {
	if !available {
		return nil, nil
	}
	g := &Guard{pid: pid, mem: mem, lost: lost, state: newState(), pipe: -1}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.start(); err != nil {
		return nil, fmt.Errorf("start a guard for process %d: %w", pid, err)
	}
	return g, nil
}

// start starts the guard's process. What there is to undo stands in its pipe
// before, as far as there is room.
func (g *Guard) start() error {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	read := os.NewFile(uintptr(ends[0]), "journal")
	defer read.Close()
	// The tracer never waits for the guard: it holds threads of the target.
	if err := unix.SetNonblock(ends[1], true); err != nil {
		_ = unix.Close(ends[1])
		return err
	}
	_, _ = unix.FcntlInt(uintptr(ends[1]), unix.F_SETPIPE_SZ, pipeSize) // less will do
	g.pipe, g.unsent, g.behind = ends[1], nil, true
	g.flush()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{name, strconv.Itoa(g.pid)}
	cmd.Dir = "/"
	cmd.Env = []string{"GOMAXPROCS=2", "GOGC=20", "GOTRACEBACK=none"}
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{read, g.mem}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// From another OS thread: on this one, the tracer waits for its children.
	started := make(chan error)
	go func() { started <- cmd.Start() }()
	if err := <-started; err != nil {
		g.hangUp()
		return err
	}
	g.process = cmd.Process
	g.started++
	g.waiting.Go(func() { g.wait(cmd) })
	return nil
}

// wait waits for the guard's end. One that was killed is replaced.
func (g *Guard) wait(cmd *exec.Cmd) {
	_ = cmd.Wait() // an error is that of one which was killed
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hangUp()
	g.process = nil
	if g.closing && (!g.undo || cmd.ProcessState.Exited()) {
		return
	}
	err := fmt.Errorf("it was killed %d times", g.started)
	if g.started < attempts {
		err = g.start()
	}
	if err != nil {
		g.lost(fmt.Errorf("process %d has no guard any more, which would save it if gtrace was killed: %w", g.pid, err))
	} else if g.closing {
		g.send(message{Undo: true})
		g.hangUp()
	}
}

func (g *Guard) hangUp() {
	if g.pipe >= 0 {
		_ = unix.Close(g.pipe)
	}
	g.pipe = -1
}

// Record tells the guard what is about to change. One that is slow to read hears of
// it later; until then it has to find out by itself.
func (g *Guard) Record(c proc.Change) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state.apply(c)
	if g.flush() {
		g.send(message{Change: c})
	} else {
		g.behind = true
	}
}

// flush sends what could not be sent before, and reports whether nothing is left.
func (g *Guard) flush() bool {
	g.write()
	if len(g.unsent) == 0 && g.behind {
		g.behind = false
		g.send(message{Change: g.state.change(), Whole: true})
	}
	return len(g.unsent) == 0
}

func (g *Guard) send(m message) {
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // there is nothing in it that could not be written
	}
	g.unsent = append(data, '\n')
	g.write()
}

// write writes what the pipe has room for. A guard that has ended reads nothing any
// more: the next one is told everything.
func (g *Guard) write() {
	for len(g.unsent) > 0 && g.pipe >= 0 {
		n, err := unix.Write(g.pipe, g.unsent)
		switch err {
		case nil:
			g.unsent = g.unsent[n:]
		case unix.EINTR:
		case unix.EPIPE:
			g.hangUp()
		default:
			return
		}
	}
}

// Close ends the guard. With clean, there is nothing left to undo; otherwise it
// undoes what there is.
func (g *Guard) Close(clean bool) {
	g.mu.Lock()
	g.closing, g.undo = true, !clean
	told := g.tell(message{Done: clean, Undo: !clean})
	if clean && !told && g.process != nil {
		_ = g.process.Kill() // it does nothing, and must not begin to
	}
	g.hangUp()
	process := g.process
	g.mu.Unlock()
	if clean && process != nil {
		// One that was stopped would never end.
		defer time.AfterFunc(patience, func() { _ = process.Kill() }).Stop()
	}
	g.waiting.Wait()
}

// tell sends the last message, and reports whether it was sent. It waits for a guard
// that reads. One that was killed may be heard of meanwhile.
func (g *Guard) tell(m message) bool {
	last, left := false, 0
	for deadline := time.Now().Add(patience); ; {
		if g.flush() {
			if last {
				return true
			}
			last = true
			g.send(m)
			continue
		}
		if len(g.unsent) != left {
			left, deadline = len(g.unsent), time.Now().Add(patience)
		}
		if g.pipe < 0 || time.Now().After(deadline) {
			return false
		}
		g.mu.Unlock()
		time.Sleep(time.Millisecond)
		g.mu.Lock()
	}
}
