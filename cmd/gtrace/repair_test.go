package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"gtrace/repair"
)

func TestRepairList(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	rows := []repairRow{
		{What: "breakpoint", Binary: "/bin/server", Address: "0x4a9880", Offset: "0xa9880", Length: 1, Disk: "48", Memory: "cc", Func: "main.work", File: dir + "/main.go", Line: 12, program: true, Restored: true},
		{What: "changed", Binary: "/bin/server", Address: "0x4a9980", Offset: "0xa9980", Length: 20, Disk: "00112233445566778899", Func: "evil\x1b[31m", FuncOffset: 16, program: true},
		{What: "changed", Binary: "/bin/server", Address: "0x4a9a80", Offset: "0xa9a80", Length: 1, Disk: "48", Memory: "90", program: true},
		{What: "breakpoint", Binary: "/lib/libc.so.6", Address: "0x7f51ba212060", Offset: "0x2060", Length: 1, Disk: "c3", Memory: "cc", Func: "puts"},
	}
	var out bytes.Buffer
	if err := writeRepair(&out, rows); err != nil {
		t.Fatal(err)
	}
	want := `ADDRESS         OFFSET   DISK               MEMORY  WHAT               WHERE
0x4a9880        0xa9880  48                 cc      restored           main.work+0x0 main.go:12
0x4a9980        0xa9980  0011223344556677…  ?       changed, 20 bytes  evil\x1b[31m+0x10
0x4a9a80        0xa9a80  48                 90      changed            -
0x7f51ba212060  0x2060   c3                 cc      breakpoint         libc.so.6 puts+0x0
`
	if out.String() != want {
		t.Errorf("got\n%s", &out)
	}

	out.Reset()
	found := &repair.Report{Files: []repair.File{{Path: "/bin/server"}, {Path: "/lib/gone.so", Err: errors.New("it is gone")}}}
	if err := writeRepairJSON(&out, rows[:1], found); err != nil {
		t.Fatal(err)
	}
	want = `{"what":"breakpoint","binary":"/bin/server","address":"0x4a9880","offset":"0xa9880","length":1,"disk":"48","memory":"cc","func":"main.work","file":"` + dir + `/main.go","line":12,"restored":true}
{"what":"not_compared","binary":"/lib/gone.so","reason":"it is gone"}
`
	if out.String() != want {
		t.Errorf("got\n%s", &out)
	}
	if err := writeRepair(io.Discard, nil); err != nil {
		t.Error(err)
	}
}

func TestRepairErrors(t *testing.T) {
	for _, tt := range []struct {
		args   string
		status int
		stderr string
	}{
		{"repair", statusUsage, "repair: PID or NAME is missing"},
		{"repair 1 2", statusUsage, `unexpected argument "2"`},
		{"repair --format xml 1", statusUsage, "--format xml: use text, json"},
		{"repair 0", statusNotStarted, "repair 0: no such process"},
		{"repair 1073741824", statusNotStarted, "repair process 1073741824: no such process\ngtrace: hint: gtrace ps\n"},
		{"repair no-such-program", statusNotStarted, "repair no-such-program: no such process of that name"},
	} {
		r := gtrace(t, &fakeBackend{}, strings.Fields(tt.args)...)
		if r.status != tt.status || r.stdout != "" {
			t.Errorf("%s: status %d, stdout %q", tt.args, r.status, r.stdout)
		}
		wantText(t, tt.args, r.stderr, tt.stderr)
	}
}

// TestRepairSelf compares the running test: nobody has planted anything in it.
func TestRepairSelf(t *testing.T) {
	if _, err := os.Stat("/proc/self/mem"); err != nil {
		t.Skip(err)
	}
	r := gtrace(t, &fakeBackend{}, "repair", "-v", strconv.Itoa(os.Getpid()))
	if r.status != 0 || r.stdout != "" {
		t.Errorf("status %d, stdout %q", r.status, r.stdout)
	}
	wantText(t, "messages", r.stderr, "its code is as on disk", "bytes of code")
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"main.(*T).Größe": "main.(*T).Größe", "a b": "a b",
		"\x1b[2J": `\x1b[2J`, "a\nb": `a\nb`, "\xff": `\xff`, "": "", "it's": "it's", "\u202e": `\u202e`,
	} {
		if got := printable(name); got != want {
			t.Errorf("printable(%q) = %q, want %q", name, got, want)
		}
	}
}
