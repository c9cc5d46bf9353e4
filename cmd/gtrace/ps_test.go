package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
)

// psMachine has two Go processes, one that may be, and one that is none.
func psMachine(t *testing.T) procfs {
	t.Helper()
	dir := t.TempDir()
	server := goProgram(t, dir, "server")
	return fakeProc(t, map[string]string{
		"9/cmdline": "./server\x00-secret\x1b[31m\x00", "9/exe": server, "9/status": "Uid:\t7777\t7777\t7777\t7777\n",
		"10/cmdline": "./server\x00-p\x0080\x00", "10/exe": server, "10/status": "Uid:\t7777\t8888\t7777\t7777\nTracerPid:\t77\n",
		"11/cmdline": "/usr/bin/hidden\x00server\x00", "11/status": "Uid:\t9999\t9999\t9999\t9999\n",
		"12/cmdline": "sh\x00", "12/exe": "-> /bin/sh", "12/status": "Uid:\t7777\t7777\t7777\t7777\n",
		"77/comm":  "strace\n",
		"nonsense": "",
	})
}

func psBackend() *fakeBackend {
	return &fakeBackend{
		checks: map[int]error{
			10: fmt.Errorf("attach to process 10: %w: strace (pid 77)", engine.ErrTraced),
			11: fmt.Errorf("attach to process 11: %w: it belongs to user 9999", engine.ErrPermission),
		},
		program: program.Build{
			GoVersion: "go1.26.8 X:nosomething", Module: "example.com/shop", Package: "example.com/shop/cmd/server",
			Optimized: new(true), Inlined: new(true), PIE: true, DebugInfo: true,
		},
	}
}

func TestPs(t *testing.T) {
	const (
		head   = "PID  USER  GO        MODULE            BUILD    ATTACH                COMMAND\n"
		first  = "  9  7777  go1.26.8  example.com/shop  opt,pie  yes                   ./server -secret\\x1b[31m\n"
		second = " 10  8888  go1.26.8  example.com/shop  opt,pie  no: traced by strace  ./server -p 80\n"
		third  = " 11  9999  ?         ?                 ?        no: permission        /usr/bin/hidden server\n"
	)
	for _, tt := range []struct {
		args, stdout, stderr string
		status               int
	}{
		{"", head + first + second, "gtrace: gtrace doctor 10 tells what is in the way, and what helps\n" +
			"gtrace: left out 1 program that not even root may read: gtrace doctor 11 tells why\n", 0},
		{"--all -q", head + first + second + third, "", 0},
		{"10 -q", head + second, "", 0},
		{"shop -q", head + first + second, "", 0},
		{"80 -q", head + second, "", 0},
		// Of the command line of one that may not be Go at all, only the name counts.
		{"hidden -q", strings.NewReplacer("                 ", "       ").Replace("PID  USER  GO  MODULE  BUILD  ATTACH          COMMAND\n") +
			" 11  9999  ?   ?       ?      no: permission  /usr/bin/hidden server\n", "", 0},
		{"/bin/sh", "", "gtrace: no Go process matches /bin/sh\n", statusProblem}, // is none,
		{"nobody", "", "gtrace: no Go process matches nobody\ngtrace: hint: gtrace ps --all\n", statusProblem},
		{"--format xml", "", "gtrace: --format xml: use text, json\n", statusUsage},
	} {
		r := gtraceOn(t, psBackend(), psMachine(t), 0, append([]string{"ps"}, strings.Fields(tt.args)...)...)
		if r.status != tt.status || r.stdout != tt.stdout {
			t.Errorf("ps %s: status %d\n%s\nwant\n%s", tt.args, r.status, r.stdout, tt.stdout)
		}
		if !strings.HasPrefix(r.stderr, tt.stderr) || tt.stderr == "" && r.stderr != "" {
			t.Errorf("ps %s: stderr\n%s\nwant\n%s", tt.args, r.stderr, tt.stderr)
		}
	}
}

