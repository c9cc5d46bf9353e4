package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"gtrace/session"
	"gtrace/session/engine"
	"gtrace/session/engine/program"
)

// process checks whether the process may be attached to. It is false when there
// is no more to look at.
func (d *doctor) process() bool {
	pid := d.world.pid
	if pid == 0 {
		return true
	}
	err := d.probe.Check(pid)
	if errors.Is(err, engine.ErrNoProcess) || errors.Is(err, engine.ErrNotSupported) {
		d.fail("process", err)
		return false
	}
	target := strconv.Itoa(pid)
	d.state(target)
	d.owner(target)
	if errors.Is(err, engine.ErrTraced) {
		d.fail("tracer", err)
	} else {
		d.add("tracer", good, "none")
		d.remains(err)
	}
	d.surroundings(target)
	switch {
	case errors.Is(err, engine.ErrPermission):
		d.add("attach", bad, err.Error())
		d.refused()
		return false // nor may its program be read
	case errors.Is(err, engine.ErrNotGo):
		d.fail("program", err)
		return false
	case !errors.Is(err, engine.ErrTraced): // what else there may be is about the program
		d.add("attach", good, "the kernel allows it")
		d.protection(target)
	}
	return true
}

// state tells whether the process is able to do anything.
func (d *doctor) state(target string) {
	name := printable(strings.TrimSpace(d.procs.read(target, "comm")))
	found := fmt.Sprintf("PID %s (%s), threads: %s", target, name, d.procs.field(target, "Threads"))
	if state := d.procs.field(target, "State"); strings.HasPrefix(state, "T") {
		d.add("process", warning, found+"; it stands still (SIGSTOP or Ctrl-Z): nothing will be seen", "kill -CONT "+target)
		return
	}
	d.add("process", good, found)
}

// remains tells what a tracer that was killed has left; err is why attaching would
// be refused.
func (d *doctor) remains(err error) {
	repair := "gtrace repair --write " + strconv.Itoa(d.world.pid)
	switch {
	case errors.Is(err, engine.ErrPatched):
		d.add("remains", bad, err.Error(), repair)
	case d.probe.HasLeft(d.world.pid):
		d.add("remains", warning, "a gtrace that was killed has left its handler of SIGTRAP, which does no harm", repair)
	}
}

// owner tells the user. Refusals say when that is a reason.
func (d *doctor) owner(target string) {
	ids := d.procs.users(target)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = userName(id)
	}
	found := "the process is of user " + strings.Join(names, " and ")
	switch {
	case len(ids) == 0:
		found = "unknown: /proc does not tell"
	case len(ids) == 1 && ids[0] == strconv.Itoa(d.world.euid):
		found += ", as gtrace"
	default:
		found += ", gtrace of " + userName(strconv.Itoa(d.world.euid))
	}
	d.add("user", good, found)
}

// surroundings tells what else is around the process.
func (d *doctor) surroundings(target string) {
	if inner := d.procs.innerPID(target); inner != 0 {
		by := d.procs.container(target)
		if by != "" {
			by = " of " + by
		}
		d.add("target container", good, fmt.Sprintf("the process is in one%s, as PID %d there", by, inner))
	} else {
		d.add("target container", good, "the process is in none but that of gtrace")
	}
	switch {
	case d.procs.filtered(target) && d.maySuspendFilters():
		d.add("target seccomp", good, "the process is under a filter, which is not asked for what gtrace makes it do")
	case d.procs.filtered(target):
		d.add("target seccomp", bad,
			"the process is under a filter, so that gtrace cannot make it survive SIGKILL to gtrace: it refuses to trace it so",
			"run gtrace with CAP_SYS_ADMIN, outside of containers",
			unprotected(target))
	default:
		d.add("target seccomp", good, "the process is under no filter")
	}
}

// protection tells whether the process would survive SIGKILL to gtrace, which only
// it can make sure of.
func (d *doctor) protection(target string) {
	if d.procs.filtered(target) && !d.maySuspendFilters() {
		return // that was said
	}
	if err := d.probe.Protectable(d.world.pid); err != nil {
		d.add("protection", bad, "it would not survive SIGKILL to gtrace, which refuses to trace it so: "+err.Error(), unprotected(target))
		return
	}
	d.add("protection", good, "the process can be made to survive SIGKILL to gtrace")
}

