package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gtrace/cmd/gtrace/output"
	"gtrace/session"
	"gtrace/session/engine"
)

// fakeProc makes a /proc of files.
func fakeProc(t *testing.T, files map[string]string) procfs {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, isLink := strings.CutPrefix(text, "-> "); isLink {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return procfs{root: root}
}

func TestHints(t *testing.T) {
	const (
		yama     = yamaFile
		filtered = "CapEff:\t000001ffffffffff\nSeccomp:\t2\n"
		mine     = "Uid:\t1000\t1000\t1000\t1000\nTracerPid:\t0\n"
		theirs   = "Uid:\t33\t33\t33\t33\n"
		sudo     = "sudo /opt/gtrace attach 42"
	)
	for _, tt := range []struct {
		name  string
		err   error
		euid  int
		files map[string]string
		want  []string // parts of the hints, one each
	}{
		{"yama", engine.ErrPermission, 1000, map[string]string{yama: "1\n", "self/status": noCaps, "42/status": mine}, []string{sudo, "sudo sysctl kernel.yama.ptrace_scope=0"}},
		{"yama admin", engine.ErrPermission, 1000, map[string]string{yama: "2\n", "self/status": noCaps, "42/status": mine}, []string{"CAP_SYS_PTRACE: " + sudo}},
		{"yama never", engine.ErrPermission, 0, map[string]string{yama: "3\n", "self/status": allCaps}, []string{"ptrace_scope is 3"}},
		{"other user", engine.ErrPermission, 1000, map[string]string{yama: "1\n", "self/status": noCaps, "42/status": theirs}, []string{"belongs to user 33, you are 1000: " + sudo}},
		{"no capability", engine.ErrPermission, 0, map[string]string{"self/status": noCaps, "42/status": mine}, []string{"docker run --cap-add=SYS_PTRACE"}},
		{"seccomp", engine.ErrPermission, 0, map[string]string{"self/status": filtered}, []string{"--security-opt seccomp=unconfined"}},
		{"seccomp, no capability", engine.ErrPermission, 1000, map[string]string{"self/status": "CapEff:\t0\nSeccomp:\t2\n"}, []string{"--security-opt seccomp=unconfined"}},
		{"capabilities", engine.ErrPermission, 1000, map[string]string{"self/status": noCaps, "42/status": mine + "CapPrm:\t0000000000000400\n"}, []string{"(CAP_NET_BIND_SERVICE): " + sudo}},
		{"saved user", engine.ErrPermission, 1000, map[string]string{"self/status": noCaps, "42/status": "Uid:\t1000\t1000\t0\t1000\n"}, []string{"belongs to user 0, you are 1000: " + sudo}},
		{"user namespace", engine.ErrPermission, 0, map[string]string{"self/status": allCaps, "self/ns/user": "-> user:[4026532000]"}, []string{"outside of the user namespace"}},
		{"security module", engine.ErrPermission, 0, map[string]string{"self/status": allCaps, "self/attr/current": "docker-default (enforce)\n"}, []string{"(docker-default (enforce)): docker run --security-opt apparmor"}},
		{"unconfined", engine.ErrPermission, 0, map[string]string{"self/status": allCaps, "self/attr/current": "unconfined\n"}, []string{"gtrace doctor 42"}},
		{"code", &fs.PathError{Op: "write", Path: "/proc/42/mem", Err: syscall.EIO}, 0, nil, []string{"CONFIG_PROC_MEM_NO_FORCE"}},
		{"code at boot", &fs.PathError{Op: "write", Path: "/proc/42/mem", Err: syscall.EIO}, 0, map[string]string{"cmdline": "quiet proc_mem.force_override=never\n"}, []string{"was booted with proc_mem.force_override=never"}},
		{"unknown", engine.ErrPermission, 1000, nil, []string{sudo}},
		{"root", engine.ErrPermission, 0, map[string]string{"self/status": allCaps}, []string{"gtrace doctor 42"}},
		{"traced", engine.ErrTraced, 0, map[string]string{"42/status": "TracerPid:\t77\n", "77/comm": "dlv\n"}, []string{"PID 77 (dlv) traces it"}},
		{"traced by whom", engine.ErrTraced, 0, nil, []string{"one tracer at most"}},
		{"no process", engine.ErrNoProcess, 0, nil, []string{"gtrace ps"}},
		{"not go", engine.ErrNotGo, 0, nil, []string{"ls -l /proc/42/exe shows the program"}},
		{"not go, but its child", engine.ErrNotGo, 0, map[string]string{
			"50/cmdline": "sh\x00", "50/exe": "-> /bin/sh", "50/status": "PPid:\t42\n",
			"51/cmdline": "./server\x00", "51/exe": "-> /proc/self/exe", "51/status": "PPid:\t50\n",
		}, []string{"PID 51 is a Go program that it has started: gtrace attach 51"}},
		{"stripped", engine.ErrNoDebugInfo, 0, nil, []string{"-ldflags"}},
		{"go version", engine.ErrGoVersion, 0, nil, []string{"go version /proc/42/exe"}},
		{"barred elsewhere", &session.BarredError{Pattern: "42", Functions: []*engine.Function{{Symbol: "syscall.RawSyscall"}}}, 0, nil, []string{"trace what calls it instead"}},
		{"no match", &session.NoMatchError{Pattern: "x"}, 0, nil, []string{"gtrace funcs 42"}},
		{"no match, optimized", &session.NoMatchError{Pattern: "x", Optimized: true}, 0, nil, []string{"gtrace funcs 42", "inlined away"}},
		{"own", withHint(engine.ErrNotGo, "type this"), 0, nil, []string{"type this"}},
		{"other", errors.New("other"), 0, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := hintWorld{procs: fakeProc(t, tt.files), euid: tt.euid, args: []string{"/opt/gtrace", "attach", "42"}, pid: 42}
			got := hints(notStarted(fmt.Errorf("attach 42: %w", tt.err)), w)
			if len(got) != len(tt.want) {
				t.Fatalf("hints %q, want %q", got, tt.want)
			}
			for i := range got {
				wantText(t, "hint", got[i], tt.want[i])
			}
		})
	}
}

