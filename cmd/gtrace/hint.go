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

	"github.com/spf13/pflag"

	"gtrace/cmd/gtrace/output"
	"gtrace/session/engine"
)

// A hintWorld is what hints look at to find the reason behind a reason.
type hintWorld struct {
	procs procfs
	euid  int
	args  []string       // the command line of gtrace
	flags *pflag.FlagSet // of its command
	pid   int            // the target, when there is one already
	prog  string         // PROG as given
}

// hints says what to type next for an error. Several causes can be behind one
// sentinel; the first that can be seen on this machine decides.
func hints(err error, w hintWorld) []string {
	if h, ok := errors.AsType[*hinted](err); ok {
		return h.hints
	}
	if e, ok := errors.AsType[*valueError](err); ok {
		if e.instead == "" {
			return nil // the error says all
		}
		return w.offer(w.again(func(x word, _ int) bool { return x.flag == e.flag }, e.value, e.instead))
	}
	if list, ok := w.otherPattern(err); ok {
		return list
	}
	if e, ok := errors.AsType[*processError](err); ok {
		return w.otherProcess(e)
	}
	if e, ok := errors.AsType[*output.PlantedError](err); ok {
		return w.planted(e)
	}
	for _, h := range []struct {
		is  error
		say func(hintWorld) []string
	}{
		{engine.ErrTraced, hintWorld.traced},
		{engine.ErrPatched, hintWorld.patched},
		{engine.ErrUnprotected, hintWorld.unprotected},
		{engine.ErrPermission, hintWorld.permission},
		{engine.ErrNoProcess, hintWorld.noProcess},
		{engine.ErrNotGo, hintWorld.notGo},
		{engine.ErrNoDebugInfo, hintWorld.noDebugInfo},
		{engine.ErrDamaged, hintWorld.damaged},
		{engine.ErrGoVersion, hintWorld.goVersion},
		{engine.ErrNotSafe, hintWorld.notSafe},
	} {
		if errors.Is(err, h.is) {
			return h.say(w)
		}
	}
	if e, ok := errors.AsType[*exitError](err); ok && e.status == statusNotFound {
		return w.offer(w.patternAsProgram())
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

// planted writes the trace into the user's own directory instead.
func (w hintWorld) planted(e *output.PlantedError) []string {
	look := "ls -la " + quote(filepath.Dir(e.Path))
	home, err := os.UserHomeDir()
	if err != nil {
		return []string{look}
	}
	isOutput := func(x word, _ int) bool { return x.flag == "output" }
	return append(w.offer(w.again(isOutput, e.Path, filepath.Join(home, filepath.Base(e.Path)))), look)
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

// otherProcess writes the command line again with the process that may be meant.
func (w hintWorld) otherProcess(e *processError) []string {
	isProcess := func(x word, n int) bool { return x.flag == "" && n > 0 || x.flag == pidFlag }
	if again := w.apart(e.who); again != "" {
		return []string{again}
	}
	if again := w.again(isProcess, e.who, e.instead); e.instead != "" && again != "" {
		if len(e.all) > 1 && w.args[1] == "attach" {
			return append([]string{again}, w.offer(w.asOne(e.who, strings.Join(e.all, " ")))...)
		}
		return []string{again}
	}
	if len(w.args) > 1 && w.args[1] == "attach" && strings.ContainsAny(e.who, ".*/") {
		if again := w.asPattern(e.who); again != "" {
			return []string{"patterns stand behind -t: " + again}
		}
	}
	return []string{"gtrace ps"}
}

// apart is the command line with processes that stand in one argument of attach, with
// commas between, each for itself; "" where they are not.
func (w hintWorld) apart(who string) string {
	list := strings.Split(who, ",")
	missing := func(one string) bool {
		_, err := w.procs.find(one)
		return err != nil
	}
	if len(list) < 2 || w.args[1] != "attach" || slices.ContainsFunc(list, missing) {
		return ""
	}
	return w.asOne(who, quoteAll(list))
}

// asPattern is the command line with an argument as the value of -t, if it has a
// process besides.
func (w hintWorld) asPattern(text string) string {
	words := slices.DeleteFunc(w.words(), func(x word) bool { return x.flag != "" || x.arg < 2 })
	i := slices.IndexFunc(words, func(x word) bool { return x.text == text })
	if len(words) < 2 || i < 0 {
		return ""
	}
	args := slices.Clone(w.args)
	args[0] = "gtrace"
	at := words[i].arg
	if before := args[at-1]; len(before) > 2 && strings.Trim(before, "t") == "-" {
		args[at-1] = "-t" // -tt is -t with the pattern t
		return quoteAll(args)
	}
	return quoteAll(slices.Insert(args, at, "-t"))
}

func (w hintWorld) noProcess() []string { return []string{"gtrace ps"} }

// notGo says what the program is, or names a Go program below it.
func (w hintWorld) notGo() []string {
	if w.pid == 0 {
		if isScript(w.prog) {
			return []string{quote(w.prog) + " is a script: give the Go program that it starts"}
		}
		return []string{"only programs that go build has made can be traced"}
	}
	if child := w.procs.goBelow(w.pid); child != 0 {
		pid := strconv.Itoa(child)
		hint := fmt.Sprintf("PID %s is a Go program that it has started", pid)
		if len(w.args) > 1 {
			hint += ": gtrace " + w.args[1] + " " + pid
		}
		return []string{hint}
	}
	return []string{fmt.Sprintf("ls -l /proc/%d/exe shows the program", w.pid)}
}

func (w hintWorld) noDebugInfo() []string {
	if again := w.fromSource(); again != "" {
		return []string{"let gtrace build it: " + again}
	}
	return []string{"build it without -ldflags='-s -w', or let gtrace build it: gtrace run ./PACKAGE"}
}

func (w hintWorld) damaged() []string {
	return []string{"build it again, or copy it again from where it came; sha256sum tells whether two copies are the same"}
}

func (w hintWorld) goVersion() []string {
	what := w.subject()
	if w.pid != 0 {
		what = fmt.Sprintf("/proc/%d/exe", w.pid)
	}
	return []string{"go version " + what + " tells its version, gtrace version those that gtrace was built for"}
}

// unprotected writes the command line again with the flag that takes the risk.
func (w hintWorld) unprotected() []string {
	const risk = "traces it nevertheless: end that with Ctrl-C or SIGTERM, as SIGKILL to gtrace ends the target too"
	hints := []string{"--unprotected " + risk}
	if len(w.args) > 2 {
		again := slices.Clone(w.args)
		again[0] = "gtrace"
		at := 2
		if strings.HasPrefix(again[1], "-") { // gtrace -p PID
			at = 1
		}
		hints[0] = quoteAll(slices.Insert(again, at, "--unprotected")) + " " + risk
	}
	if w.pid != 0 && w.procs.filtered(strconv.Itoa(w.pid)) {
		hints = append(hints, "or run gtrace with CAP_SYS_ADMIN, outside of containers: the seccomp filter is not asked then")
	}
	return hints
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
