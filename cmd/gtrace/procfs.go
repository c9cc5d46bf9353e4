package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

// procfs is the mounted /proc.
type procfs struct{ root string }

// A process is one that was found by name.
type process struct {
	pid     int
	name    string // of its program
	command string // its command line, without secrets
	golang  bool
	known   bool // whether golang could be told
}

func (p procfs) path(pid int, name string) string {
	return filepath.Join(p.root, strconv.Itoa(pid), name)
}

// find returns the process that PID|NAME means. With an error the PID is that
// of a process that was found but will not do, or 0.
func (p procfs) find(who string) (int, error) {
	if pid, err := strconv.Atoi(who); err == nil {
		if pid <= 0 {
			return 0, fmt.Errorf("%d: %w", pid, engine.ErrNoProcess)
		}
		return pid, nil
	}
	var able, other []process
	for _, proc := range p.list() {
		if proc.name != who {
			continue
		}
		// A program that may not be read may be Go: attaching will tell.
		if proc.golang || !proc.known {
			able = append(able, proc)
		} else {
			other = append(other, proc)
		}
	}
	switch {
	case len(able) == 1:
		return able[0].pid, nil
	case len(able) > 1:
		return 0, withHint(fmt.Errorf("%s: %d Go processes have that name:\n%s", who, len(able), table(able)),
			fmt.Sprintf("gtrace attach %d", able[0].pid))
	case len(other) > 0:
		return other[0].pid, fmt.Errorf("%s: PID %d: %w", who, other[0].pid, engine.ErrNotGo)
	}
	return 0, fmt.Errorf("%s: %w of that name", who, engine.ErrNoProcess)
}

// table lists processes, one a line.
func table(procs []process) string {
	lines := make([]string, len(procs))
	for i, proc := range procs {
		lines[i] = fmt.Sprintf("  %7d  %s", proc.pid, proc.command)
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
	for _, dir := range dirs {
		pid, err := strconv.Atoi(dir.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if proc, ok := p.process(pid); ok {
			procs = append(procs, proc)
		}
	}
	slices.SortFunc(procs, func(a, b process) int { return a.pid - b.pid })
	return procs
}

// process reads what is known of a process. It is false for those that have no
// program: kernel threads, and those that have ended meanwhile.
func (p procfs) process(pid int) (process, bool) {
	proc := process{pid: pid}
	cmdline, _ := os.ReadFile(p.path(pid, "cmdline"))
	cmdline = bytes.TrimRight(cmdline, "\x00")
	if len(cmdline) == 0 {
		return proc, false
	}
	argv := strings.Split(string(cmdline), "\x00")
	proc.command = shownCommand(argv)
	proc.name = filepath.Base(argv[0])
	if exe, err := os.Readlink(p.path(pid, "exe")); err == nil {
		proc.name = filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
	}
	f, err := os.Open(p.path(pid, "exe"))
	if err != nil {
		return proc, true
	}
	defer f.Close()
	_, err = buildinfo.Read(f)
	proc.golang, proc.known = err == nil, true
	return proc, true
}

// shownCommand returns a command line as others may see it: without the values
// of arguments that are passwords and the like, and without what a terminal
// would obey.
func shownCommand(argv []string) string {
	names, _ := secret.New() // only an added name can be wrong
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.Join(names.CommandLine(argv), " "))
}

// tracer returns the PID and the name of the process that traces pid, or 0.
func (p procfs) tracer(pid int) (int, string) {
	tracer, _ := strconv.Atoi(p.field(strconv.Itoa(pid), "TracerPid"))
	// The kernel names the thread that traces; people know its process.
	if tgid, err := strconv.Atoi(p.field(strconv.Itoa(tracer), "Tgid")); err == nil {
		tracer = tgid
	}
	if tracer == 0 {
		return 0, ""
	}
	comm, _ := os.ReadFile(p.path(tracer, "comm"))
	return tracer, strings.TrimSpace(string(comm))
}

// field returns a field of a process's status, or "". The process is a PID or
// "self".
func (p procfs) field(process, name string) string {
	status, _ := os.ReadFile(filepath.Join(p.root, process, "status"))
	for line := range strings.Lines(string(status)) {
		if key, value, ok := strings.Cut(line, ":"); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
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
				words = append(words, fmt.Sprintf("%d\t%s", proc.pid, proc.command))
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}
