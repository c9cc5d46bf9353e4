package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUser reads, as root, files as a user who may not read all of them.
func TestUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can read as somebody else")
	}
	dir := t.TempDir()
	for dir := dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("package p // "+name), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := func(to, name string) string {
		path := filepath.Join(dir, name)
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open, grouped := write("open.go", 0o644), write("grouped.go", 0o640)
	if err := os.Chown(grouped, 0, 4242); err != nil {
		t.Fatal(err)
	}
	private, inside, shadow := write("private.go", 0o600), write("closed/inside.go", 0o644), write("shadow", 0o644)

	user := &User{UID: 65534, GID: 65534, Groups: []int{4242}}
	for _, tt := range []struct {
		path string
		user *User
		want string // in the problem; empty: the line is found
	}{
		{open, user, ""},
		{grouped, user, ""},
		{private, user, "uid 65534, may not read it"},
		{inside, user, "uid 65534, may not read it"},
		{link(private, "link.go"), user, "uid 65534, may not read it"},
		{private, &User{UID: 0, GID: 0}, ""},
		{private, &User{UID: -1, GID: -1}, "more rights than the program has"},
		{private, nil, ""},
		{shadow, nil, "not named as source"},
		{link(shadow, "shadow.go"), nil, "not named as source"},
		{link(shadow, "shadow2.go"), user, "not named as source"},
	} {
		f, err := New(Program{User: tt.user}, nil)
		if err != nil {
			t.Fatal(err)
		}
		file := f.File(tt.path)
		if found := file.Line(1) != ""; found != (tt.want == "") || !strings.Contains(file.Problem(), tt.want) {
			t.Errorf("%s as %v: %q, problem %q, want %q", filepath.Base(tt.path), tt.user, file.Line(1), file.Problem(), tt.want)
		}
	}

	// What gtrace's own user says is read as that one.
	f, err := New(Program{User: user}, []string{"/build=" + dir})
	if err != nil {
		t.Fatal(err)
	}
	if file := f.File("/build/private.go"); file.Line(1) == "" {
		t.Errorf("by a rule: %s", file.Problem())
	}
	// The rights of everyone else are what they were.
	if _, err := os.ReadFile(private); err != nil {
		t.Error(err)
	}
}

// TestTotal finds no more files when those before were large.
func TestTotal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.go")
	if err := os.WriteFile(path, []byte("package p"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := New(Program{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.left = 1
	if got := f.File(path).Line(1); got != "package p" {
		t.Errorf("line %q", got)
	}
	if got := f.File(path + "/../a.go"); got.Line(1) != "" || !strings.Contains(got.Problem(), "64 MB") {
		t.Errorf("line %q, problem %q", got.Line(1), got.Problem())
	}
}
