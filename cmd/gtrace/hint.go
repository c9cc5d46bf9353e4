package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gtrace/session"
	"gtrace/session/engine"
)

// A hintWorld is what hints look at to find the reason behind a reason.
type hintWorld struct {
	procs procfs
	euid  int
	args  []string // the command line of gtrace
	pid   int      // the target, when there is one already
	prog  string   // PROG as given
}

// hints says what to type next for an error. Several causes can be behind one
// sentinel; the first that can be seen on this machine decides.
func hints(err error, w hintWorld) []string {
	if h, ok := errors.AsType[*hinted](err); ok {
		return []string{h.hint}
	}
	if e, ok := errors.AsType[*session.NoMatchError](err); ok {
		return w.noMatch(e)
	}
	if e, ok := errors.AsType[*session.NoLineError](err); ok {
		return w.noLine(e)
	}
	if e, ok := errors.AsType[*session.BarredError](err); ok {
		return w.barred(e)
	}
	if e, ok := errors.AsType[*plantedError](err); ok {
		return w.planted(e)
	}
	for _, h := range []struct {
		is  error
		say func(hintWorld) []string
	}{
		{engine.ErrTraced, hintWorld.traced},
		{engine.ErrPatched, hintWorld.patched},
		{engine.ErrPermission, hintWorld.permission},
		{engine.ErrNoProcess, hintWorld.noProcess},
		{engine.ErrNotGo, hintWorld.notGo},
		{engine.ErrNoDebugInfo, hintWorld.noDebugInfo},
		{engine.ErrGoVersion, hintWorld.goVersion},
		{engine.ErrNotSafe, hintWorld.notSafe},
	} {
		if errors.Is(err, h.is) {
			return h.say(w)
		}
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok && e.Op == "write" && strings.HasPrefix(e.Path, "/proc/") {
		return w.unwritable()
	}
	if _, ok := errors.AsType[*panicError](err); ok {
		return []string{"this is a bug in gtrace: please report it with the text below"}
	}
	return nil
}

// subject is PROG or PID for a command that looks at the same target.
func (w hintWorld) subject() string {
	if w.pid != 0 {
		return strconv.Itoa(w.pid)
	}
	return quote(w.prog)
}

// noMatch writes the command line again with the nearest name, and the command
// that lists all.
func (w hintWorld) noMatch(e *session.NoMatchError) []string {
	list := "gtrace funcs " + w.subject()
	if slices.Contains(w.args, "--optimized") {
		list += " --optimized" // the same binary
	}
	const gone = "a function may be inlined away without a trace: build with -gcflags=all=-l, or let gtrace build it: gtrace run PACKAGE"
	if len(e.Near) == 0 || len(w.args) == 0 {
		return []string{list, gone}
	}
	return []string{w.again(e.Pattern, e.Near[0]), list, gone}
}

// noLine writes the command line again with the nearest lines.
func (w hintWorld) noLine(e *session.NoLineError) []string {
	var list []string
	for _, line := range e.Near {
		file, _, _ := strings.Cut(e.Pattern, ".go:")
		list = append(list, w.again(e.Pattern, file+".go:"+strconv.Itoa(line)))
	}
	return list
}

// barred writes the command line again with the function that calls what forks,
// which every program has that forks.
func (w hintWorld) barred(e *session.BarredError) []string {
	const why = "trace what calls it instead; docs/safety.md tells why"
	if len(w.args) == 0 || !slices.ContainsFunc(e.Functions, func(fn *engine.Function) bool { return strings.Contains(fn.Symbol, "ork") }) {
		return []string{why}
	}
	return []string{w.again(e.Pattern, "syscall.forkExec"), why}
}

// again is the command line with one word exchanged.
func (w hintWorld) again(word, by string) string {
	again := []string{"gtrace"}
	for _, arg := range w.args[1:] {
		switch flag, isFlag := strings.CutSuffix(arg, "="+word); {
		case arg == word:
			arg = by
		case isFlag:
			arg = flag + "=" + by
		}
		again = append(again, arg)
	}
	return quoteAll(again)
}

// planted writes the trace into the user's own directory instead.
func (w hintWorld) planted(e *plantedError) []string {
	look := "ls -la " + quote(filepath.Dir(e.path))
	home, err := os.UserHomeDir()
	if err != nil || len(w.args) == 0 {
		return []string{look}
	}
	return []string{w.again(e.path, filepath.Join(home, filepath.Base(e.path))), look}
}

func (w hintWorld) traced() []string {
	tracer, comm := w.procs.tracer(w.pid)
	if tracer == 0 {
		return []string{"a process has one tracer at most: end the other one (dlv, gdb, strace or gtrace)"}
	}
	return []string{fmt.Sprintf("PID %d (%s) traces it, and a process has one tracer at most: kill %d", tracer, comm, tracer)}
}

func (w hintWorld) patched() []string {
	return []string{fmt.Sprintf("gtrace repair %d", w.pid)}
}

func (w hintWorld) noProcess() []string {
	if w.pid == 0 {
		return []string{"ps -eo pid,comm,args"}
	}
	return []string{"ps -p " + strconv.Itoa(w.pid)}
}

func (w hintWorld) notGo() []string {
	if w.pid != 0 {
		return []string{fmt.Sprintf("ls -l /proc/%d/exe shows the program; a Go program started by a script is its child: pgrep -P %d", w.pid, w.pid)}
	}
	return []string{"go version -m " + w.subject() + " tells what a Go binary was built from; give that binary itself, not a script that starts it"}
}

func (w hintWorld) noDebugInfo() []string {
	return []string{"build it without -ldflags='-s -w', or let gtrace build it: gtrace run ./PACKAGE"}
}

func (w hintWorld) goVersion() []string {
	what := w.subject()
	if w.pid != 0 {
		what = fmt.Sprintf("/proc/%d/exe", w.pid)
	}
	return []string{"go version " + what + " tells its version, gtrace version those that gtrace was built for"}
}

// notSafe says why a target might die of its watchpoints when gtrace is killed.
func (w hintWorld) notSafe() []string {
	const instead = "without --watch-mem it can be traced: -l shows what changes in traced functions"
	switch process := strconv.Itoa(w.pid); {
	case w.pid != 0 && w.procs.filtered(process):
		return []string{"it is under a seccomp filter, so that gtrace cannot prepare it for that: " + instead}
	case w.pid != 0 && strings.HasPrefix(w.procs.field(process, "State"), "T"):
		return []string{fmt.Sprintf("it is stopped: kill -CONT %d", w.pid)}
	}
	return []string{"it may handle SIGTRAP itself, or have no memory left near its text: " + instead}
}

// permission says who refused: the owner of the process, Yama, missing
// capabilities, a container. The first reason that can be seen decides.
func (w hintWorld) permission() []string {
	for _, r := range w.refusals() {
		return r.hints()
	}
	return []string{"gtrace doctor " + w.subject() + " checks everything that attaching needs"}
}

// unwritable says why the code of a process that is traced cannot be changed.
func (w hintWorld) unwritable() []string {
	const set = "boot the machine with proc_mem.force_override=ptrace in the kernel's command line"
	if strings.Contains(w.procs.read("cmdline"), "proc_mem.force_override=never") {
		return []string{"the kernel was booted with proc_mem.force_override=never: " + set}
	}
	return []string{"the kernel may have been built to forbid it (CONFIG_PROC_MEM_NO_FORCE): " + set}
}

// sudo is the same command line again, as root. Root has another $PATH.
func (w hintWorld) sudo() string {
	if len(w.args) == 0 {
		return "sudo gtrace"
	}
	args := append([]string(nil), w.args...)
	if !strings.Contains(args[0], "/") {
		if path, err := lookPath(args[0]); err == nil {
			args[0] = path
		}
	}
	return "sudo " + quoteAll(args)
}
