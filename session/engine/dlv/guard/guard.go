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

	"gtrace/session/engine/dlv/ptrace"
)

// name is that of the guard in lists of processes.
const name = "gt-guard"

// How long a guard may take to read what it is told, and how often one that was
// killed is started again.
const (
	patience = time.Second
	attempts = 5
)

// available is set by Main in a program that can be started as a guard.
var available bool

// A message is what is sent to a guard.
type message struct {
	ptrace.Change
	// Done says that there is nothing left to undo.
	Done bool `json:"done,omitempty"`
}

// A Guard is a guard as its tracer sees it.
type Guard struct {
	pid int
	// mem is the target's memory as its tracer has opened it. It stays that of the
	// program there was then: no guard can write into one that has replaced it.
	mem *os.File

	mu      sync.Mutex
	state   state
	pipe    *os.File
	closing bool
	started int
	waiting sync.WaitGroup
}

// Start starts a guard for a process whose memory is mem. It returns nil where the
// program has not called Main.
func Start(pid int, mem *os.File) (*Guard, error) {
	if !available {
		return nil, nil
	}
	g := &Guard{pid: pid, mem: mem, state: newState()}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.start(); err != nil {
		return nil, fmt.Errorf("start a guard for process %d: %w", pid, err)
	}
	return g, nil
}

// start starts the guard's process and tells it what there is to undo.
func (g *Guard) start() error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
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
		write.Close()
		return err
	}
	g.pipe = write
	g.started++
	g.waiting.Go(func() { g.wait(cmd) })
	g.send(message{Change: g.state.change()})
	return nil
}

// wait waits for the guard's end. One that was killed is replaced.
func (g *Guard) wait(cmd *exec.Cmd) {
	_ = cmd.Wait() // how it has ended does not matter
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pipe.Close()
	if !g.closing && g.started < attempts {
		_ = g.start() // the target is without a guard then, as it would be anyway
	}
}

// Record tells the guard what is about to change.
func (g *Guard) Record(c ptrace.Change) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state.apply(c)
	g.send(message{Change: c})
}

// send writes to the guard. What fails is told to the next one.
func (g *Guard) send(m message) {
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // there is nothing in it that could not be written
	}
	_ = g.pipe.SetWriteDeadline(time.Now().Add(patience))
	if _, err := g.pipe.Write(append(data, '\n')); err != nil {
		g.pipe.Close()
	}
}

// Close ends the guard. With clean, there is nothing left to undo; otherwise it
// undoes what there is.
func (g *Guard) Close(clean bool) {
	g.mu.Lock()
	g.closing = true
	if clean {
		g.send(message{Done: true})
	}
	g.pipe.Close()
	g.mu.Unlock()
	g.waiting.Wait()
}