func TestPsJSON(t *testing.T) {
	r := gtraceOn(t, psBackend(), psMachine(t), 0, "ps", "--all", "--format", "json")
	want := `{"pid":9,"user":"7777","name":"server","args":["./server","-secret\u001b[31m"],"program":{"go":"go1.26.8 X:nosomething","module":"example.com/shop","package":"example.com/shop/cmd/server","optimized":true,"inlined":true,"pie":true,"race":false,"trimpath":false,"stripped":false,"debug_info":true},"attach":true}
{"pid":10,"user":"8888","name":"server","args":["./server","-p","80"],"program":{"go":"go1.26.8 X:nosomething","module":"example.com/shop","package":"example.com/shop/cmd/server","optimized":true,"inlined":true,"pie":true,"race":false,"trimpath":false,"stripped":false,"debug_info":true},"attach":false,"reason":"traced","message":"attach to process 10: already traced by another process: strace (pid 77)"}
{"pid":11,"user":"9999","name":"hidden","args":["/usr/bin/hidden","server"],"attach":false,"reason":"permission","message":"attach to process 11: permission denied: it belongs to user 9999"}
`
	if r.status != 0 || r.stdout != want {
		t.Errorf("status %d\n%s\nwant\n%s", r.status, r.stdout, want)
	}
}

// TestPsUser is told to become root, which root is not.
func TestPsUser(t *testing.T) {
	r := gtraceOn(t, psBackend(), psMachine(t), 1000, "ps")
	wantText(t, "stderr", r.stderr, "gtrace: left out 1 program that may not be read: sudo ")
}

// TestPsUnseen escapes what changes how a terminal shows the rest, however it got
// into a name.
func TestPsUnseen(t *testing.T) {
	b := psBackend()
	b.program.Module = "example.com/\u202eshop\u200b\u2066\u009b\ufeff"
	const want = `example.com/\u202eshop\u200b\u2066\u009b\ufeff`
	for _, args := range [][]string{{"ps", "--format", "json", "9"}, {"ps", "9"}} {
		r := gtraceOn(t, b, psMachine(t), 0, args...)
		wantText(t, "stdout", r.stdout, want)
		if strings.ContainsAny(r.stdout, "\u202e\u200b\u2066\u009b\ufeff") {
			t.Errorf("%q: %q", args, r.stdout)
		}
	}
}

// TestPsEnded leaves out a process that has ended meanwhile.
func TestPsEnded(t *testing.T) {
	b := psBackend()
	b.checks[9] = engine.ErrNoProcess
	b.checks[10] = errors.New("something else")
	r := gtraceOn(t, b, psMachine(t), 0, "ps", "-q")
	if strings.Contains(r.stdout, "  9 ") || !strings.Contains(r.stdout, "no: other") {
		t.Errorf("%s", r.stdout)
	}
}

func TestBuild(t *testing.T) {
	for want, p := range map[string]psProgram{
		"?,no-dwarf":   {},
		"?,stripped":   {Stripped: true},
		"debug":        {Optimized: new(false), DebugInfo: true},
		"opt,cgo,race": {Optimized: new(true), Cgo: new(true), Race: true, DebugInfo: true},
		"opt,pie":      {Optimized: new(true), Cgo: new(false), PIE: true, DebugInfo: true},
		"opt,no-dwarf": {Optimized: new(true)},
	} {
		if got := strings.Join(p.words(), ","); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestGrid(t *testing.T) {
	rows := [][]string{
		{"N", "NAME", "LONG", "LAST"},
		{"1", "a", "example.com/very/long/module", "command --with=flags and more words"},
		{"22", "bcd", "-", "Grüße"},
	}
	for width, want := range map[int]string{
		0: " N  NAME  LONG                          LAST\n" +
			" 1  a     example.com/very/long/module  command --with=flags and more words\n" +
			"22  bcd   -                             Grüße\n",
		60: " N  NAME  LONG                          LAST\n" +
			" 1  a     example.com/very/long/module  command --with=flag…\n" +
			"22  bcd   -                             Grüße\n",
		44: " N  NAME  LONG                LAST\n" +
			" 1  a     …/very/long/module  command --wit…\n" +
			"22  bcd   -                   Grüße\n",
		10: " N  NAME  LONG          LAST\n" +
			" 1  a     …long/module  command --wit…\n" +
			"22  bcd   -             Grüße\n",
	} {
		var b strings.Builder
		g := grid{rows: rows, width: width, yields: 2}
		if err := g.write(&b); err != nil || b.String() != want {
			t.Errorf("%d columns: %v\n%s\nwant\n%s", width, err, b.String(), want)
		}
	}
}
