package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gtrace/repair"
	"gtrace/session/engine"
	"gtrace/session/engine/ptrace"
)

// repairFlags are the flags of repair.
type repairFlags struct {
	write          bool
	format         string
	quiet, verbose bool
}

func newRepairCommand(a *app) *cobra.Command {
	var f repairFlags
	cmd := &cobra.Command{
		Use:   "repair [flags] PID|NAME",
		Short: "Find and remove breakpoints that a killed tracer has left",
		Long: `Compare the code of the process PID, or of the one process whose program is
called NAME, with the files it was loaded from, and list what differs. A tracer
that was killed with SIGKILL (dlv, gdb, gtrace) leaves its breakpoints behind: a
thread that reaches one ends the process with SIGTRAP. --write removes them: it
puts back the bytes of the file. Nothing is written without it.

A breakpoint is a byte of int3 (cc) that stands alone where the file has another
byte. "borrowed" is code that gtrace has put there for a moment, and marked. Any
other difference is shown as "changed" and never touched. While
another process traces this one, the breakpoints are its own: --write refuses.

The process runs on all the while. It may be written in any language.

EXIT STATUS
  0    the code is as on disk, or is so now
  1    it is not, or not all of it could be compared
  2    wrong usage
  125  gtrace itself failed
  126  the process cannot be read or written to`,
		Example: `  gtrace repair 4711                 show what differs
  gtrace repair --write 4711         and remove the breakpoints
  gtrace repair server --format json | jq -r .func`,
		Args: needArgs(1, 1, "PID or NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			return runRepair(a, &f, args[0])
		},
		ValidArgsFunction: completeProcess(a),
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.BoolVarP(&f.write, "write", "w", false, "remove the breakpoints that are found")
	fs.StringVar(&f.format, "format", formats[0], "`FORMAT` of the list: text or json (one object a line)")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "errors and hints only, besides the list")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "list all differences, and the files compared")
	return cmd
}

func runRepair(a *app, f *repairFlags, who string) error {
	if !slices.Contains(formats, f.format) {
		return usage(fmt.Errorf("--format %s: use text, json", f.format))
	}
	a.say.quiet, a.say.verbose = f.quiet, f.verbose
	pid, err := a.procs.search(who, true)
	a.say.world.pid = pid
	if err != nil {
		return notStarted(fmt.Errorf("repair %w", err))
	}
	p, err := repair.Open(pid, f.write)
	if err != nil {
		return notStarted(fmt.Errorf("repair process %d: %w", pid, err))
	}
	defer p.Close()
	r := &repairRun{app: a, flags: f, pid: pid, process: p}
	return r.run()
}

// A repairRun is one run of the command.
type repairRun struct {
	*app
	flags   *repairFlags
	pid     int
	process *repair.Process
}

func (r *repairRun) run() error {
	found, err := r.process.Compare()
	if err != nil {
		return r.failed(err)
	}
	restored := 0
	var refused error
	if r.flags.write && found.Breakpoints() > 0 {
		restored, refused = r.process.Restore(found, nil)
	}
	handler := r.handler()
	left, failed := found, refused
	if refused == nil {
		left, failed = r.putRight(found, restored)
	}
	// What was found is shown also when it could not be put right.
	if err := r.list(found, handler); err != nil {
		return errors.Join(err, failed)
	}
	if failed != nil {
		return r.failed(failed)
	}
	r.conclude(left)
	if len(left.Differences) > 0 || !left.Compared() || r.handler() {
		return ended(statusProblem)
	}
	return nil
}

// putRight takes away what else is left once the breakpoints are removed, notes in what
// was found what is as on disk again, and returns what is left.
func (r *repairRun) putRight(found *repair.Report, restored int) (left *repair.Report, err error) {
	left = found
	if restored > 0 {
		r.say.note("%s: %s removed", r.name(), plural(restored, "breakpoint"))
		if left, err = r.process.Compare(); err != nil {
			return nil, err
		}
	}
	if err := r.recover(left); err != nil {
		return nil, err
	}
	if r.flags.write && left.Borrowed() > 0 {
		if left, err = r.process.Compare(); err != nil {
			return nil, err
		}
		found.MarkRestored(left)
	}
	return left, nil
}

// handler reports whether a killed gtrace has left its handler of SIGTRAP.
func (r *repairRun) handler() bool {
	tracer, _ := r.process.Tracer()
	return tracer == 0 && ptrace.HasLeft(r.pid)
}

