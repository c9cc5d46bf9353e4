package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// TestHelp holds what every help text promises.
func TestHelp(t *testing.T) {
	var check func(*cobra.Command)
	check = func(cmd *cobra.Command) {
		if cmd.HasParent() && !cmd.Hidden && cmd.Name() != "help" {
			wantText(t, cmd.CommandPath()+" --help", cmd.Long, "EXIT STATUS")
			if !cmd.HasExample() && cmd.Name() != "version" {
				t.Errorf("%s: no example", cmd.CommandPath())
			}
		}
		for line := range strings.Lines(cmd.Long) {
			if len([]rune(line)) > 81 {
				t.Errorf("%s: a line of the help is too long: %s", cmd.CommandPath(), line)
			}
		}
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	check(newRootCommand(newApp()))
}

func TestFlagValues(t *testing.T) {
	for _, tt := range []struct{ args, stderr string }{
		{"--redact=", "--redact: it is empty: write --redact NAME, or leave the flag out"},
		{"--redact a,,b", "--redact: it is empty"},
		{"--events=", "--events: it is empty: write --events KINDS, or"},
		{"--trace=", "--trace: it is empty: write --trace PATTERN, or"},
		{"--ignore=", "--ignore: it is empty"},
		{"--rate=", "--rate: it is empty: write --rate N/s, or"},
		{"--sample=", "--sample: it is empty: write --sample 1/N, or"},
		{"--output=", "--output: it is empty"},
		{"--watch=", "--watch: the expression is empty: write one, as --watch 'len(q.jobs)', or"},
		{"--explode=", "--explode: the expression is empty: write one"},
		{"-e call,nothing", "--events nothing: unknown kind: use call, line, return, exception"},
		{"--engine bpf", "--engine bpf: unknown engine: use ptrace"},
		{"-k -1", "--stack -1: must be at least 0"},
		{"-s 0", "--strings 0: must be at least 1"},
		{"--values 0", "--values 0: must be at least 1"},
		{"--follow -1", "--follow -1: must be at least 0"},
		{"--max-probes 0", "--max-probes 0: must be at least 1"},
		{"--for -1s", "--for -1s: must not be negative"},
		{"--rate x", "--rate x: write a number of calls and s or m, as 100/s"},
		{"--rate 5/h", "--rate 5/h: write a number"},
		{"--rate 1.5/s", "--rate 1.5/s: write a number"},
		{"--rate 0/s", "--rate 0/s: must be from 1 to 1000000 calls"},
		{"--rate -5", "--rate -5: must be from 1 to 1000000 calls"},
		{"--rate 99999999999999999999/s", "--rate 99999999999999999999/s: must be from 1"},
		{"--stall -1s", "--stall -1s: must not be negative"},
		{"-g 0", "--goroutine 0: ids are greater than 0"},
		{"--redact a,b.c", `--redact: "b.c" is no name`},
		{"--format xml", "--format xml: use text, snoop, json"},
		{"--format {time", "--format: a { without } at 1"},
		{"--format {tiem}", "--format: there is no field tiem; near it: time"},
		{"--format {xyzzy-xyzzy}", "--format: there is no field xyzzy-xyzzy: use kind, time, seq"},
		{"--columns tiem", "--columns: there is no field tiem; near it: time"},
		{"--columns time --format snoop", "--columns: only --format text has them"},
		{"-ff", "-ff: needs --output FILE"},
		{"-ff -o -", "-ff: needs --output FILE"},
		{"--color red", "--color red: use auto, always, never"},
		{"--time cpu", "--time cpu: use wall, relative, delta, none"},
		{"-c -C", "--summary-too: prints the events that --summary leaves out: use one of them"},
		{"-c -S speed", "--sort speed: use self, total, average, p50, p99, max, calls, errors, panics, name"},
		{"-S calls", "--sort calls: needs the table of --summary"},
		{"-c -e call", "--events call: a summary is made of calls and returns"},
		{"--histogram /(/", `pattern "/(/": `},
		{"--append", "--append: needs --output FILE"},
		{"-o |", "--output |: a command is missing"},
		{"-o |cat --append", "--append and -ff: need --output FILE, not a command"},
		{"-o |cat -ff", "--append and -ff: need --output FILE, not a command"},
		{"--append -o -", "--append: needs --output FILE"},
		{"--prefix p --format json", "--prefix: only text has lines"},
		{"-n x", "--limit x: write a whole number that is not negative, as 10\n"},
		{"-n -1", "--limit -1: write a whole number that is not negative"},
		{"-n 1e3", "--limit 1e3: write a whole number"},
		{"-n 99999999999999999999", "--limit 99999999999999999999: the number is too large"},
		{"-d x", "--depth x: write a whole number, as 10"},
		{"-k 1.5", "--stack 1.5: write a whole number"},
		{"-g 1,x", "--goroutine 1,x: write whole numbers with commas between, as 1,7"},
		{"-l=maybe", "--lines maybe: write --lines alone, or --lines=false"},
		{"--for 10", "--for 10: a time needs its unit: write 10s or 10m\ngtrace: hint: gtrace run /proc/self/exe --for 10s\n"},
		{"--slower=1.5", "--slower 1.5: a time needs its unit: write 1.5s or 1.5m\ngtrace: hint: gtrace run /proc/self/exe --slower=1.5s\n"},
		{"--stall soon", "--stall soon: write a time with its unit, as 10s, 2m or 1h30m\n"},
		{"--for 1h30", "--for 1h30: a time needs its unit: write 1h30s or 1h30m"},
		{"--rate 2", "--rate 2: a rate needs its unit: write 2/s or 2/m\ngtrace: hint: gtrace run /proc/self/exe --rate 2/s\n"},
		{"--max-overhead 5", "--max-overhead 5: write it with a percent sign, as 5%\ngtrace: hint: gtrace run /proc/self/exe --max-overhead 5%\n"},
		{"--sample 5", "--sample 5: write it as a share of the calls: 1/5\ngtrace: hint: gtrace run /proc/self/exe --sample 1/5\n"},
		{"-n", "--limit: needs a value: --limit N"},
		{"-Q", "unknown shorthand flag: 'Q' in -Q\ngtrace: hint: flags of the target stand after --: gtrace run /proc/self/exe -- -Q\n"},
		{"--nonsense 7", "unknown flag: --nonsense\ngtrace: hint: flags of the target stand after --: gtrace run /proc/self/exe -- --nonsense 7\n"},
		{"--port 80", "unknown flag: --port\ngtrace: hint: flags of the target stand after --: gtrace run /proc/self/exe -- --port 80\n"},
		{"--unknown -t x", "unknown flag: --unknown\ngtrace: hint: flags of the target stand after --: gtrace run /proc/self/exe -t x -- --unknown\n"},
		{"file -tx --port 80 -n3 -v --p=1 -- -t y", "unknown flag: --port\ngtrace: hint: flags of the target stand after --: gtrace run /proc/self/exe -tx -n3 -v -- file --port 80 --p=1 -t y\n"},
		{"--formatt json", "unknown flag: --formatt\ngtrace: hint: gtrace run /proc/self/exe --format json\ngtrace: hint: flags of the target stand after --: gtrace run /proc/self/exe -- --formatt json\n"},
		{"--limt=7", "unknown flag: --limt\ngtrace: hint: gtrace run /proc/self/exe --limit=7\n"},
	} {
		r := gtrace(t, &fakeBackend{target: newFakeTarget(t, "exit 0")}, append([]string{"run", anyProgram}, strings.Fields(tt.args)...)...)
		if r.status != statusUsage {
			t.Errorf("%s: status %d", tt.args, r.status)
		}
		wantText(t, tt.args, r.stderr, "gtrace: "+tt.stderr)
	}
}

// TestFlagBeforeProgram has no PROG in front of the flag, behind which it could stand.
func TestFlagBeforeProgram(t *testing.T) {
	r := gtrace(t, &fakeBackend{}, "run", "-Q", anyProgram)
	wantText(t, "-Q", r.stderr, "unknown shorthand flag: 'Q' in -Q\ngtrace: hint: gtrace run --help\n")
}

func TestUnknownCommand(t *testing.T) {
	for args, hint := range map[string]string{
		"runn":                "gtrace run --help",
		"runn /bin/true":      "gtrace run /bin/true",
		"atach 1 -t main.x":   "gtrace attach 1 -t main.x",
		"/bin/true":           "gtrace run /bin/true",
		"/bin/true -c":        "gtrace run /bin/true -c",
		"-c /bin/true":        "gtrace run -c /bin/true",
		"/bin/nothing":        "gtrace help",
		"1":                   "gtrace attach 1",
		"zzz":                 "gtrace help",
		"zzz --help":          "gtrace help",
		"help zzz":            "gtrace help",
		"help atach":          "gtrace help attach",
		"-t main.x --nothing": "gtrace help",
	} {
		r := gtrace(t, &fakeBackend{}, strings.Fields(args)...)
		if r.status != statusUsage || r.stdout != "" {
			t.Errorf("%s: status %d\n%s", args, r.status, r.stdout)
		}
		wantText(t, args, r.stderr, "command", "gtrace: hint: "+hint+"\n")
	}
}

func TestColored(t *testing.T) {
	const xterm = "TERM=xterm-256color"
	file, _ := tempFile(t)
	terminal := openTerminal(t)
	for _, tt := range []struct {
		when string
		on   *os.File
		env  []string
		want bool
	}{
		{"auto", terminal, []string{xterm}, true},
		{"auto", terminal, []string{"TERM=vt220"}, true},
		{"auto", terminal, []string{xterm, "NO_COLOR=1"}, false},
		{"auto", terminal, []string{xterm, "NO_COLOR=0"}, false},
		{"auto", terminal, []string{xterm, "NO_COLOR="}, true},
		{"auto", terminal, []string{"TERM=dumb"}, false},
		{"auto", terminal, []string{"TERM=dumb", "COLORTERM=truecolor"}, false},
		{"auto", terminal, []string{"TERM="}, false},
		{"auto", terminal, nil, false},
		{"auto", terminal, []string{"TERM=dumb", xterm}, true},
		{"auto", terminal, []string{"TERM=dumb", "CLICOLOR_FORCE=1"}, true},
		{"auto", terminal, []string{xterm, "CLICOLOR_FORCE=0"}, true},
		{"auto", file, []string{xterm}, false},
		{"auto", file, []string{xterm, "COLORTERM=truecolor"}, false},
		{"auto", file, []string{xterm, "CLICOLOR=1"}, false},
		{"auto", file, []string{xterm, "CLICOLOR_FORCE=1"}, true},
		{"auto", file, []string{"CLICOLOR_FORCE=true"}, true},
		{"auto", file, []string{xterm, "CLICOLOR_FORCE=0"}, false},
		{"auto", file, []string{xterm, "CLICOLOR_FORCE=1", "NO_COLOR=yes"}, false},
		{"auto", file, []string{xterm, "CLICOLOR_FORCE=1", "NO_COLOR="}, true},
		{"always", file, []string{"NO_COLOR=1"}, true},
		{"always", file, nil, true},
		{"never", terminal, []string{xterm, "CLICOLOR_FORCE=1"}, false},
	} {
		f := outputFlags{color: tt.when}
		if got := f.colored(tt.on, tt.env); got != tt.want {
			t.Errorf("--color=%s with %q, on a terminal %t: %t", tt.when, tt.env, tt.on == terminal, got)
		}
	}
}

// openTerminal returns the end of a new terminal that is for programs.
func openTerminal(t *testing.T) *os.File {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return tty
}

func TestFuncs(t *testing.T) {
	fake := newFakeTarget(t, "g1 enter main.work 10\ng1 enter main.other 20")
	fake.Funcs[0].Inlined = 2
	b := &fakeBackend{target: fake}
	r := gtrace(t, b, "funcs", anyProgram, "main.work")
	want := "FUNCTION   PLACE       INLINED\nmain.work  main.go:10  2 places\n"
	if r.status != 0 || r.stdout != want {
		t.Errorf("status %d, stdout\n%s", r.status, r.stdout)
	}
	wantText(t, "stderr", r.stderr, "gtrace: 1 function, 1 probe\n", "gtrace: note: ")
	r = gtrace(t, b, "funcs", anyProgram, "--format=json", "-x", "main.other")
	if want := `{"func":"main.work","package":"main","file":"main.go","line":10,"probe":true,"inlined":2}` + "\n"; r.stdout != want {
		t.Errorf("stdout\n%s", r.stdout)
	}
	fake.Funcs[0].Entry = 0
	r = gtrace(t, b, "funcs", anyProgram, "main.work")
	if want := "FUNCTION   PLACE       INLINED\nmain.work  main.go:10  everywhere\n"; r.status != 0 || r.stdout != want {
		t.Errorf("status %d, stdout\n%s", r.status, r.stdout)
	}
	if r := gtrace(t, b, "funcs", anyProgram, "main.wrok"); r.status != statusUsage {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
	if r := gtrace(t, b, "funcs", "2147483646"); r.status != statusNotStarted {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
}

// TestFuncsOfProcess takes what is neither a program nor a file for the name of a process.
func TestFuncsOfProcess(t *testing.T) {
	procs := fakeProc(t, map[string]string{
		"10/cmdline": "./server\x00", "10/exe": goProgram(t, t.TempDir(), "server"),
		"20/cmdline": "./many\x00", "20/exe": goProgram(t, t.TempDir(), "many"),
		"21/cmdline": "./many\x00", "21/exe": goProgram(t, t.TempDir(), "many"),
	})
	b := &fakeBackend{target: newFakeTarget(t, "g1 enter main.work 10")}
	for _, who := range []string{"server", "10"} {
		r := gtraceOn(t, b, procs, 0, "funcs", who, "main.work")
		if r.status != 0 {
			t.Errorf("%s: status %d\n%s", who, r.status, r.stderr)
		}
		wantText(t, who, r.stdout, "main.work  main.go:10  -\n")
	}
	r := gtraceOn(t, b, procs, 0, "funcs", "many", "main.work")
	wantText(t, "many", r.stderr, "read the program of many: 2 Go processes have that name", "hint: gtrace funcs 20 main.work\n")
}

func TestVersion(t *testing.T) {
	for _, arg := range []string{"version", "--version", "-V"} {
		r := gtrace(t, &fakeBackend{}, arg)
		wantText(t, arg, r.stdout, "gtrace ", "delve  ", "go     go1.", "traces programs of go1.")
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if r := gtrace(t, &fakeBackend{}, "completion", shell); r.status != 0 || len(r.stdout) < 1000 {
			t.Errorf("%s: status %d, %d bytes", shell, r.status, len(r.stdout))
		}
	}
	if r := gtrace(t, &fakeBackend{}, "completion", "tcsh"); r.status != statusUsage {
		t.Errorf("tcsh: status %d", r.status)
	}
}
