package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"syscall"
	"testing"

	"gtrace/session/engine"
	"gtrace/session/engine/enginetest"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace"
)

// What /proc holds, in the tests of doctor.
const (
	yamaFile = "sys/kernel/yama/ptrace_scope"

	noCaps   = "CapEff:\t0000000000000000\nCapPrm:\t0000000000000000\nSeccomp:\t0\n"
	allCaps  = "CapEff:\t000001ffffffffff\nCapPrm:\t000001ffffffffff\nSeccomp:\t0\n"
	filtered = "CapEff:\t0000000000000000\nCapPrm:\t0000000000000000\nSeccomp:\t2\n"

	mine   = "State:\tS (sleeping)\nThreads:\t7\nUid:\t7777\t7777\t7777\t7777\nNSpid:\t42\n"
	theirs = "State:\tS (sleeping)\nThreads:\t7\nUid:\t8888\t8888\t8888\t8888\nNSpid:\t42\n"
)

// doctorFiles are those of a machine where nothing is in the way.
func doctorFiles(t *testing.T, more map[string]string) map[string]string {
	files := map[string]string{
		"sys/kernel/osrelease": "6.12.0\n",
		"self/status":          noCaps,
		"self/ns/pid":          "-> pid:[4026531836]",
		"self/ns/user":         "-> user:[4026531837]",
		"42/status":            mine,
		"42/comm":              "server\n",
		"42/cmdline":           "./server\x00",
		"42/exe":               goProgram(t, t.TempDir(), "server"),
	}
	maps.Copy(files, more)
	return files
}

func TestDoctorTarget(t *testing.T) {
	denied := fmt.Errorf("attach to process 42: %w: so says the kernel", engine.ErrPermission)
	for _, tt := range []struct {
		name  string
		files map[string]string
		euid  int
		trial error
		check error
		open  error
		args  string // after doctor
		want  string // stdout; with -q
	}{
		{name: "nothing", args: "42"},
		{name: "by name", args: "server"},
		{
			name: "yama", args: "42", check: denied, files: map[string]string{yamaFile: "1\n"},
			want: `fail     yama    kernel.yama.ptrace_scope is 1: only children may be traced
                 hint: sudo /opt/gtrace attach 42
                 hint: or, until the next boot, for every process: sudo sysctl kernel.yama.ptrace_scope=0
fail     attach  attach to process 42: permission denied: so says the kernel
`,
		},
		{name: "yama, but allowed", args: "42", files: map[string]string{yamaFile: "1\n"}},
		{name: "yama, but capable", args: "42", files: map[string]string{yamaFile: "2\n", "self/status": allCaps}},
		{
			name: "yama and another user", args: "42", check: denied, files: map[string]string{yamaFile: "1\n", "42/status": theirs},
			want: `fail     yama    kernel.yama.ptrace_scope is 1: only children may be traced
                 hint: sudo /opt/gtrace attach 42
                 hint: or, until the next boot, for every process: sudo sysctl kernel.yama.ptrace_scope=0
fail     user    the process belongs to user 8888, you are 7777
fail     attach  attach to process 42: permission denied: so says the kernel
`,
		},
		{
			name: "capabilities", args: "42", check: denied, files: map[string]string{"42/status": mine + "CapPrm:\t0000000000000400\n"},
			want: `fail     user    the process has capabilities that gtrace lacks (CAP_NET_BIND_SERVICE)
                 hint: sudo /opt/gtrace attach 42
fail     attach  attach to process 42: permission denied: so says the kernel
`,
		},
		{
			name: "security module", args: "42", check: denied, files: map[string]string{"self/status": allCaps, "self/attr/current": "docker-default (enforce)\n"},
			want: `fail     attach    attach to process 42: permission denied: so says the kernel
fail     security  a security module confines gtrace (docker-default (enforce))
                   hint: docker run --security-opt apparmor=unconfined …; or, with SELinux, --security-opt label=disable
`,
		},
		{
			name: "traced", args: "42", check: fmt.Errorf("attach to process 42: %w: strace (pid 77)", engine.ErrTraced),
			files: map[string]string{"42/status": mine + "TracerPid:\t77\n", "77/comm": "strace\n"},
			want: `fail     tracer  attach to process 42: already traced by another process: strace (pid 77)
                 hint: PID 77 (strace) traces it, and a process has one tracer at most: kill 77
`,
		},
		{
			name: "ended", args: "43", check: fmt.Errorf("attach to process 43: %w", engine.ErrNoProcess),
			want: `fail     process  attach to process 43: no such process
                  hint: gtrace ps
`,
		},
		{
			name: "stopped, filtered", args: "42",
			files: map[string]string{"42/status": "State:\tT (stopped)\nThreads:\t7\nUid:\t7777\t7777\t7777\t7777\nSeccomp:\t2\n"},
			want: `warning  process         PID 42 (server), threads: 7; it stands still (SIGSTOP or Ctrl-Z): nothing will be seen
                         hint: kill -CONT 42
fail     target seccomp  the process is under a filter, so that gtrace cannot make it survive SIGKILL to gtrace: it refuses to trace it so
                         hint: run gtrace with CAP_SYS_ADMIN, outside of containers
                         hint: gtrace attach --unprotected 42 traces it nevertheless: end that by Ctrl-C or SIGTERM only
`,
		},
		{
			name: "stripped", args: "42", check: engine.ErrNoDebugInfo, open: fmt.Errorf("read it: %w: it was stripped", engine.ErrNoDebugInfo),
			want: `fail     debug info  read it: no debug information: it was stripped
                     hint: build it without -ldflags='-s -w', or let gtrace build it: gtrace run ./PACKAGE
`,
		},
		{
			name: "old", args: "42", check: engine.ErrGoVersion, open: fmt.Errorf("read it: %w: it was built with go1.4", engine.ErrGoVersion),
			want: `fail     go version  read it: version of Go is not supported: it was built with go1.4
                     hint: go version /proc/42/exe tells its version, gtrace version those that gtrace was built for
`,
		},
		{
			name: "unreadable", args: "42", open: errors.New("read it: nonsense"),
			want: "fail     read  read it: nonsense\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := doctorBackend(t)
			for pid := range b.checks {
				b.checks[pid] = tt.check
			}
			b.err = tt.open
			r := gtraceOn(t, b, fakeProc(t, doctorFiles(t, tt.files)), 7777, append([]string{"doctor", "-q"}, strings.Fields(tt.args)...)...)
			status := 0
			if strings.Contains(tt.want, "fail ") {
				status = statusProblem
			}
			if r.stdout != tt.want || r.status != status || r.stderr != "" {
				t.Errorf("status %d, want %d\n%s\nwant\n%s\nstderr: %s", r.status, status, r.stdout, tt.want, r.stderr)
			}
		})
	}
}

