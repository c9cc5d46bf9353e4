//go:build linux && amd64

package ptrace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace/guard"
	"gtrace/session/engine/ptrace/proc"
)

// Run starts a program, held before its first instruction.
func Run(l Launch) (*Engine, error) {
	if _, err := exec.LookPath(l.Path); err != nil && !errors.Is(err, exec.ErrDot) {
		return nil, fmt.Errorf("start %s: %w", l.Path, unwrapExec(err))
	}
	// The program is read first: what cannot be traced is not started.
	im, err := program.Open(l.Path)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(l.Path, l.Args...)
	cmd.Err = nil
	cmd.Dir, cmd.Env = l.Dir, l.Env
	if l.Stdin != nil {
		cmd.Stdin = l.Stdin
	}
	if l.Stdout != nil {
		cmd.Stdout = l.Stdout
	}
	if l.Stderr != nil {
		cmd.Stderr = l.Stderr
	}
	runtime.LockOSThread()
	p, err := proc.Start(cmd)
	if err != nil {
		runtime.UnlockOSThread()
		_ = im.Close()
		return nil, fmt.Errorf("start %s: %w", l.Path, refusal(err))
	}
	e, err := adopt(im, p)
	if err != nil {
		_ = unix.Kill(p.PID, unix.SIGKILL)
		_ = p.Detach()
		_, _ = p.Wait()
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("start %s: %w", l.Path, err)
	}
	e.target.Launched = true
	e.target.Program = l.Path
	err = e.p.Untie()
	if err == nil {
		err = e.startGuard()
	}
	if err != nil {
		_ = unix.Kill(p.PID, unix.SIGKILL)
		_ = e.Close()
		_, _ = p.Wait()
		return nil, fmt.Errorf("start %s: %w", l.Path, err)
	}
	return e, nil
}

func attach(pid int) (*Engine, error) {
	before, _ := os.Stat(exeOf(pid))
	path, im, err := check(pid)
	if err != nil {
		return nil, err
	}
	// Nobody traces it, but there may be one who is about to.
	if guard.Alive(pid) {
		_ = im.Close()
		return nil, errGuarded
	}
	// What protects it must be this engine's own.
	if proc.HasArea(pid) {
		if _, err := checkProcess(pid); err != nil { // one whose tracer has just come
			_ = im.Close()
			return nil, err
		}
		if err := Recover(pid); err != nil {
			_ = im.Close()
			return nil, fmt.Errorf("take back what a tracer that was killed has left: %w", err)
		}
	}
	// Reading the program may take a second: it runs on all the while.
	if err := load(pid, im); err != nil {
		_ = im.Close()
		return nil, refusal(err)
	}
	runtime.LockOSThread()
	p, err := proc.Attach(pid)
	if err != nil {
		runtime.UnlockOSThread()
		_ = im.Close()
		return nil, refusal(err)
	}
	var e *Engine
	if err = runs(pid, im, before); err == nil {
		e, err = newEngine(im, p)
	}
	if err != nil {
		_ = p.Detach()
		runtime.UnlockOSThread()
		_ = im.Close()
		return nil, err
	}
	e.target.Program = path
	e.greeted = map[int64]bool{}
	if err := e.startGuard(); err != nil {
		_ = e.Close()
		return nil, err
	}
	return e, nil
}

// exeOf is a name of the program that a process runs.
func exeOf(pid int) string { return "/proc/" + strconv.Itoa(pid) + "/exe" }

// runs checks that a process which is traced now still runs the program that was
// read before, and at the same place.
func runs(pid int, im *program.Image, before os.FileInfo) error {
	now, err := os.Stat(exeOf(pid))
	if err != nil {
		return refusal(err)
	}
	entry, err := entryPoint(pid)
	if err != nil {
		return refusal(err)
	}
	if !os.SameFile(before, now) || entry != im.Entry() {
		return proc.ErrReplaced
	}
	return nil
}

// load loads the program of a process from its file, which was opened.
func load(pid int, im *program.Image) error {
	entry, err := entryPoint(pid)
	if err != nil {
		return err
	}
	if err := im.Load(entry); err != nil {
		return err
	}
	im.Values().Prepare()
	return nil
}

// startGuard lets another process watch over the target.
func (e *Engine) startGuard() error {
	p, unguarded := e.p, e.unguarded
	g, err := guard.Start(p.PID, p.Memory(), func(why error) {
		unguarded <- fmt.Errorf("%w: %w", engine.ErrUnguarded, why)
		p.Interrupt()
	})
	if g != nil {
		e.guard = g
		e.p.KeepJournal(g)
	}
	return err
}

// adopt makes the engine of a started process. A position independent program
// is read again now that its address is known.
func adopt(im *program.Image, p *proc.Process) (*Engine, error) {
	entry, err := entryPoint(p.PID)
	if err != nil {
		return nil, err
	}
	if entry != im.Entry() {
		path := im.Path()
		_ = im.Close()
		if im, err = program.OpenAt(path, entry); err != nil {
			return nil, err
		}
	}
	im.Values().Prepare()
	e, err := newEngine(im, p)
	if err != nil {
		_ = im.Close()
		return nil, err
	}
	return e, nil
}

// newestGoroutine returns an id that no goroutine of the target has passed yet.
func (e *Engine) newestGoroutine() int64 {
	addr, ok := e.im.Symbol("runtime.sched")
	if !ok {
		return 1<<63 - 1
	}
	id, err := e.word(addr + uint64(e.layout.Goidgen))
	if err != nil {
		return 1<<63 - 1
	}
	return int64(id)
}

// entryPoint returns where a process's program was entered.
func entryPoint(pid int) (uint64, error) {
	const atEntry = 9
	auxv, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/auxv")
	if err != nil {
		return 0, err
	}
	for ; len(auxv) >= 16; auxv = auxv[16:] {
		if binary.LittleEndian.Uint64(auxv) == atEntry {
			return binary.LittleEndian.Uint64(auxv[8:]), nil
		}
	}
	return 0, fmt.Errorf("no entry point in its auxiliary vector")
}

// refusal names the reason of an error of the kernel.
func refusal(err error) error {
	switch {
	case errors.Is(err, unix.ESRCH):
		return engine.ErrNoProcess
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w (%w)", engine.ErrPermission, err)
	}
	return err
}

func unwrapExec(err error) error {
	if ee, ok := errors.AsType[*exec.Error](err); ok {
		return ee.Err
	}
	return err
}
