package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"gtrace/diag"
	"gtrace/events/secret"
	"gtrace/session/engine"
	"gtrace/session/engine/program"
)

// procfs is the mounted /proc.
type procfs struct{ root string }

// A process is what can be told of one without touching it.
type process struct {
	pid    int
	name   string   // of its program
	args   []string // without secrets
	golang bool
	known  bool // whether golang could be told
}

// command is the command line, fit to be shown.
func (p *process) command() string { return printable(strings.Join(p.args, " ")) }

func (p procfs) path(pid int, name string) string {
	return filepath.Join(p.root, strconv.Itoa(pid), name)
}

// find returns the Go process that PID|NAME means. With an error the PID is that
// of a process that was found but will not do, or 0.
func (p procfs) find(who string) (int, error) { return p.search(who, false) }

// search is find for a command, which may be one for any program.
func (p procfs) search(who string, anyProgram bool) (int, error) {
	if pid, err := strconv.Atoi(who); err == nil {
		if pid <= 0 {
			return 0, fmt.Errorf("%d: %w", pid, engine.ErrNoProcess)
		}
		if whose := p.field(who, "Tgid"); whose != "" && whose != who {
			return 0, &processError{error: fmt.Errorf("%s: it is a thread of process %s", who, whose), who: who, instead: whose}
		}
		return pid, nil
	}
	able, other := p.named(who)
	if anyProgram {
		able, other = append(able, other...), nil
	}
	switch {
	case len(able) == 1:
		return able[0].pid, nil
	case len(able) > 1:
		kind := "Go processes"
		if anyProgram {
			kind = "processes"
		}
		e := &processError{error: fmt.Errorf("%s: %d %s have that name:\n%s", who, len(able), kind, table(able)), who: who}
		for _, proc := range able {
			e.all = append(e.all, strconv.Itoa(proc.pid))
		}
		e.instead = e.all[0]
		return 0, e
	case len(other) > 0:
		return other[0].pid, fmt.Errorf("%s: PID %d: %w", who, other[0].pid, engine.ErrNotGo)
	}
	return 0, &processError{error: fmt.Errorf("%s: %w of that name", who, engine.ErrNoProcess), who: who, instead: p.nearest(who)}
}

// A processError says that an argument does not mean one process.
type processError struct {
	error
	who     string   // the argument
	instead string   // what may be meant; may be empty
	all     []string // what is meant, if it is all of several
}

func (e *processError) Unwrap() error { return e.error }

// nearest returns the name of a Go process that looks like who and is the only one
// of that name, or "".
func (p procfs) nearest(who string) string {
	count := make(map[string]int)
	for _, proc := range p.list() {
		if proc.golang {
			count[proc.name]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		if count[name] == 1 && diag.Distance(who, name) <= max(1, len(who)/4) {
			return name
		}
	}
	return ""
}

// goBelow returns the one Go process that a process, or one that it has started, has
// started; 0 where there are none or several.
func (p procfs) goBelow(pid int) int {
	below := map[string]bool{strconv.Itoa(pid): true}
	found := 0
	for _, proc := range p.list() { // by PID: parents mostly come first
		child := strconv.Itoa(proc.pid)
		if !below[p.field(child, "PPid")] {
			continue
		}
		below[child] = true
		if proc.golang && found != 0 {
			return 0
		}
		if proc.golang {
			found = proc.pid
		}
	}
	return found
}

// named returns the processes of a name: those that may be Go, and others.
func (p procfs) named(name string) (able, other []process) {
	for _, proc := range p.list() {
		switch {
		case proc.name != name:
		// A program that may not be read may be Go: attaching will tell.
		case proc.golang || !proc.known:
			able = append(able, proc)
		default:
			other = append(other, proc)
		}
	}
	return able, other
}

// table lists processes, one a line.
func table(procs []process) string {
	lines := make([]string, len(procs))
	for i, proc := range procs {
		lines[i] = fmt.Sprintf("  %7d  %s", proc.pid, proc.command())
	}
	return strings.Join(lines, "\n")
}

// list returns every process but this one, by PID.
func (p procfs) list() []process {
	dirs, err := os.ReadDir(p.root)
	if err != nil {
		return nil
	}
	var procs []process
	seen := programs{}
	for _, dir := range dirs {
		pid, err := strconv.Atoi(dir.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if proc, ok := p.process(pid, seen); ok {
			procs = append(procs, proc)
		}
	}
	slices.SortFunc(procs, func(a, b process) int { return a.pid - b.pid })
	return procs
}

// programs remembers which files are Go programs: many processes run the same.
type programs map[fileID]bool

// A fileID is what tells files apart, whatever their names.
type fileID struct{ dev, ino uint64 }

func idOf(info os.FileInfo) fileID {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{st.Dev, st.Ino}
}

// process reads what is known of a process. It is false for those that have no
// program: kernel threads, and those that have ended meanwhile.
func (p procfs) process(pid int, seen programs) (process, bool) {
	proc := process{pid: pid}
	cmdline, _ := os.ReadFile(p.path(pid, "cmdline"))
	cmdline = bytes.TrimRight(cmdline, "\x00")
	if len(cmdline) == 0 {
		return proc, false
	}
	argv := strings.Split(string(cmdline), "\x00")
	names, _ := secret.New() // only an added name can be wrong
	proc.args = names.CommandLine(argv)
	proc.name = filepath.Base(argv[0])
	if exe, err := os.Readlink(p.path(pid, "exe")); err == nil {
		proc.name = filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
	}
	proc.golang, proc.known = p.isGo(pid, seen)
	return proc, true
}

// ended reports whether a process runs no program any more.
func (p procfs) ended(pid int) bool {
	_, err := os.Readlink(p.path(pid, "exe"))
	return errors.Is(err, fs.ErrNotExist)
}

// isGo reports whether a process runs a Go program, if that can be told.
func (p procfs) isGo(pid int, seen programs) (golang, known bool) {
	f, err := os.Open(p.path(pid, "exe"))
	if err != nil {
		return false, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, false
	}
	id := idOf(info)
	golang, known = seen[id]
	if !known {
		golang = program.IsGo(f)
		seen[id] = golang
	}
	return golang, true
}

// writesTo reports whether the stdout or stderr of pid is the same file as f.
func (p procfs) writesTo(pid int, f *os.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	for _, fd := range []string{"fd/1", "fd/2"} {
		if theirs, err := os.Stat(p.path(pid, fd)); err == nil && os.SameFile(ours, theirs) {
			return true
		}
	}
	return false
}

// completeProcess offers the Go processes to the shell's completion.
func completeProcess(a *app) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var words []string
		for _, proc := range a.procs.list() {
			if proc.golang {
				words = append(words, fmt.Sprintf("%d\t%s", proc.pid, proc.command()))
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}