func doctorBackend(t *testing.T) *fakeBackend {
	t.Helper()
	return &fakeBackend{
		target:  newFakeTarget(t, "g1 enter main.work 10"),
		checks:  map[int]error{42: nil, 43: nil},
		program: program.Build{GoVersion: "go1.26.8", Module: "example.com/shop", Package: "example.com/shop", Optimized: new(true), Symbols: true, DebugInfo: true},
	}
}

func TestDoctorMachine(t *testing.T) {
	refused := ptrace.Trial{Trace: fmt.Errorf("trace a child: %w", engine.ErrPermission)}
	for _, tt := range []struct {
		name  string
		files map[string]string
		trial ptrace.Trial
		want  string // stdout; with -q
	}{
		{name: "nothing"},
		{name: "yama off", files: map[string]string{yamaFile: "0\n"}},
		{
			name: "yama", files: map[string]string{yamaFile: "1\n"},
			want: `warning  yama  kernel.yama.ptrace_scope is 1: only children may be traced: attaching will be refused
               hint: sudo /opt/gtrace attach PID
               hint: or, until the next boot, for every process: sudo sysctl kernel.yama.ptrace_scope=0
`,
		},
		{
			name: "yama for admins", files: map[string]string{yamaFile: "2\n"}, trial: refused,
			want: `fail     yama   kernel.yama.ptrace_scope is 2: tracing needs CAP_SYS_PTRACE
                hint: sudo /opt/gtrace attach PID
fail     trial  trace a child: permission denied
`,
		},
		{
			name: "yama never", files: map[string]string{yamaFile: "3\n", "self/status": allCaps}, trial: refused,
			want: `fail     yama   kernel.yama.ptrace_scope is 3: no process may be traced
                hint: set another value in /etc/sysctl.d and boot the machine
fail     trial  trace a child: permission denied
`,
		},
		{
			name: "seccomp", files: map[string]string{"self/status": filtered}, trial: refused,
			want: `fail     seccomp  a seccomp filter, as of a container, forbids ptrace
                  hint: docker run --cap-add=SYS_PTRACE --security-opt seccomp=unconfined …
fail     trial    trace a child: permission denied
`,
		},
		{
			name: "traced itself", files: map[string]string{"self/status": noCaps + "TracerPid:\t77\n", "77/comm": "strace\n"}, trial: refused,
			want: `fail     trial   trace a child: permission denied
fail     tracer  gtrace itself is traced by strace (pid 77), which takes what it starts
                 hint: run gtrace without it
`,
		},
		{
			name: "unknown", trial: refused,
			want: `fail     trial  trace a child: permission denied
                hint: sudo /opt/gtrace attach PID
`,
		},
		{
			name: "code", trial: ptrace.Trial{Write: fmt.Errorf("change a child: %w", &fs.PathError{Op: "write", Path: "/proc/50/mem", Err: syscall.EIO})},
			want: `fail     trial  change a child: write /proc/50/mem: input/output error
                hint: the kernel may have been built to forbid it (CONFIG_PROC_MEM_NO_FORCE): boot the machine with proc_mem.force_override=ptrace in the kernel's command line
`,
		},
		{
			name: "platform", trial: ptrace.Trial{Trace: fmt.Errorf("%w: on linux/amd64 only", engine.ErrNotSupported)},
			want: "fail     platform  not supported by this engine: on linux/amd64 only\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := doctorBackend(t)
			b.trial = tt.trial
			r := gtraceOn(t, b, fakeProc(t, doctorFiles(t, tt.files)), 7777, "doctor", "-q")
			status := 0
			if strings.Contains(tt.want, "fail ") {
				status = statusProblem
			}
			if r.stdout != tt.want || r.status != status || r.stderr != "" {
				t.Errorf("status %d, want %d\n%s\nwant\n%s\nstderr: %s", r.status, status, r.stdout, tt.want, r.stderr)
			}
		})
	}
}

