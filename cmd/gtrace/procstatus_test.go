package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestStatus(t *testing.T) {
	p := fakeProc(t, map[string]string{
		"42/status": "Name:\tx:y\nUid:\t1\t2\t3\t4\nTracerPid:\t77\nNSpid:\t42\t9\t1\nCapPrm:\tffffffffffffffff\nSeccomp:\t2\n",
		"76/status": "Tgid:\t76\n", "76/comm": "dlv\x1b[1m\n", "77/status": "Tgid:\t76\n",
		"43/status": "Uid:\nTracerPid:\t-\nNSpid:\t43\nCapPrm:\txyz\n",
		"42/cgroup": "12:pids:/machine.slice/libpod-1.scope\n",
	})
	if got := p.field("42", "Name"); got != "x:y" {
		t.Errorf("name %q", got)
	}
	if got := strings.Join(p.users("42"), " "); got != "1 2 3 4" {
		t.Errorf("users %q", got)
	}
	if pid, comm := p.tracer(42); pid != 76 || comm != `dlv\x1b[1m` {
		t.Errorf("tracer %d %q", pid, comm)
	}
	if p.innerPID("42") != 1 || p.innerPID("43") != 0 || p.innerPID("44") != 0 {
		t.Errorf("inner PIDs %d %d", p.innerPID("42"), p.innerPID("43"))
	}
	if p.container("42") != "Podman" || p.container("43") != "" {
		t.Errorf("containers %q %q", p.container("42"), p.container("43"))
	}
	if !p.filtered("42") || p.filtered("43") {
		t.Error("seccomp")
	}
	if pid, _ := p.tracer(43); pid != 0 || len(p.users("43")) != 0 || p.capabilities("43", "CapPrm") != 0 {
		t.Error("what makes no sense is not as if it were not there")
	}
}

func TestCapabilityList(t *testing.T) {
	for set, want := range map[uint64]string{
		0:                 "",
		1 << 19:           "CAP_SYS_PTRACE",
		1 << 40:           "CAP_CHECKPOINT_RESTORE",
		1 << 63:           "capability 63",
		0b1111:            "CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER",
		1<<41 - 1:         "CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, and 38 more",
		1<<10 | 1<<12 | 1: "CAP_CHOWN, CAP_NET_BIND_SERVICE, CAP_NET_ADMIN",
	} {
		if got := capabilityList(set); got != want {
			t.Errorf("%#x: %s, want %s", set, got, want)
		}
	}
}

// FuzzStatus reads what other processes may write, or have written for them.
func FuzzStatus(f *testing.F) {
	f.Add("Uid:\t1000\t1000\t1000\t1000\nTracerPid:\t77\n", "server\x00-p\x00")
	f.Add("NSpid:\t1\t2\nCapPrm:\t000001ffffffffff\n:\n", "\x1b]0;title\a")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, status, cmdline string) {
		p := procfs{root: dir}
		for name, text := range map[string]string{"status": status, "cmdline": cmdline, "comm": cmdline, "cgroup": status} {
			path := filepath.Join(dir, strconv.Itoa(os.Getpid()), name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		pid := os.Getpid()
		target := strconv.Itoa(pid)
		_, comm := p.tracer(pid)
		shown := []string{comm, capabilityList(p.capabilities(target, "CapPrm")), p.container(target)}
		if proc, ok := p.process(pid, programs{}); ok {
			shown = append(shown, proc.command())
		}
		w := hintWorld{procs: p, euid: 1, pid: pid}
		for _, hint := range w.permission() {
			shown = append(shown, printable(hint))
		}
		text := strings.Join(shown, "")
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) || !utf8.ValidString(text) {
			t.Errorf("a terminal would see %q", text)
		}
		_ = p.innerPID(target)
	})
}