// goProgram makes a Go program of that name, and returns it as fakeProc wants
// what a link leads to.
func goProgram(t *testing.T, dir, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.Link(self, path); err != nil {
		data, err := os.ReadFile(self)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return "-> " + path
}

func TestFindProcess(t *testing.T) {
	dir := t.TempDir()
	link := func(name string) string { return goProgram(t, dir, name) }
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	server, worker := link("server"), link("worker")
	p := fakeProc(t, map[string]string{
		"10/cmdline": "./server\x00-p\x0080\x00", "10/exe": server,
		"11/cmdline": "./worker\x00a\x00", "11/exe": worker,
		"12/cmdline": "./worker\x00--token\x00t0k3n\x00\x1b[2J\nb\x00", "12/exe": worker,
		"13/cmdline": "sh\x00script\x00", "13/exe": "-> " + script,
		"14/cmdline": "", // a kernel thread
		"15/cmdline": "/usr/bin/secret\x00",
		"101/status": "Tgid:\t10\n",
	})
	for _, tt := range []struct {
		who  string
		pid  int
		is   error
		text string
	}{
		{who: "4711", pid: 4711},
		{who: "server", pid: 10},
		{who: "worker", text: "worker: 2 Go processes have that name:\n       11  ./worker a\n       12  ./worker --token <redacted> \\x1b[2J\\nb"},
		{who: "script", pid: 13, is: engine.ErrNotGo, text: "script: PID 13"},
		{who: "secret", pid: 15}, // may not be read: attaching will tell
		{who: "nobody", is: engine.ErrNoProcess},
		{who: "101", text: "101: it is a thread of process 10"},
		{who: "0", is: engine.ErrNoProcess},
	} {
		pid, err := p.find(tt.who)
		if pid != tt.pid || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %d, %v", tt.who, pid, err)
		}
		if tt.text != "" {
			wantText(t, "error", err.Error(), tt.text)
		}
	}
	// A command for any program takes the script too.
	if pid, err := p.search("script", true); pid != 13 || err != nil {
		t.Errorf("any program: %d, %v", pid, err)
	}
	_, err := p.search("worker", true)
	wantText(t, "any program", err.Error(), "worker: 2 processes have that name")
	w := hintWorld{args: []string{"gtrace", "repair", "worker", "--write"}, flags: newRepairCommand(newApp()).Flags()}
	if got := hints(err, w); len(got) != 1 || got[0] != "gtrace repair 11 --write" {
		t.Errorf("hints: %q", got)
	}
}