// recover removes the handler, with --write, once no breakpoint needs it any
// more, and puts back what is borrowed.
func (r *repairRun) recover(left *repair.Report) error {
	handler, borrowed := r.handler(), left.Borrowed() > 0
	if !r.flags.write || left.Breakpoints() > 0 || !handler && !borrowed {
		return nil
	}
	if err := ptrace.Recover(r.pid); err != nil {
		if now, cerr := r.process.Compare(); cerr != nil || r.handler() || now.Borrowed() > 0 {
			return err
		}
	}
	if handler {
		r.say.note("%s: the handler of SIGTRAP that a killed gtrace has left is removed", r.name())
	}
	if borrowed {
		r.say.note("%s: the code that a killed gtrace has injected a system call into is put back", r.name())
	}
	return nil
}

// failed is the error for a process that cannot be read or written.
func (r *repairRun) failed(err error) error {
	err = fmt.Errorf("repair process %d: %w", r.pid, err)
	if tracer, name := r.process.Tracer(); errors.Is(err, engine.ErrTraced) && tracer != 0 {
		err = withHint(err, fmt.Sprintf("the breakpoints belong to PID %d (%s), which removes them when it lets go: quit it, with Ctrl-C, never with kill -9", tracer, printable(name)))
	}
	return notStarted(err)
}

// name is what messages call the process.
func (r *repairRun) name() string {
	program := strings.TrimSuffix(r.process.Program(), " (deleted)")
	return fmt.Sprintf("PID %d (%s)", r.pid, printable(filepath.Base(program)))
}

// list writes what was found to stdout, a handler of SIGTRAP too if there was one.
func (r *repairRun) list(found *repair.Report, handler bool) error {
	rows, left := r.rows(found)
	if r.flags.format == "json" {
		if handler {
			rows = append(rows, repairRow{What: "handler", Restored: !r.handler(), Reason: "left by a gtrace that was killed"})
		}
		return writeRepairJSON(r.out, rows, found)
	}
	if err := writeRepair(r.out, rows); err != nil {
		return err
	}
	if left > 0 {
		r.say.note("and %d more: -v lists all of them", left)
	}
	return nil
}

// conclude says what the process is like now, and what can be done.
func (r *repairRun) conclude(found *repair.Report) {
	var size uint64
	for _, file := range found.Files {
		size += file.Size
		if file.Err != nil {
			r.say.note("%s: not compared: %v", printable(file.Path), file.Err)
		} else {
			r.say.detail("%s: %d bytes of code", printable(file.Path), file.Size)
		}
	}
	if found.More > 0 {
		r.say.note("%s more were counted and not kept", plural(found.More, "change"))
	}
	breakpoints, changes := found.Breakpoints(), found.Changes()
	switch {
	case breakpoints == 0 && changes == 0 && found.Borrowed() == 0 && found.Compared():
		r.say.note("%s: its code is as on disk (%d KB in %s)", r.name(), size>>10, plural(len(found.Files), "file"))
	case breakpoints > 0:
		r.warn(breakpoints, found.Uprobes)
	}
	r.remains(breakpoints, found.Borrowed())
	if changes > 0 {
		r.say.note("%s: %s that gtrace leaves alone: no breakpoint of a tracer looks like that", r.name(), plural(changes, "change"))
	}
	if state := r.procs.field(fmt.Sprint(r.pid), "State"); strings.HasPrefix(state, "T") {
		r.say.hint("the process is stopped by a signal; to let it run: kill -CONT %d", r.pid)
	}
}

// remains says what a killed gtrace has left that does no harm.
func (r *repairRun) remains(breakpoints, borrowed int) {
	handler := r.handler()
	if tracer, _ := r.process.Tracer(); tracer != 0 || breakpoints > 0 || !handler && borrowed == 0 {
		return
	}
	if handler {
		r.say.note("%s: a killed gtrace has left its handler of SIGTRAP, which does no harm", r.name())
	}
	if borrowed > 0 {
		r.say.note("%s: a killed gtrace has left code of its own where the program runs none any more, which does no harm", r.name())
	}
	r.say.hint("gtrace repair --write %d", r.pid)
}

// warn says what breakpoints mean for the process.
func (r *repairRun) warn(breakpoints int, uprobes bool) {
	count := plural(breakpoints, "breakpoint") + " in its code"
	if tracer, name := r.process.Tracer(); tracer != 0 {
		r.say.note("%s: %s: PID %d (%s) traces it, they are its own", r.name(), count, tracer, printable(name))
		return
	}
	if r.handler() {
		r.say.note("%s: %s, and nobody traces it: the handler of SIGTRAP that a killed gtrace has left leads threads past those of gtrace; any other ends the process", r.name(), count)
	} else {
		r.say.note("%s: %s, and nobody traces it: a thread that reaches one ends the process with SIGTRAP", r.name(), count)
	}
	if uprobes {
		r.say.note("the kernel has run uprobes (perf, bpftrace) here: breakpoints of theirs look the same and do no harm; once removed they see nothing more")
	}
	r.say.hint("gtrace repair --write %d", r.pid)
}