// unprotected is the hint to take the risk.
func unprotected(target string) string {
	return "gtrace attach --unprotected " + target + " traces it nevertheless: end that by Ctrl-C or SIGTERM only"
}

// maySuspendFilters reports whether the kernel would let gtrace keep the filters
// of a process from being asked.
func (d *doctor) maySuspendFilters() bool {
	users := d.procs.namespace(self, "user")
	return d.procs.capabilities(self, "CapEff")&capSysAdmin != 0 && !d.procs.filtered(self) && (users == "" || users == machineUsers)
}

// binary checks whether the program can be read.
func (d *doctor) binary(path string) {
	p, err := d.probe.Inspect(path)
	if err != nil && d.world.pid != 0 && d.procs.ended(d.world.pid) {
		d.fail("program", fmt.Errorf("%w: it has just ended", engine.ErrNoProcess))
		return
	}
	if err != nil {
		if !errors.Is(err, fs.ErrPermission) || d.count(bad) == 0 {
			d.fail("program", err)
		}
		return
	}
	img, err := d.engine.Open(path)
	if err == nil {
		defer img.Close()
	}
	d.add("program", good, buildText(p))
	if errors.Is(err, engine.ErrGoVersion) {
		d.fail("go version", err)
	} else {
		d.add("go version", good, p.GoVersion)
	}
	d.debugInfo(p, err)
	switch {
	case err == nil:
		d.functions(img)
	case !errors.Is(err, engine.ErrGoVersion) && !errors.Is(err, engine.ErrNoDebugInfo) && !errors.Is(err, engine.ErrDamaged):
		d.fail("read", err)
	}
}

// buildText tells what a program is and how it was built.
func buildText(p program.Build) string {
	words := []string{printable(p.Package)}
	switch {
	case p.Optimized == nil:
	case *p.Optimized:
		words = append(words, "optimised")
	default:
		words = append(words, "not optimised")
	}
	// What ps shows first has just been said in full.
	words = append(words, newPsProgram(p).words()[1:]...)
	return strings.Join(words, ", ")
}

func (d *doctor) debugInfo(p program.Build, err error) {
	switch {
	case errors.Is(err, engine.ErrNoDebugInfo) && p.DebugLink != "":
		d.add("debug info", bad, fmt.Sprintf("%v; it was moved to %s", err, quote(printable(p.DebugLink))),
			"eu-unstrip -o FULL PROGRAM "+quote(printable(p.DebugLink))+" puts both together again: run that")
	case errors.Is(err, engine.ErrNoDebugInfo) || errors.Is(err, engine.ErrDamaged):
		d.fail("debug info", err)
	case !p.DebugInfo:
		d.add("debug info", warning, "the program has none: not everything can be read", d.world.noDebugInfo()...)
	default:
		d.add("debug info", good, "DWARF is in the program")
	}
}

// functions counts what can be seen of the main module.
func (d *doctor) functions(img image) {
	sel, err := session.Select(img.Functions(), img.Module(), nil, nil)
	if err != nil {
		d.fail("functions", err)
		return
	}
	partly := 0
	for _, fn := range sel.Functions {
		if fn.Inlined > 0 {
			partly++
		}
	}
	found := fmt.Sprintf("%d of %s of the main module can be traced",
		len(sel.Functions), plural(len(sel.Functions)+len(sel.Inlined), "function"))
	var remedies []string
	if n := len(sel.Functions); n > session.DefaultMaxProbes {
		found += fmt.Sprintf(", more than the %d of --max-probes", session.DefaultMaxProbes)
		remedies = append(remedies, "choose some of them with -t PATTERN: gtrace funcs "+d.world.subject()+" lists them")
	}
	if len(sel.Inlined)+partly > 0 {
		found += fmt.Sprintf("; inlined, so that calls are not seen: %d everywhere, %d in places", len(sel.Inlined), partly)
		remedies = append(remedies, d.world.offer(d.world.remedy())...)
	}
	s := good
	if len(remedies) > 0 {
		s = warning
	}
	d.add("functions", s, found, remedies...)
}