// TestOtherProcess offers the process that may be meant, with the rest of the command
// line as it was.
func TestOtherProcess(t *testing.T) {
	procs := fakeProc(t, map[string]string{
		"10/cmdline": "./server\x00", "10/exe": goProgram(t, t.TempDir(), "server"),
		"101/status": "Tgid:\t10\n",
		"20/cmdline": "./many\x00", "20/exe": goProgram(t, t.TempDir(), "many"),
		"21/cmdline": "./many\x00", "21/exe": goProgram(t, t.TempDir(), "many"),
	})
	for args, hint := range map[string]string{
		"attach many -n 5":    "gtrace attach 20 -n 5\ngtrace: hint: gtrace attach 20 21 -n 5",
		"-p many":             "gtrace -p 20",
		"attach sevrer -n 5":  "gtrace attach server -n 5",
		"attach 101 -n 101":   "gtrace attach 10 -n 101",
		"-n 101 -p 101":       "gtrace -n 101 -p 10",
		"-p101":               "gtrace -p10",
		"attach --pid=101":    "gtrace attach --pid=10",
		"attach nobody":       "gtrace ps",
		"attach server,20":    "gtrace attach server 20",
		"attach server,none":  "gtrace ps",
		"repair 101":          "gtrace repair 10",
		"attach 10 main.x":    "patterns stand behind -t: gtrace attach 10 -t main.x",
		"attach 10 -tt x/...": "patterns stand behind -t: gtrace attach 10 -t x/...",
	} {
		r := gtraceOn(t, &fakeBackend{}, procs, 0, strings.Fields(args)...)
		if r.status != statusNotStarted {
			t.Errorf("%s: status %d", args, r.status)
		}
		wantText(t, args, r.stderr, "gtrace: hint: "+hint+"\n")
	}
}

// TestTooMany writes the command line again for a part that is small enough.
func TestTooMany(t *testing.T) {
	e := &session.TooManyError{Count: 30, Max: 15, Parts: []session.Part{{Pattern: "a.*", Count: 20}, {Pattern: "b.*", Count: 10}}}
	for args, hint := range map[string]string{
		"42":                         "42 -t 'b.*'",
		"42 -- x":                    "42 -t 'b.*' -- x",
		"42 -t c":                    "42 -t 'b.*'",
		"--trace=c -n 3 42":          "'--trace=b.*' -n 3 42",
		"-t c -td --trace e -n 3 42": "-n 3 42 -t 'b.*'",
		"-ct c 42 -q":                "-ct 'b.*' 42 -q",
	} {
		w := hintWorld{args: append([]string{"/opt/gtrace", "attach"}, strings.Fields(args)...), flags: newAttachCommand(newApp()).Flags()}
		if got := hints(e, w); len(got) != 2 || got[0] != "gtrace attach "+hint {
			t.Errorf("%s: hints %q", args, got)
		}
	}
}

// TestPatternAsProgram has the pattern behind -tt, which is -t with the pattern t.
func TestPatternAsProgram(t *testing.T) {
	r := gtrace(t, &fakeBackend{}, "run", "-tt", "main.nosuch", anyProgram, "x")
	if r.status != statusNotFound {
		t.Errorf("status %d", r.status)
	}
	wantText(t, "hint", r.stderr, "gtrace: hint: gtrace run -t main.nosuch "+anyProgram+" x\n")
}

