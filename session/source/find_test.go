package source

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	built = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	newer = built.Add(time.Hour)
)

// A tree is a directory where nothing of the machine is found.
type tree struct {
	t   *testing.T
	dir string
}

func newTree(t *testing.T) tree {
	tr := tree{t, t.TempDir()}
	for name, value := range map[string]string{
		"GOROOT": "", "GOMODCACHE": "", "GOENV": "off", "PATH": "",
		"GOPATH": tr.at("gopath"), "HOME": tr.at("home"),
	} {
		t.Setenv(name, value)
	}
	return tr
}

func (tr tree) at(name string) string { return filepath.Join(tr.dir, name) }

// write makes files that are older than the program. Each says where it is; the
// text of another one follows "NAME: ".
func (tr tree) write(names ...string) {
	tr.t.Helper()
	for _, name := range names {
		name, text, ok := strings.Cut(name, ": ")
		if !ok {
			text = name
		}
		path := tr.at(name)
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err == nil {
			err = os.WriteFile(path, []byte(text+"\n"), 0o666)
		}
		if err != nil {
			tr.t.Fatal(err)
		}
		tr.age(name, built.Add(-time.Hour))
	}
}

func (tr tree) age(name string, to time.Time) {
	tr.t.Helper()
	if err := os.Chtimes(tr.at(name), to, to); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr tree) finder(p Program, rules ...string) *Finder {
	tr.t.Helper()
	f, err := New(p, rules)
	if err != nil {
		tr.t.Fatal(err)
	}
	return f
}

