package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A someone is a process that waits until it is killed.
type someone struct {
	pid  int
	name string // of its program, which no other process has
}

// nextSomeone makes the names of their programs differ: tests run beside each other.
var nextSomeone atomic.Int64

// startSomeone starts a Go program, under another command if one is given.
func startSomeone(t *testing.T, under ...string) someone {
	t.Helper()
	dir := t.TempDir()
	name := "someone-" + strconv.FormatInt(nextSomeone.Add(1), 10) + "-" + strconv.Itoa(os.Getpid())
	prog := link(t, buildTarget(t, "opt", "patient"), dir, name)
	line := append(under, prog, "default")
	cmd := exec.Command(line[0], line[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	pid := cmd.Process.Pid
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if exe, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe"); err == nil && exe == prog {
			return someone{pid, name}
		}
		if time.Since(begun) > patience {
			t.Fatalf("%q does not run", line)
		}
	}
}

// A checked is one line of doctor's JSON.
type checked struct {
	Check, Status, Found string
	Hints                []string
}

// doctor runs gtrace doctor, as attr says, and returns its checks by name.
func doctor(t *testing.T, attr *syscall.SysProcAttr, status int, line ...string) map[string]checked {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	cmd.SysProcAttr = attr
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if got, err := exitStatus(err); err != nil || got != status {
		t.Errorf("%q: exit status %d, want %d; %v\n%s%s", line, got, status, err, out, &stderr)
	}
	checks := map[string]checked{}
	for l := range bytes.Lines(out) {
		var c checked
		if err := json.Unmarshal(l, &c); err != nil {
			t.Fatalf("%s: %v", l, err)
		}
		checks[c.Check] = c
	}
	return checks
}

func (c checked) want(t *testing.T, status string, parts ...string) {
	t.Helper()
	text := c.Found + "\n" + strings.Join(c.Hints, "\n")
	if c.Status != status {
		t.Errorf("check %q: %s, want %s: %s", c.Check, c.Status, status, text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("check %q lacks %q: %s", c.Check, part, text)
		}
	}
}

// TestDoctorByName finds a process by the name of its program.
func TestDoctorByName(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	p := startSomeone(t)
	checks := doctor(t, nil, 0, gtrace(t), "doctor", "--format", "json", p.name)
	checks["process"].want(t, "ok", "PID "+strconv.Itoa(p.pid))
	checks["attach"].want(t, "ok")
	if err := untouched(p.pid); err != nil {
		t.Error(err)
	}
}

// TestDoctorSeccomp puts a filter around gtrace, then around the process.
func TestDoctorSeccomp(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	filter := buildTarget(t, "opt", "filter")
	checks := doctor(t, nil, 1, filter, gtrace(t), "doctor", "--format", "json")
	checks["trial"].want(t, "fail", "permission denied")
	checks["seccomp"].want(t, "fail", "forbids ptrace", "seccomp=unconfined")

	p := startSomeone(t, filter)
	status, word, found := 0, "ok", "under a filter, which is not asked"
	if canSuspend() != nil {
		status, word, found = 1, "fail", "under a filter, so that"
	}
	checks = doctor(t, nil, status, gtrace(t), "doctor", "--format", "json", strconv.Itoa(p.pid))
	checks["target seccomp"].want(t, word, found)
	checks["attach"].want(t, "ok")
	checks = doctor(t, nil, 1, filter, gtrace(t), "doctor", "--format", "json", strconv.Itoa(p.pid))
	checks["attach"].want(t, "fail", "the system call ptrace is forbidden")
}

// TestDoctorTraced runs doctor under a tracer that takes its children.
func TestDoctorTraced(t *testing.T) {
	require(t, "ptrace", "strace")
	t.Parallel()
	checks := doctor(t, nil, 1, "strace", "-f", "-o", os.DevNull, gtrace(t), "doctor", "--format", "json")
	checks["tracer"].want(t, "fail", "gtrace itself is traced by strace")
}

// TestDoctorOtherUser asks for a process of another user: its program may not
// even be read.
func TestDoctorOtherUser(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	path, attr, pid := gtrace(t), (*syscall.SysProcAttr)(nil), 1
	if os.Getuid() == 0 {
		const nobody = 65534
		attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		dir := t.TempDir()
		for dir := dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		copied := filepath.Join(dir, "gtrace")
		if err := os.Link(path, copied); err != nil {
			t.Skip(err)
		}
		path, pid = copied, startSomeone(t).pid
	}
	checks := doctor(t, attr, 1, path, "doctor", "--format", "json", strconv.Itoa(pid))
	checks["user"].want(t, "fail", "belongs to user 0", "sudo "+path+" attach "+strconv.Itoa(pid))
	checks["attach"].want(t, "fail", "permission denied")
	checks["trial"].want(t, "ok")

	cmd := exec.CommandContext(t.Context(), path, "ps", "--format", "json", strconv.Itoa(pid))
	cmd.SysProcAttr = attr
	out, err := cmd.Output()
	if err != nil || !bytes.Contains(out, []byte(`"attach":false,"reason":"permission"`)) || bytes.Contains(out, []byte(`"program"`)) {
		t.Errorf("ps: %v\n%s", err, out)
	}
}
