package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"gtrace/cmd/gtrace/output"
)

// A pipeline is a command that reads the events: -o '|command', as strace has it.
type pipeline struct {
	done chan struct{} // closed when it has ended
}

// pipeCommand returns the command of -o '|command'.
func pipeCommand(file string) (string, bool) {
	command, ok := strings.CutPrefix(file, "|")
	return strings.TrimSpace(command), ok
}

// startPipeline starts a command that reads what is written to the file that it
// returns. Its own output goes to that of gtrace.
//
// Ctrl-C, which a terminal sends to both, does not end it: it is to see the end of the
// trace, after which there is nothing more to read.
func startPipeline(command string, s streams) (*pipeline, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command("/bin/sh", "-c", "trap '' INT QUIT; "+command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r, s.out, s.err
	p := &pipeline{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// It must not be a child of the thread that traces, which waits for all that it
		// has. The thread is kept until it has ended, as it would become one of another.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		r.Close()
		if err == nil {
			_ = cmd.Wait() // how it ends is its own business
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		w.Close()
		return nil, nil, fmt.Errorf("%s: %w", command, err)
	}
	return p, w, nil
}

// wait waits until the command has ended, but after a signal not for long. There may
// be none.
func (p *pipeline) wait(hurry <-chan struct{}) {
	if p == nil {
		return
	}
	select {
	case <-p.done:
		return
	case <-hurry:
	}
	select {
	case <-p.done:
	case <-time.After(output.HurriedStall):
	}
}
