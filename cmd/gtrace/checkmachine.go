package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace"
)

// machine checks the machine and gtrace itself. It is false when nothing can be
// traced here whatever else may be found.
func (d *doctor) machine() bool {
	trial := d.probe.Try()
	if errors.Is(trial.Trace, engine.ErrNotSupported) {
		d.fail("platform", trial.Trace)
		return false
	}
	kernel := strings.TrimSpace(d.procs.read("sys/kernel/osrelease"))
	d.add("platform", good, fmt.Sprintf("%s/%s, kernel %s", runtime.GOOS, runtime.GOARCH, kernel))
	oldest, newest := program.GoVersions()
	d.add("gtrace", good, fmt.Sprintf("version %s, for programs of %s to %s", buildVersion(), oldest, newest))
	d.yama()
	d.capability()
	d.seccomp()
	d.container()
	d.trial(trial)
	return true
}

func (d *doctor) trial(trial ptrace.Trial) {
	switch {
	case trial.Trace == nil && trial.Write == nil:
		d.add("trial", good, "a child was started, traced and changed")
	case trial.Trace == nil:
		d.fail("trial", trial.Write)
	case d.world.pid != 0:
		// What may be done to the process is asked for itself.
		d.add("trial", warning, trial.Trace.Error(), "gtrace doctor tells more")
	case errors.Is(trial.Trace, engine.ErrPermission):
		d.add("trial", bad, trial.Trace.Error())
		d.refused()
	default:
		d.fail("trial", trial.Trace)
	}
}

func (d *doctor) mayTraceAll() bool {
	return d.procs.capabilities(self, "CapEff")&capSysPtrace != 0
}

func (d *doctor) yama() {
	scope, known := d.procs.yamaScope()
	r, restricts := d.world.yama(scope)
	switch {
	case !known:
		d.add("yama", good, "the kernel does without")
	case !restricts:
		d.add("yama", good, fmt.Sprintf("kernel.yama.ptrace_scope is %d: processes of the same user may be traced", scope))
	case scope < 3 && d.mayTraceAll():
		d.add("yama", good, fmt.Sprintf("kernel.yama.ptrace_scope is %d, which CAP_SYS_PTRACE overrides", scope))
	case scope == 1 && d.world.pid == 0 && d.world.prog == "":
		d.add("yama", warning, r.what+": attaching will be refused", r.do...)
	default:
		// Whether that is in the way shows where it is tried.
		d.add("yama", good, r.what)
	}
}

func (d *doctor) capability() {
	if d.mayTraceAll() {
		d.add("capability", good, "CAP_SYS_PTRACE: processes of every user may be traced")
		return
	}
	d.add("capability", good, fmt.Sprintf("no CAP_SYS_PTRACE: processes of user %d may be traced", d.world.euid))
}

func (d *doctor) seccomp() {
	if d.procs.filtered(self) {
		d.add("seccomp", good, "gtrace is under a filter, which need not forbid ptrace")
		return
	}
	d.add("seccomp", good, "gtrace is under no filter")
}

func (d *doctor) container() {
	pids, users := d.procs.namespace(self, "pid"), d.procs.namespace(self, "user")
	by := d.procs.container(self)
	if by != "" {
		by = " of " + by
	}
	switch {
	case pids == "":
		d.add("container", good, "unknown: /proc does not tell")
	case pids != machinePIDs:
		d.add("container", good, "gtrace is in a container"+by+": it sees the processes there only")
	case users != "" && users != machineUsers:
		d.add("container", good, "gtrace is in a user namespace of its own: it may trace the processes there only")
	default:
		d.add("container", good, "gtrace is in none")
	}
}
