package main

import (
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
)

func TestSourceFlags(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, ""},
		{[]string{"--source-path", dir, "--source-path", "/build=" + dir}, ""},
		{[]string{"--source-path", "a,b=" + dir}, ""}, // no list with commas
		{[]string{"--source-path="}, `--source-path "": use OLD=NEW or a directory`},
		{[]string{"--source-path", dir, "--source-path", missing}, "--source-path " + missing + ": no such file or directory"},
		{[]string{"--source-path", "=" + dir}, "--source-path =" + dir + ": nothing before =: use OLD=NEW, OLD is how paths begin in the program"},
		{[]string{"--source-path", "/build="}, "--source-path /build=: nothing behind =: use OLD=NEW, NEW is where the files are"},
	} {
		var flags sourceFlags
		fs := pflag.NewFlagSet("", pflag.ContinueOnError)
		flags.register(fs)
		if err := fs.Parse(tt.args); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := flags.check(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q: %s, want %s", tt.args, got, tt.want)
		}
	}
}