// TestFind finds one file in each way. A path or rule with $ has the tree's
// directory there.
func TestFind(t *testing.T) {
	const (
		app = "app/go.mod: module example.com/app"
		std = "goroot/VERSION: go1.26.8"

		toolchain = "gopath/pkg/mod/golang.org/toolchain@v0.0.1-go1.26.8." + runtime.GOOS + "-" + runtime.GOARCH
	)
	for _, tt := range []struct {
		name  string
		files []string
		path  string
		rules []string
		env   string
		want  string // the file found, none when empty
	}{
		{"full path", []string{"x/main.go"}, "$/x/main.go", nil, "", "x/main.go"},
		{"full path before rules", []string{"x/main.go", "y/main.go"}, "$/x/main.go", []string{"$/x=$/y"}, "", "x/main.go"},
		{"nothing", nil, "/build/main.go", nil, "", ""},
		{"prefix", []string{"x/cmd/main.go"}, "/build/cmd/main.go", []string{"/build=$/x"}, "", "x/cmd/main.go"},
		{"prefix with slashes", []string{"x/cmd/main.go"}, "/build/cmd/main.go", []string{"/build/=$/x/"}, "", "x/cmd/main.go"},
		{"root as prefix", []string{"x/build/main.go"}, "/build/main.go", []string{"/=$/x"}, "", "x/build/main.go"},
		{"half a name as prefix", []string{"x/er/main.go", "xer/main.go"}, "/builder/main.go", []string{"/build=$/x"}, "", ""},
		{"file as prefix", []string{"x/other.go"}, "/build/main.go", []string{"/build/main.go=$/x/other.go"}, "", "x/other.go"},
		{"relative prefix", []string{"x/main.go"}, "example.com/app/main.go", []string{"example.com/app=$/x"}, "", "x/main.go"},
		{"second rule", []string{"x/a.go", "y/main.go"}, "/build/main.go", []string{"/build=$/x", "/build=$/y"}, "", "y/main.go"},
		{"directory, longest tail", []string{"x/a/b/main.go", "x/b/main.go", "x/main.go"}, "/src/a/b/main.go", []string{"$/x"}, "", "x/a/b/main.go"},
		{"directory, name alone", []string{"x/main.go"}, "/src/a/b/main.go", []string{"$/x"}, "", "x/main.go"},
		{"name alone in a directory is last", []string{"x/proc.go", std, "goroot/src/runtime/proc.go"}, "runtime/proc.go", []string{"$/x"}, "GOROOT", "goroot/src/runtime/proc.go"},
		{"directory with =", []string{"x=y/main.go"}, "/src/main.go", []string{"$/x=y"}, "", "x=y/main.go"},
		{"home in a rule", []string{"home/x/main.go"}, "/src/main.go", []string{"/src=~/x"}, "", "home/x/main.go"},
		{"standard library", []string{std, "goroot/src/runtime/proc.go"}, "runtime/proc.go", nil, "GOROOT", "goroot/src/runtime/proc.go"},
		{"vendored by the standard library", []string{std, "goroot/src/vendor/golang.org/x/a.go"}, "vendor/golang.org/x/a.go", nil, "GOROOT", "goroot/src/vendor/golang.org/x/a.go"},
		{"standard library by the go command", []string{std, "goroot/src/runtime/proc.go", "goroot/bin/go"}, "runtime/proc.go", nil, "PATH", "goroot/src/runtime/proc.go"},
		{"standard library of a toolchain", []string{
			toolchain + "/VERSION: go1.26.8",
			toolchain + "/src/runtime/proc.go",
			"goroot/VERSION: go1.25.0", "goroot/src/runtime/proc.go",
		}, "runtime/proc.go", nil, "GOROOT", toolchain + "/src/runtime/proc.go"},
		{"standard library of another machine", []string{std, "goroot/src/runtime/proc.go"}, "/build/go/src/runtime/proc.go", nil, "GOROOT", "goroot/src/runtime/proc.go"},
		{"no standard library", []string{std, "goroot/src/runtime/proc.go"}, "/build/other/src/runtime/proc.go", nil, "GOROOT", ""},
		{"module cache", []string{"gopath/pkg/mod/github.com/!foo/bar@v1.2.3-!r!c1/sub/X.go"}, "github.com/Foo/bar@v1.2.3-RC1/sub/X.go", nil, "", "gopath/pkg/mod/github.com/!foo/bar@v1.2.3-!r!c1/sub/X.go"},
		{"module cache elsewhere", []string{"cache/a.b/c@v1.0.0/x.go"}, "a.b/c@v1.0.0/x.go", nil, "GOMODCACHE", "cache/a.b/c@v1.0.0/x.go"},
		{"module cache of another machine", []string{"gopath/pkg/mod/a.b/!c@v1.0.0/x.go"}, "/ci/go/pkg/mod/a.b/!c@v1.0.0/x.go", nil, "", "gopath/pkg/mod/a.b/!c@v1.0.0/x.go"},
		{"another version", []string{"gopath/pkg/mod/a.b/c@v1.0.0/x.go"}, "a.b/c@v1.0.1/x.go", nil, "", ""},
		{"main module", []string{app, "app/cmd/main.go"}, "example.com/app/cmd/main.go", nil, "", "app/cmd/main.go"},
		{"main module, a version", []string{app, "app/main.go"}, "example.com/app@v1.2.3/main.go", nil, "", "app/main.go"},
		{"main module, no version", []string{app, "app/main.go"}, "example.com/app@(devel)/main.go", nil, "", "app/main.go"},
		{"main module installed", []string{"gopath/pkg/mod/example.com/app@v1.2.3/main.go"}, "example.com/app@v1.2.3/main.go", nil, "", "gopath/pkg/mod/example.com/app@v1.2.3/main.go"},
		{"main module of the executable", []string{"bin/go.mod: module example.com/app", "bin/main.go"}, "example.com/app/main.go", nil, "", "bin/main.go"},
		{"relative to the main module", []string{app, "app/sub/main.go"}, "sub/main.go", nil, "", "app/sub/main.go"},
		{"another module", []string{"app/go.mod: module example.com/other", "app/main.go"}, "example.com/app/main.go", nil, "", ""},
		{"a module of a longer name", []string{app, "app/main.go", "app/le/main.go"}, "example.com/apple/main.go", nil, "", ""},
		{"vendor directory", []string{app, "app/vendor/a.b/c/x.go", "app/vendor/modules.txt: # a.b/c v1.0.0"}, "a.b/c@v1.0.0/x.go", nil, "", "app/vendor/a.b/c/x.go"},
		{"vendor directory, another version", []string{app, "app/vendor/a.b/c/x.go", "app/vendor/modules.txt: # a.b/c v1.0.1"}, "a.b/c@v1.0.0/x.go", nil, "", ""},
		{"vendor directory, no version", []string{app, "app/vendor/a.b/c/x.go"}, "a.b/c/x.go", nil, "", "app/vendor/a.b/c/x.go"},
		{"replaced by a directory", []string{app + "\nreplace a.b/c => ../lib", "lib/x.go"}, "a.b/c@v1.0.0/x.go", nil, "", "lib/x.go"},
		{"replaced by a module", []string{app + "\nreplace (\n\ta.b/c v1.0.0 => d.e/f v2.0.0 // why\n)", "gopath/pkg/mod/d.e/f@v2.0.0/x.go"}, "a.b/c@v1.0.0/x.go", nil, "", "gopath/pkg/mod/d.e/f@v2.0.0/x.go"},
		{"GOPATH", []string{"gopath/src/example.com/old/x.go"}, "example.com/old/x.go", nil, "", "gopath/src/example.com/old/x.go"},
		{"out of the main module", []string{app, "secret.go"}, "example.com/app/../secret.go", nil, "", ""},
		{"out of a directory", []string{"x/a.go", "secret.go"}, "../secret.go", []string{"$/x"}, "", ""},
		{"directory for a file", []string{"x/main.go/a"}, "$/x/main.go", nil, "", ""},
		{"generated", []string{"x/_cgo_gotypes.go"}, "_cgo_gotypes.go", []string{"$/x"}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTree(t)
			tr.write(append(tt.files, "bin/prog", "app/sub/here")...)
			switch tt.env {
			case "GOROOT":
				t.Setenv("GOROOT", tr.at("goroot"))
			case "GOMODCACHE":
				tr.write("env: GOMODCACHE=" + tr.at("cache"))
				t.Setenv("GOENV", tr.at("env"))
			case "PATH":
				if err := os.Chmod(tr.at("goroot/bin/go"), 0o777); err != nil {
					t.Fatal(err)
				}
				t.Setenv("PATH", tr.at("goroot/bin"))
			}
			var rules []string
			for _, rule := range tt.rules {
				rules = append(rules, strings.ReplaceAll(rule, "$", tr.dir))
			}
			f := tr.finder(Program{
				Path: tr.at("bin/prog"), Dir: tr.at("app/sub"), Built: built,
				Module: "example.com/app", Go: "go1.26.8 X:some", GOROOT: "/build/go",
			}, rules...)
			path := strings.ReplaceAll(tt.path, "$", tr.dir)
			file := f.File(path)
			if got, _, _ := strings.Cut(file.Line(1), ": "); got != tt.want {
				t.Errorf("found %q, want %q; %s", got, tt.want, file.Problem())
			}
			if found := tt.want != ""; found == (file.Problem() != "") && tt.name != "generated" {
				t.Errorf("problem %q of a file that was found: %t", file.Problem(), found)
			}
			if f.File(path) != file {
				t.Error("the file was looked for twice")
			}
		})
	}
}