// TestDoctor reads all of it, in both forms.
func TestDoctor(t *testing.T) {
	files := doctorFiles(t, map[string]string{
		"self/status": allCaps, "self/ns/pid": "-> pid:[4026532000]", "self/cgroup": "0::/docker/3f2a\n", yamaFile: "1\n",
		"42/status": "State:\tS\nThreads:\t7\nUid:\t7777\t0\t7777\t7777\nNSpid:\t42\t7\n", "42/cgroup": "0::/kubepods/x\n",
	})
	b := doctorBackend(t)
	b.target.Funcs[0].Inlined = 2
	b.target.Funcs = append(b.target.Funcs, &engine.Function{Name: "main.gone", Package: "main", Inlined: 1})
	b.target.About = engine.Target{Module: "example.com/shop"}
	r := gtraceOn(t, b, fakeProc(t, files), 0, "doctor", "42")
	oldest, newest := program.GoVersions()
	want := `ok       platform          linux/amd64, kernel 6.12.0
ok       gtrace            version ` + buildVersion() + `, for programs of ` + oldest + ` to ` + newest + `
ok       yama              kernel.yama.ptrace_scope is 1, which CAP_SYS_PTRACE overrides
ok       capability        CAP_SYS_PTRACE: processes of every user may be traced
ok       seccomp           gtrace is under no filter
ok       container         gtrace is in a container of Docker: it sees the processes there only
ok       trial             a child was started, traced and changed
ok       process           PID 42 (server), threads: 7
ok       user              the process is of user root and 7777, gtrace of root
ok       tracer            none
ok       target container  the process is in one of Kubernetes, as PID 7 there
ok       target seccomp    the process is under no filter
ok       attach            the kernel allows it
ok       protection        the process can be made to survive SIGKILL to gtrace
ok       program           example.com/shop, optimised
ok       go version        go1.26.8
ok       debug info        DWARF is in the program
warning  functions         1 of 2 functions of the main module can be traced; inlined, so that calls are not seen: 1 everywhere, 1 in places
                           hint: build the program with go build -gcflags=all=-l, and start that
`
	if r.status != 0 || r.stdout != want || r.stderr != "gtrace: attaching to PID 42 would work: 0 failures, 1 warning\n" {
		t.Errorf("status %d\n%s\nwant\n%s\nstderr: %s", r.status, r.stdout, want, r.stderr)
	}
	r = gtraceOn(t, b, fakeProc(t, files), 0, "doctor", "-q", "--format", "json", "42")
	want = `{"check":"functions","status":"warning","found":"1 of 2 functions of the main module can be traced; inlined, so that calls are not seen: 1 everywhere, 1 in places","hints":["build the program with go build -gcflags=all=-l, and start that"]}` + "\n"
	if r.status != 0 || r.stdout != want {
		t.Errorf("status %d\n%s\nwant\n%s", r.status, r.stdout, want)
	}
}

