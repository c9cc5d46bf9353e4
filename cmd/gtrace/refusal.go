package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A refusal is a reason for which the kernel does not let gtrace trace a
// process, and what helps.
type refusal struct {
	about string   // the check of doctor that tells it
	what  string   // the fact; empty when none can be seen
	do    []string // what to type, the best first
}

// seccompRefusal is the reason when gtrace is under a filter and nothing else can
// be seen.
var seccompRefusal = refusal{
	"seccomp", "a seccomp filter, as of a container, forbids ptrace",
	[]string{"docker run --cap-add=SYS_PTRACE --security-opt seccomp=unconfined …"},
}

// hints are the fact with what helps.
func (r refusal) hints() []string {
	if r.what == "" || len(r.do) == 0 {
		return r.do
	}
	return append([]string{r.what + ": " + r.do[0]}, r.do[1:]...)
}

// refusals finds the reasons for which the kernel has refused, the most weighty
// first. It is nil when none can be seen. Without a target the process refused
// was a child of gtrace.
func (w hintWorld) refusals() []refusal {
	scope, _ := w.procs.yamaScope()
	yama, restricts := w.yama(scope)
	if scope == 3 {
		return []refusal{yama}
	}
	var found []refusal
	if tracer, comm := w.procs.tracerOf(self); tracer != 0 && w.pid == 0 {
		found = append(found, refusal{
			"tracer", fmt.Sprintf("gtrace itself is traced by %s (pid %d), which takes what it starts", comm, tracer),
			[]string{"run gtrace without it"},
		})
	}
	if w.procs.capabilities(self, "CapEff")&capSysPtrace != 0 {
		return append(found, w.confinements()...)
	}
	if w.euid == 0 {
		found = append(found, refusal{
			"capability", "the capability CAP_SYS_PTRACE is missing",
			[]string{"docker run --cap-add=SYS_PTRACE …; in Kubernetes securityContext.capabilities.add: [SYS_PTRACE]"},
		})
	}
	found = append(found, w.otherUser()...)
	if restricts && (scope > 1 || w.pid != 0) {
		found = append(found, yama)
	}
	if len(found) == 0 && w.pid != 0 && w.procs.hides(w.pid, w.euid) {
		found = append(found, refusal{"user", "the process lets nobody look into it (prctl PR_SET_DUMPABLE)", []string{w.sudo()}})
	}
	if len(found) == 0 && w.procs.filtered(self) {
		return []refusal{seccompRefusal}
	}
	if len(found) == 0 {
		found = append(found, refusal{do: []string{w.sudo()}})
	}
	return found
}

// yama says what a value of kernel.yama.ptrace_scope keeps from being traced.
func (w hintWorld) yama(scope int) (r refusal, restricts bool) {
	sudo, do := w.asRoot(), "or, until the next boot, for every process: sudo sysctl kernel.yama.ptrace_scope=0"
	if sudo == nil {
		do = "until the next boot, for every process: sysctl kernel.yama.ptrace_scope=0"
	}
	switch scope {
	case 1:
		return refusal{"yama", "kernel.yama.ptrace_scope is 1: only children may be traced", append(sudo, do)}, true
	case 2:
		return refusal{"yama", "kernel.yama.ptrace_scope is 2: tracing needs CAP_SYS_PTRACE", sudo}, true
	case 3:
		return refusal{
			"yama", "kernel.yama.ptrace_scope is 3: no process may be traced",
			[]string{"set another value in /etc/sysctl.d and boot the machine"},
		}, true
	}
	return refusal{}, false
}

// asRoot is the same command line again, for who is not root.
func (w hintWorld) asRoot() []string {
	if w.euid == 0 {
		return nil
	}
	return []string{w.sudo()}
}

// confinements are the reasons for refusing one who may trace every process.
func (w hintWorld) confinements() []refusal {
	var found []refusal
	if w.procs.filtered(self) {
		found = append(found, seccompRefusal)
	}
	ours, theirs := w.procs.namespace(self, "user"), w.procs.namespace(strconv.Itoa(w.pid), "user")
	if w.pid != 0 && ours != "" && ours != machineUsers && ours != theirs {
		found = append(found, refusal{
			"container", "the process is outside of the user namespace of gtrace",
			[]string{"run gtrace on the machine itself, outside of the container"},
		})
	}
	label := strings.TrimRight(strings.TrimSpace(w.procs.read(self, "attr/current")), "\x00")
	if label != "" && !strings.HasPrefix(label, "unconfined") && len(found) == 0 {
		found = append(found, refusal{
			"security", "a security module confines gtrace (" + printable(label) + ")",
			[]string{"docker run --security-opt apparmor=unconfined …; or, with SELinux, --security-opt label=disable"},
		})
	}
	return found
}

// otherUser tells whether the target belongs to another user, or has more
// privileges.
func (w hintWorld) otherUser() []refusal {
	if w.pid == 0 {
		return nil
	}
	target := strconv.Itoa(w.pid)
	ours := strconv.Itoa(w.euid)
	other := func(uid string) bool { return uid != ours }
	do := w.asRoot()
	if ids := w.procs.users(target); slices.ContainsFunc(ids, other) {
		owner := ids[slices.IndexFunc(ids, other)]
		return []refusal{{"user", fmt.Sprintf("the process belongs to user %s, you are %d", owner, w.euid), do}}
	}
	if more := w.procs.capabilities(target, "CapPrm") &^ w.procs.capabilities(self, "CapPrm"); more != 0 {
		return []refusal{{"user", "the process has capabilities that gtrace lacks (" + capabilityList(more) + ")", do}}
	}
	return nil
}

// hides reports whether a process of the user uid lets nobody but root look into
// it: the kernel gives its files to root then.
func (p procfs) hides(pid, uid int) bool {
	info, err := os.Stat(p.path(pid, ""))
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) != uid
}