// TestRemedy says what makes inlined calls visible, by where the program is from.
func TestRemedy(t *testing.T) {
	for args, want := range map[string]string{
		"attach 42":           "build the program with go build -gcflags=all=-l, and start that",
		"funcs " + anyProgram: "build the program with go build -gcflags=all=-l, or let gtrace build it: gtrace run PACKAGE",
		"run " + anyProgram:   "build the program with go build -gcflags=all=-l, or let gtrace build it: gtrace run PACKAGE",
		"run --optimized .":   "leave out --optimized, or add --build-flags=-gcflags=all=-l to it",
		"test --optimized .":  "leave out --optimized, or add --build-flags=-gcflags=all=-l to it",
		"run .":               "",
		"test .":              "",
	} {
		words := strings.Fields(args)
		root := newRootCommand(newApp())
		cmd, rest, err := root.Find(words)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil {
			t.Fatal(err)
		}
		w := hintWorld{args: append([]string{"gtrace"}, words...), flags: cmd.Flags(), prog: words[len(words)-1]}
		if words[0] == "attach" {
			w.pid, w.prog = 42, ""
		}
		if got := w.remedy(); got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

// TestFromSource names the package of a binary that gtrace could build itself.
func TestFromSource(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "ascii")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "cmd/pack").CombinedOutput(); err != nil {
		t.Skipf("%v\n%s", err, out)
	}
	w := hintWorld{args: []string{"gtrace", "run", "-t", "main.x", bin, "--", "a"}, flags: newRunCommand(newApp()).Flags(), prog: bin}
	if got, want := w.noDebugInfo(), "let gtrace build it: gtrace run -t main.x cmd/pack -- a"; len(got) != 1 || got[0] != want {
		t.Errorf("%q, want %q", got, want)
	}
	w.prog = filepath.Join(t.TempDir(), "none")
	if got := w.fromSource(); got != "" {
		t.Errorf("no program: %q", got)
	}
}

func TestBarredHint(t *testing.T) {
	e := &session.BarredError{Pattern: "rawFork*", Functions: []*engine.Function{{Symbol: "syscall.rawForkSyscall"}}}
	w := hintWorld{args: []string{"gtrace", "attach", "42", "-t", "rawFork*"}, flags: newAttachCommand(newApp()).Flags()}
	if got := hints(e, w); len(got) != 2 || got[0] != "gtrace attach 42 -t syscall.forkExec" {
		t.Errorf("hints %q", got)
	}
}

// TestAgain writes the command line again with another pattern.
func TestAgain(t *testing.T) {
	for args, hint := range map[string]string{
		"-t main.wrok":               "-t main.work",
		"--trace=main.wrok":          "--trace=main.work",
		"-t=main.wrok":               "-t=main.work",
		"-cvtmain.wrok":              "-cvtmain.work",
		"-ct main.wrok -- main.wrok": "-ct main.work -- main.wrok",
		"-t main.wrok main.wrok":     "-t main.work main.wrok",
		"--from main.wrok":           "--from main.work",
		"-tt":                        "",
		"-ttt -n 1":                  " -n 1",
		"-tt main.work":              "-t main.work",
	} {
		args := strings.Fields(args)
		r := gtrace(t, &fakeBackend{target: newFakeTarget(t, oneCall+"exit 0")}, append([]string{"run", anyProgram}, args...)...)
		wantText(t, strings.Join(args, " "), r.stderr, strings.TrimSpace("gtrace run "+anyProgram+" "+strings.TrimSpace(hint))+"\n")
		if r.status != statusUsage {
			t.Errorf("%q: status %d", args, r.status)
		}
	}
}

func TestQuote(t *testing.T) {
	for arg, want := range map[string]string{
		"":           "''",
		"main.work":  "main.work",
		"main.*":     "'main.*'",
		"it's":       `'it'\''s'`,
		"--trace=a":  "--trace=a",
		"(*T).M":     "'(*T).M'",
		"a b":        "'a b'",
		"Grüße":      "'Grüße'",
		"x,y:z@1%+_": "x,y:z@1%+_",
	} {
		if got := quote(arg); got != want {
			t.Errorf("quote(%q) = %s, want %s", arg, got, want)
		}
	}
}

func TestPlantedHint(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	err := &output.PlantedError{Path: "/tmp/x.json", Err: errors.New("x.json is whatever")}
	w := hintWorld{args: []string{"gtrace", "attach", "7", "-o", "/tmp/x.json"}, flags: newAttachCommand(newApp()).Flags()}
	if got := hints(err, w); len(got) == 0 || got[0] != "gtrace attach 7 -o /home/ann/x.json" {
		t.Errorf("hints %q", got)
	}
}