// TestDoctorRemains tells what a killed gtrace has left, and what removes it.
func TestDoctorRemains(t *testing.T) {
	patched := fmt.Errorf("attach to process 42: %w, one of 3", engine.ErrPatched)
	for _, tt := range []struct {
		name   string
		check  error
		left   bool
		status int
		want   string // stdout; with -q
	}{
		{name: "nothing"},
		{
			name: "handler", left: true,
			want: `warning  remains  a gtrace that was killed has left its handler of SIGTRAP, which does no harm
                  hint: gtrace repair --write 42
`,
		},
		{
			name: "breakpoints", check: patched, left: true, status: statusProblem,
			want: `fail     remains  attach to process 42: a breakpoint stands there that a killed tracer has left, one of 3
                  hint: gtrace repair --write 42
`,
		},
		{
			name: "those of a tracer", check: fmt.Errorf("%w: strace (pid 77)", engine.ErrTraced), left: true, status: statusProblem,
			want: `fail     tracer  already traced by another process: strace (pid 77)
                 hint: a process has one tracer at most: end the other one (dlv, gdb, strace or gtrace)
`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := doctorBackend(t)
			b.checks[42], b.left = tt.check, tt.left
			r := gtraceOn(t, b, fakeProc(t, doctorFiles(t, nil)), 7777, "doctor", "-q", "42")
			if r.stdout != tt.want || r.status != tt.status {
				t.Errorf("status %d, want %d\n%s\nwant\n%s", r.status, tt.status, r.stdout, tt.want)
			}
		})
	}
}

// TestDoctorProtection names what would not survive.
func TestDoctorProtection(t *testing.T) {
	b := doctorBackend(t)
	b.unprotected = errors.New("there is no room")
	r := gtraceOn(t, b, fakeProc(t, doctorFiles(t, nil)), 7777, "doctor", "-q", "42")
	wantText(t, "stdout", r.stdout, "fail     protection  it would not survive SIGKILL to gtrace, which refuses to trace it so: there is no room\n",
		"hint: gtrace attach --unprotected 42 traces it nevertheless: end that by Ctrl-C or SIGTERM only\n")
	if r.status != statusProblem {
		t.Errorf("status %d", r.status)
	}
}

