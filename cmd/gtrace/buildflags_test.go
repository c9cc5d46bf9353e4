package main

import (
	"strings"
	"testing"
)

func TestBuildFlags(t *testing.T) {
	t.Chdir("/tmp")
	for _, tt := range []struct {
		extra     string // with ; between
		optimized bool
		args      string // with | between
		list      string
	}{
		{"", false, "-gcflags=all=-N -l", ""},
		{"", true, "", ""},
		{"-race", true, "-race", "-race"},
		{"-tags sqlite,fts5 -trimpath", false, "-gcflags=all=-N -l|-tags=sqlite,fts5|-trimpath", "-tags=sqlite,fts5"},
		{"--tags=a;-mod=mod", true, "-tags=a|-mod=mod", "-tags=a|-mod=mod"},
		{"-tags 'a b'", true, "-tags=a b", "-tags=a b"},
		{`-ldflags="-X 'main.version=1 2'"`, true, "-ldflags=-X 'main.version=1 2'", ""},
		{"-gcflags=-d=ssa/check/on", false, "-gcflags=all=-N -l|-gcflags=-d=ssa/check/on -N -l", ""},
		{"-gcflags ./...=-m", false, "-gcflags=all=-N -l|-gcflags=./...=-m -N -l", ""},
		{"-gcflags=-m", true, "-gcflags=-m", ""},
		{"-modfile=alt.mod -pgo=auto", true, "-modfile=/tmp/alt.mod|-pgo=auto", "-modfile=/tmp/alt.mod"},
	} {
		f := buildFlags{optimized: tt.optimized}
		if tt.extra != "" {
			f.extra = strings.Split(tt.extra, ";")
		}
		if _, err := f.parse(); err != nil {
			t.Errorf("%s: %v", tt.extra, err)
		}
		if got := strings.Join(f.args(), "|"); got != tt.args {
			t.Errorf("%s: %s, want %s", tt.extra, got, tt.args)
		}
		if got := strings.Join(f.listArgs(), "|"); got != tt.list {
			t.Errorf("%s: go list gets %s, want %s", tt.extra, got, tt.list)
		}
	}
}

func TestBuildFlagErrors(t *testing.T) {
	for extra, want := range map[string]string{
		"tags=a":               "--build-flags tags=a: tags=a is not a flag",
		"-race ./cmd/x":        "--build-flags '-race ./cmd/x': ./cmd/x is not a flag",
		"-tags":                "--build-flags -tags: -tags needs a value: -tags=VALUE",
		"-o x":                 "--build-flags: -o cannot be given: gtrace chooses where",
		"-C dir":               "--build-flags: -C cannot be given: give the directory as PROG",
		"-ldflags='-s -w'":     "--build-flags: -ldflags with -s leaves the debug information out",
		"-ldflags '-X a=b -w'": "--build-flags: -ldflags with -w leaves the debug information out",
		"-tags 'a":             "--build-flags '-tags '\\''a': a quote is not closed",
	} {
		for _, command := range []string{"run", "test", "funcs", "doctor"} {
			r := gtrace(t, &fakeBackend{}, command, ".", "--build-flags", extra)
			if r.status != statusUsage {
				t.Errorf("%s %s: status %d", command, extra, r.status)
			}
			wantText(t, extra, r.stderr, "gtrace: "+want)
		}
	}
	r := gtrace(t, &fakeBackend{}, "run", anyProgram, "--build-flags=-race")
	if r.status != statusUsage {
		t.Errorf("a binary: status %d", r.status)
	}
	wantText(t, "a binary", r.stderr, "--build-flags: /proc/self/exe is a program already")
}
