//go:build linux && amd64

package guard

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"gtrace/repair"
	"gtrace/session/engine/ptrace/proc"
)

// Main makes the program able to guard. It returns, except in a process that was
// started as a guard. It must be called first of all.
func Main() {
	if len(os.Args) != 2 || os.Args[0] != name {
		available = true
		return
	}
	pid, err := strconv.Atoi(os.Args[1])
	if err != nil {
		os.Exit(2)
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE,
		syscall.SIGTSTP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM)
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0) // else it is called exe
	pipe, mem := os.NewFile(3, "journal"), os.NewFile(4, "memory")
	if pipe == nil || mem == nil {
		os.Exit(2)
	}
	// It must be quick, on a machine that may be busy: where allowed to, it goes
	// first.
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, -20)
	since := proc.StartTime(pid)
	s, end := follow(pipe)
	if end == done {
		os.Exit(0)
	}
	n := s.mend(mem)
	if proc.StartTime(pid) != since {
		os.Exit(0) // it has ended; the PID may be another's
	}
	s.unpin(pid)
	more, err := takeBack(pid, mem)
	mendCopies(pid)
	// Only now: the reader of stderr may not be reading.
	time.AfterFunc(patience, func() { os.Exit(1) })
	why := "gtrace was killed"
	if end == undo {
		why = "gtrace could not let go in order"
	}
	switch n += more; {
	case err != nil:
		fmt.Fprintf(os.Stderr, "gtrace: guard: %s; removed %d breakpoints from process %d, but: %v\n", why, n, pid, err)
	case n > 0:
		fmt.Fprintf(os.Stderr, "gtrace: guard: %s; removed %d breakpoints from process %d, which runs on\n", why, n, pid)
	}
	os.Exit(0)
}

// tenacity is for how long it is tried again.
const tenacity = 5 * time.Second

// takeBack takes back what the guard was not told of, and what is no breakpoint.
func takeBack(pid int, mem *os.File) (removed int, err error) {
	code, err := repair.Of(pid, mem)
	if err != nil {
		return 0, gone(err)
	}
	return mendAll(pid, code)
}

// mendAll mends a process until it is as it was. The kernel may need a moment to end
// the tracer.
func mendAll(pid int, code *repair.Process) (removed int, err error) {
	for deadline := time.Now().Add(tenacity); ; time.Sleep(time.Millisecond) {
		n, err := Mend(pid, code)
		removed += n
		if err == nil || time.Now().After(deadline) {
			return removed, err
		}
	}
}

// mend puts the text back of which the guard was told, and returns how many
// breakpoints it has removed. It takes microseconds.
func (s *state) mend(mem readWriterAt) int {
	removed := 0
	for addr, text := range s.patches {
		now := make([]byte, len(text))
		if _, err := mem.ReadAt(now, int64(addr)); err != nil || string(now) == string(text) {
			continue // the process has ended, or the breakpoint was never written
		}
		if _, err := mem.WriteAt(text, int64(addr)); err == nil && len(text) == 1 {
			removed++
		}
	}
	return removed
}

// unpin gives the threads of a process back the CPUs they could use.
func (s *state) unpin(pid int) {
	if s.rest == nil {
		return
	}
	tasks, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	for _, task := range tasks {
		tid, _ := strconv.Atoi(task.Name())
		cpus, ok := s.affinity[tid]
		if !ok {
			cpus = s.rest
		}
		set := cpus.Set()
		_ = unix.SchedSetaffinity(tid, &set)
	}
}

// mendCopies does the same for children that the process has made by a mere fork,
// if its tracer could not: they have inherited everything, or what is left of it when
// that was killed in the midst. What cannot be done is left: it does no harm.
func mendCopies(pid int) {
	program := programOf(pid)
	for _, child := range proc.Children(pid) {
		if !os.SameFile(program, programOf(child)) {
			continue
		}
		if code, err := repair.Open(child, true); err == nil {
			mendCopy(child, code)
			_ = code.Close()
		}
	}
}

// mendCopy mends a child, unless it has a tracer of its own. That of its parent is
// about to end.
func mendCopy(child int, code *repair.Process) {
	for deadline := time.Now().Add(tenacity); ; time.Sleep(time.Millisecond) {
		if tracer, _ := code.Tracer(); tracer == 0 {
			break
		}
		if time.Now().After(deadline) {
			return
		}
	}
	_, _ = mendAll(child, code)
}

// programOf returns the file of the program that a process runs, as one of its threads
// knows it: the first one may have ended. It is nil when all have.
func programOf(pid int) os.FileInfo {
	links, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/exe")
	for _, link := range links {
		if file, err := os.Stat(link); err == nil {
			return file
		}
	}
	return nil
}

type readWriterAt interface {
	io.ReaderAt
	io.WriterAt
}