// TestDoctorProgram checks a program that does not run.
func TestDoctorProgram(t *testing.T) {
	b := doctorBackend(t)
	procs := fakeProc(t, doctorFiles(t, map[string]string{yamaFile: "1\n"}))
	r := gtraceOn(t, b, procs, 7777, "doctor", anyProgram)
	if r.status != 0 || strings.Contains(r.stdout, "attach") || !strings.Contains(r.stdout, "ok       functions ") {
		t.Errorf("status %d\n%s", r.status, r.stdout)
	}
	wantText(t, "stderr", r.stderr, "gtrace: running "+anyProgram+" would work: 0 failures, 0 warnings\n")

	b.program.DebugInfo, b.program.DebugLink, b.err = false, "it.debug", engine.ErrNoDebugInfo
	r = gtraceOn(t, b, procs, 7777, "doctor", "-q", anyProgram)
	wantText(t, "stdout", r.stdout, "it was moved to it.debug", "hint: eu-unstrip")

	var many []*engine.Function
	for i := range 1001 {
		many = append(many, &engine.Function{Name: fmt.Sprintf("main.f%d", i), Package: "main", Entry: uint64(i + 1)})
	}
	b = doctorBackend(t)
	b.target.Fake = &enginetest.Fake{Funcs: many}
	r = gtraceOn(t, b, procs, 7777, "doctor", "-q", anyProgram)
	wantText(t, "stdout", r.stdout, "warning  functions  1001 of 1001 functions", "more than the 1000 of --max-probes", "gtrace funcs "+anyProgram)

	for args, status := range map[string]int{
		"doctor ./no-such-program": statusNotFound,
		"doctor no-such-program":   statusNotFound,
		"doctor --format xml":      statusUsage,
		"doctor 1 2":               statusUsage,
	} {
		if r := gtraceOn(t, b, procs, 7777, strings.Fields(args)...); r.status != status {
			t.Errorf("%s: status %d, want %d\n%s", args, r.status, status, r.stderr)
		}
	}
	second := doctorFiles(t, map[string]string{"43/cmdline": "./server\x00two\x00", "43/status": mine})
	second["43/exe"] = second["42/exe"]
	r = gtraceOn(t, b, fakeProc(t, second), 7777, "doctor", "server")
	if r.status != statusUsage {
		t.Errorf("status %d", r.status)
	}
	wantText(t, "stderr", r.stderr, "2 Go processes have that name", "hint: gtrace doctor 42")
}

func TestPrintChecks(t *testing.T) {
	var b strings.Builder
	err := printChecks(&b, []check{{"one", good, "all\x1b[2J", nil}, {"second", bad, "bad", []string{"do"}}, {"x", bad, "bad", []string{"do"}}}, true, 0)
	want := "\x1b[32mok     \x1b[m  one     all\\x1b[2J\n\x1b[1;31mfail   \x1b[m  second  bad\n                 hint: do\n\x1b[1;31mfail   \x1b[m  x       bad\n"
	if err != nil || b.String() != want {
		t.Errorf("%v\n%q\nwant\n%q", err, b.String(), want)
	}
}

// TestChecksFit breaks what was found between words, and never a hint.
func TestChecksFit(t *testing.T) {
	var b strings.Builder
	checks := []check{
		{"one", good, "what was found is longer than the line", nil},
		{"second", bad, "bad", []string{"a", "a longer hint than there is room for"}},
	}
	if err := printChecks(&b, checks, false, 44); err != nil {
		t.Fatal(err)
	}
	want := `ok       one     what was found is longer
                 than the line
fail     second  bad
                 hint: a
         hint: a longer hint than there is room for
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestFuncTable fits the list of functions into columns.
func TestFuncTable(t *testing.T) {
	fns := []*engine.Function{
		{Name: "example.com/shop/v2/store.(*DB).Load", Package: "example.com/shop/v2/store", PackageName: "store"},
		{Name: "main.main", Package: "main", PackageName: "main"},
	}
	rows := []funcRow{
		{Func: fns[0].Name, File: "/src/shop/store/store.go", Line: 120, Probe: true},
		{Func: fns[1].Name, File: "/src/shop/main.go", Line: 7, Probe: true, Inlined: 2},
	}
	for columns, want := range map[int]string{
		0: `
FUNCTION                              PLACE                         INLINED
example.com/shop/v2/store.(*DB).Load  /src/shop/store/store.go:120  -
main.main                             /src/shop/main.go:7           2 places
`,
		60: `
FUNCTION          PLACE                         INLINED
store.(*DB).Load  /src/shop/store/store.go:120  -
main.main         /src/shop/main.go:7           2 places
`,
		50: `
FUNCTION          PLACE                   INLINED
store.(*DB).Load  …op/store/store.go:120  -
main.main         /src/shop/main.go:7     2 places
`,
		44: `
FUNCTION        PLACE               INLINED
…re.(*DB).Load  …tore/store.go:120  -
main.main       …rc/shop/main.go:7  2 places
`,
	} {
		var b strings.Builder
		if err := newFuncTable(rows).write(&b, columns, fns); err != nil {
			t.Fatal(err)
		}
		if got := "\n" + b.String(); got != want {
			t.Errorf("%d columns:%s\nwant%s", columns, got, want)
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); columns > 0 && n > columns {
				t.Errorf("%d columns: %d in %q", columns, n, line)
			}
		}
	}
}