// TestFindNoModule finds the file that was named to the go command.
func TestFindNoModule(t *testing.T) {
	tr := newTree(t)
	tr.write("work/x.go", "bin/y.go")
	f := tr.finder(Program{Path: tr.at("bin/prog"), Dir: tr.at("work")})
	for path, want := range map[string]string{"./x.go": "work/x.go", "./y.go": "bin/y.go"} {
		if got := f.File(path).Line(1); got != want {
			t.Errorf("%s: found %q, want %q", path, got, want)
		}
	}
}

func TestProblem(t *testing.T) {
	tr := newTree(t)
	tr.write(
		"x/main.go", "x/new.go", "x/dir.go/a", "x/zero.go: \x00",
		"go/VERSION: go1.25.0", "go/src/net/net.go",
		"gopath/pkg/mod/a.b/c@v1.0.0/x.go",
	)
	tr.age("x/new.go", newer)
	tr.age("go/src/net/net.go", newer)
	tr.age("gopath/pkg/mod/a.b/c@v1.0.0/x.go", newer)
	if err := syscall.Mkfifo(tr.at("x/pipe.go"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tr.at("x/great.go"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(tr.at("x/great.go"), 100<<20); err != nil {
		t.Fatal(err)
	}
	const use = "; use --source-path OLD=NEW or DIR"
	p := Program{Path: tr.at("bin/prog"), Built: built, Go: "go1.26.8", GOROOT: tr.at("go"), Module: "example.com/app"}
	f := tr.finder(p, "/build="+tr.at("x"))
	for path, want := range map[string]string{
		"$/x/main.go":  "",
		"$/x/new.go":   "$/x/new.go is newer than the program: its lines may not be those that run",
		"/build/no.go": "source /build/no.go: not found (looked in /build, $/x)" + use,
		"a.b/x.go":     "source a.b/x.go: not found (looked in $/gopath/src/a.b)" + use,
		"a.go":         "source a.go: not found (looked in $/gopath/src)" + use,
		"$/x/dir.go":   "source $/x/dir.go: is not a regular file" + use,
		"$/x/pipe.go":  "source $/x/pipe.go: is not a regular file" + use,
		"/dev/null":    "source /dev/null: is not read: it is not named as source files are (.go and the like)",
		"$/x/great.go": "source $/x/great.go: has 100 MB, more than the 8 that are read" + use,
		"$/x/zero.go":  "source $/x/zero.go: is not text" + use,
		// A part of the path is a file.
		"$/x/main.go/a.go":                   "source $/x/main.go/a.go: not found (looked in $/x/main.go)" + use,
		"$/go/src/net/net.go":                "$/go/src/net/net.go is of go1.25.0, the program of go1.26.8: its lines may not be those that run",
		"$/gopath/pkg/mod/a.b/c@v1.0.0/x.go": "", // unpacked later
		"<autogenerated>":                    "",
		"_cgo_gotypes.go":                    "",
		"":                                   "",
		"_testmain.go":                       "",
	} {
		path, want = strings.ReplaceAll(path, "$", tr.dir), strings.ReplaceAll(want, "$", tr.dir)
		if got := f.File(path).Problem(); got != want {
			t.Errorf("%s: problem\n\t%q, want\n\t%q", path, got, want)
		}
	}

	p.Go = "go1.25.0"
	if got := tr.finder(p).File(tr.at("go/src/net/net.go")).Problem(); got != "" {
		t.Errorf("standard library of the same version: %s", got)
	}
	rules := make([]string, maxDirs+2)
	for i := range rules {
		name := string(rune('a' + i))
		tr.write(name + "/here")
		rules[i] = "/b=" + tr.at(name)
	}
	if got := tr.finder(Program{}, rules...).File("/b/x.go").Problem(); !strings.Contains(got, " and 3 more)") {
		t.Errorf("many directories: %s", got)
	}
}

func TestBadRule(t *testing.T) {
	tr := newTree(t)
	tr.write("x/main.go", "file")
	for rule, want := range map[string]string{
		"":           `"": use OLD=NEW or a directory`,
		"=$/x":       "=$/x: nothing before =: use OLD=NEW, OLD is how paths begin in the program",
		"/build=":    "/build=: nothing behind =: use OLD=NEW, NEW is where the files are",
		"/build=$/y": "/build=$/y: $/y: no such file or directory",
		"$/y":        "$/y: no such file or directory",
		"$/file":     "$/file: not a directory",
		"/b=$/pipe":  "/b=$/pipe: $/pipe is neither a directory nor a file",
	} {
		if strings.HasSuffix(rule, "pipe") {
			if err := syscall.Mkfifo(tr.at("pipe"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		rule, want = strings.ReplaceAll(rule, "$", tr.dir), strings.ReplaceAll(want, "$", tr.dir)
		_, err := New(Program{}, []string{tr.at("x"), rule})
		if err == nil || err.Error() != want {
			t.Errorf("rule %q: %v, want %s", rule, err, want)
		}
	}
}

// TestSettings asks for the directories of the go command by each way to set
// them.
func TestSettings(t *testing.T) {
	tr := newTree(t)
	check := func(how, want string) {
		t.Helper()
		if got := moduleCache(); got != want {
			t.Errorf("%s: module cache %s, want %s", how, got, want)
		}
	}
	check("GOPATH", tr.at("gopath/pkg/mod"))
	t.Setenv("GOPATH", tr.at("first")+":"+tr.at("second"))
	check("GOPATH of two", tr.at("first/pkg/mod"))
	t.Setenv("GOPATH", "")
	check("nothing", tr.at("home/go/pkg/mod"))
	t.Setenv("GOENV", "")
	t.Setenv("XDG_CONFIG_HOME", tr.at("config"))
	check("no file", tr.at("home/go/pkg/mod"))
	tr.write("config/go/env: GOFLAGS=-mod=mod\nGOMODCACHE=/of/file")
	check("file", "/of/file")
	t.Setenv("GOMODCACHE", "/of/environment")
	check("environment", "/of/environment")
}
