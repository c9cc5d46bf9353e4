package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeGo puts a go command into $PATH that writes down what it was asked for
// and makes the file that -o wants. It returns what it wrote.
func fakeGo(t *testing.T, makes string) func() string {
	t.Helper()
	bin, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	script := `#!/bin/sh
printf '%s|' "$PWD" "$@" >>` + log + `; echo >>` + log + `
if [ "$1" = list ]; then
	case "$*" in *unknown*) echo "no such package" >&2; exit 1;; esac
	echo "$PWD"; exit 0
fi
while [ "$1" != -o ]; do shift; done
for name in ` + makes + `; do touch "$2$name"; done
`
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	return func() string {
		text, _ := os.ReadFile(log)
		return string(text)
	}
}

func TestRunBuilds(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.MkdirAll("cmd/x", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("cmd/x/x.go", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"cmd/x"}, []string{dir + "/cmd/x|build|-o|", "|-buildvcs=false|-gcflags=all=-N -l|.|"}},
		{[]string{"cmd/x/x.go"}, []string{dir + "/cmd/x|build|-o|", "|x.go|"}},
		{[]string{"example.com/y"}, []string{dir + "|list|", dir + "|build|", "|example.com/y|"}},
		{[]string{"--build-flags", "-race -tags=a", "example.com/y"}, []string{"|{{.Dir}}|-race|-tags=a|--|example.com/y|", "|-gcflags=all=-N -l|-race|-tags=a|example.com/y|"}},
		{[]string{"--optimized", "cmd/x"}, []string{"|-buildvcs=false|.|"}},
	} {
		log := fakeGo(t, "prog")
		b := &fakeBackend{target: newFakeTarget(t, oneCall+"exit 0")}
		if r := gtrace(t, b, append([]string{"run"}, tt.args...)...); r.status != 0 {
			t.Errorf("%q: status %d\n%s", tt.args, r.status, r.stderr)
		}
		wantText(t, "go's log", log(), tt.want...)
		if filepath.Base(b.launch.Path) != "prog" {
			t.Errorf("%q: ran %s", tt.args, b.launch.Path)
		}
		if isFile(filepath.Dir(b.launch.Path)) {
			t.Errorf("%q: %s was left behind", tt.args, b.launch.Path)
		}
	}
}

func TestRunCannotBuild(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tt := range []struct {
		makes, args string
		want        int
		stderr      string
	}{
		{"", "run .", statusNotStarted, "names 0 programs"},
		{"a b", "run .", statusNotStarted, "names 2 programs"},
		{"", "run unknown.com/x", statusNotFound, "unknown.com/x: no such program, file or package"},
		{"", "test", statusNotStarted, "the package has no tests"},
		{"", "test unknown.com/x", statusNotFound, "no such package"},
		{"", "test a b", statusUsage, `unexpected argument "b"`},
	} {
		fakeGo(t, tt.makes)
		b := &fakeBackend{target: newFakeTarget(t, oneCall+"exit 0")}
		r := gtrace(t, b, strings.Fields(tt.args)...)
		if r.status != tt.want {
			t.Errorf("%s: status %d, want %d", tt.args, r.status, tt.want)
		}
		wantText(t, "stderr", r.stderr, tt.stderr)
	}
}

func TestTestRunsInItsDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("store", 0o755); err != nil {
		t.Fatal(err)
	}
	log := fakeGo(t, "store.test")
	b := &fakeBackend{target: newFakeTarget(t, oneCall+"exit 1")}
	b.target.status = 1
	if r := gtrace(t, b, "test", "-q", "./store", "--", "-run", "X", "-v"); r.status != 1 {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
	wantText(t, "go's log", log(), dir+"/store|test|-c|-o|", "|-gcflags=all=-N -l|.|")
	if b.launch.Dir != filepath.Join(dir, "store") || !slices.Contains(b.launch.Env, "PWD="+b.launch.Dir) {
		t.Errorf("ran in %s", b.launch.Dir)
	}
	if want := []string{"-test.run", "X", "-test.v"}; !slices.Equal(b.launch.Args, want) {
		t.Errorf("the test gets %q, want %q", b.launch.Args, want)
	}
}

func TestTestArgs(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"", ""},
		{"-run X -v", "-test.run X -test.v"},
		{"--run=X -count=1", "-test.run=X -test.count=1"},
		{"-test.run X", "-test.run X"}, // and X ends the flags
		{"-run -v -v", "-test.run -v -test.v"},
		{"-update -run X", "-update -test.run X"},
		{"-v -args -v", "-test.v -v"},
		{"-v name -v", "-test.v name -v"},
		{"-timeout 5s -short -bench .", "-test.timeout 5s -test.short -test.bench ."},
	} {
		if got := strings.Join(testArgs(strings.Fields(tt.args)), " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.args, got, tt.want)
		}
	}
}
