package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gtrace/procstatus"
	"gtrace/session/source"
)

// What follows reads what the kernel says of one process, which is a PID or
// "self". Whatever cannot be read is as if it were not there.

// self is the process of gtrace.
const self = "self"

// field returns a field of a process's status, or "".
func (p procfs) field(process, name string) string {
	status, _ := procstatus.In(filepath.Join(p.root, process))
	return status.Field(name)
}

func (p procfs) read(names ...string) string {
	text, _ := os.ReadFile(filepath.Join(append([]string{p.root}, names...)...))
	return string(text)
}

// tracer returns the PID and the name of the process that traces pid, or 0.
func (p procfs) tracer(pid int) (int, string) { return p.tracerOf(strconv.Itoa(pid)) }

func (p procfs) tracerOf(process string) (int, string) {
	tracer, _ := strconv.Atoi(p.field(process, "TracerPid"))
	// The kernel names the thread that traces; people know its process.
	if tgid, err := strconv.Atoi(p.field(strconv.Itoa(tracer), "Tgid")); err == nil {
		tracer = tgid
	}
	if tracer == 0 {
		return 0, ""
	}
	return tracer, printable(strings.TrimSpace(p.read(strconv.Itoa(tracer), "comm")))
}

// users returns the ids of the users that a process acts for, as text: the real
// one, the effective one, the saved one and that for files.
func (p procfs) users(process string) []string { return strings.Fields(p.field(process, "Uid")) }

// capabilities returns the set of capabilities in a field as CapEff.
func (p procfs) capabilities(process, field string) uint64 {
	set, _ := strconv.ParseUint(p.field(process, field), 16, 64)
	return set
}

// reader returns the user as whom files are read that a process names, nil if gtrace
// may read no more than the process itself.
func (p procfs) reader(pid int) *source.User {
	process := strconv.Itoa(pid)
	own, theirs := p.users(self), p.users(process)
	if slices.Equal(own, theirs) && p.capabilities(self, "CapEff")&^p.capabilities(process, "CapEff") == 0 {
		return nil
	}
	const forFiles = 3
	u := &source.User{UID: nobodyKnown, GID: nobodyKnown}
	if gids := strings.Fields(p.field(process, "Gid")); len(theirs) > forFiles && len(gids) > forFiles {
		u.UID, _ = strconv.Atoi(theirs[forFiles])
		u.GID, _ = strconv.Atoi(gids[forFiles])
	}
	for text := range strings.FieldsSeq(p.field(process, "Groups")) {
		if gid, err := strconv.Atoi(text); err == nil {
			u.Groups = append(u.Groups, gid)
		}
	}
	return u
}

// nobodyKnown is a user that nobody can be: of a process that has ended.
const nobodyKnown = -1

// filtered reports whether a process is under a seccomp filter.
func (p procfs) filtered(process string) bool { return p.field(process, "Seccomp") == "2" }

// yamaScope is kernel.yama.ptrace_scope; false where the kernel has no Yama.
func (p procfs) yamaScope() (int, bool) {
	scope, err := strconv.Atoi(strings.TrimSpace(p.read("sys/kernel/yama/ptrace_scope")))
	return scope, err == nil
}

// Namespaces of the machine itself, outside of every container.
const (
	machinePIDs  = "pid:[4026531836]"
	machineUsers = "user:[4026531837]"
)

// namespace returns the name of a process's namespace: pid or user.
func (p procfs) namespace(process, kind string) string {
	name, _ := os.Readlink(filepath.Join(p.root, process, "ns", kind))
	return name
}

// runtimes are words in the names of control groups that containers get, and
// who makes them.
var runtimes = []struct{ word, name string }{
	{"kubepods", "Kubernetes"},
	{"docker", "Docker"},
	{"libpod", "Podman"},
	{"containerd", "containerd"},
	{"crio", "CRI-O"},
	{"lxc", "LXC"},
	{"machine.slice", "systemd-nspawn"},
}

// container names what keeps a process in a container, as far as its control
// group tells: "".
func (p procfs) container(process string) string {
	groups := p.read(process, "cgroup")
	for _, r := range runtimes {
		if strings.Contains(groups, r.word) {
			return r.name
		}
	}
	return ""
}

// innerPID is the PID that a process has in its own container; 0 when it is in
// none but gtrace's.
func (p procfs) innerPID(process string) int {
	pids := strings.Fields(p.field(process, "NSpid"))
	if len(pids) < 2 {
		return 0
	}
	pid, _ := strconv.Atoi(pids[len(pids)-1])
	return pid
}

// The bits of capabilities: to trace every process, and to suspend its filters.
const (
	capSysPtrace = 1 << 19
	capSysAdmin  = 1 << 21
)

// capabilityNames are the names of capabilities, by bit.
var capabilityNames = strings.Fields(`
	chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable
	net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio
	sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time
	sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog
	wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore`)

// capabilityList names the capabilities of a set, a few of them.
func capabilityList(set uint64) string {
	var names []string
	for bit := range 64 {
		switch {
		case set>>bit&1 == 0:
		case bit < len(capabilityNames):
			names = append(names, "CAP_"+strings.ToUpper(capabilityNames[bit]))
		default:
			names = append(names, "capability "+strconv.Itoa(bit))
		}
	}
	const few = 3
	if len(names) > few+1 {
		names = append(slices.Clone(names[:few]), fmt.Sprintf("and %d more", len(names)-few))
	}
	return strings.Join(names, ", ")
}
