package gtrace

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An arrow says which packages of this module a package, with what lies below
// it, may import besides itself. A package without an arrow fails the test: it
// must be given its place first. The first arrow that fits counts.
type arrow struct {
	pkg string
	may []string
}

var arrows = []arrow{
	{"events", nil},
	{"summary", []string{"events"}},
	{"diag", nil},
	{"procstatus", nil},
	{"leash", []string{"procstatus"}},
	{"session/engine/program", []string{"session/engine", "events", "diag", "leash"}},
	{"session/engine/ptrace", []string{"session/engine", "session/engine/program", "repair", "events", "diag", "procstatus", "leash"}},
	{"session/engine", []string{"events", "diag"}},
	{"repair", []string{"session/engine", "session/engine/program", "procstatus", "leash"}},
	{"session/source", nil},
	{"session", []string{"session/engine", "session/source", "events", "diag"}},
	{"filter", []string{"events", "diag"}},
	{"script", []string{"session", "events"}},
	{"repl", []string{"script", "session", "session/engine", "events"}},
	{"record", []string{"events"}},
	{"export", []string{"events"}},
	{"web", []string{"session", "record", "events"}},
	{"cmd/gtrace/output", []string{"events"}},
	{"cmd/gtrace", []string{
		"cmd/gtrace/output",
		"repl", "script", "session", "session/engine", "session/engine/program", "session/engine/ptrace", "repair",
		"session/source", "record", "export", "web", "summary", "filter", "events", "diag", "procstatus",
	}},
	{"e2e", []string{"events", "leash"}},
	{"examples", nil},
}

// owners says which package alone, with what lies below it, may import a
// library.
var owners = map[string]string{
	"github.com/go-delve/":     "session/engine/program",
	"github.com/spf13/":        "cmd/gtrace",
	"go.yaml.in/":              "cmd/gtrace",
	"github.com/peterh/":       "repl",
	"github.com/HdrHistogram/": "summary",
	"github.com/expr-lang/":    "filter",
}

const module = "gtrace"

// TestImports keeps the arrows of the architecture pointing one way.
func TestImports(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || path == ".":
			return err
		case d.IsDir() && !isPackage(path, d.Name()):
			return filepath.SkipDir
		case !d.IsDir() && filepath.Ext(path) == ".go" && filepath.Dir(path) != ".":
			checkFile(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// isPackage leaves out what the go command leaves out of a module.
func isPackage(path, name string) bool {
	if name == "testdata" || name[0] == '.' || name[0] == '_' {
		return false
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err != nil
}

// checkFile checks the imports of one file, whatever its build constraints.
func checkFile(t *testing.T, path string) {
	t.Helper()
	pkg := filepath.ToSlash(filepath.Dir(path))
	if arrowOf(pkg).pkg == "" {
		t.Errorf("%s: no arrow says what %s may import: add one to this test", path, pkg)
		return
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	for _, spec := range file.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			err = importError(pkg, imp, forTests(pkg) || strings.HasSuffix(path, "_test.go"))
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// importError says why pkg must not import imp. Test tells whether the import
// serves tests only.
func importError(pkg, imp string, test bool) error {
	for lib, owner := range owners {
		if strings.HasPrefix(imp, lib) && !within(pkg, owner) {
			return fmt.Errorf("imports %s: only %s may", imp, owner)
		}
	}
	own, ok := strings.CutPrefix(imp, module+"/")
	from, to := arrowOf(pkg), arrowOf(own)
	switch {
	case !ok && (from.pkg == "events" || from.pkg == "session/source") && !test && !standard(imp):
		return fmt.Errorf("imports %s: %s may use only the standard library", imp, from.pkg)
	case !ok:
		return nil
	case forTests(own) && !test:
		return fmt.Errorf("imports %s: only tests may", own)
	case from.pkg != to.pkg && !slices.Contains(from.may, to.pkg):
		return fmt.Errorf("imports %s: the arrows from %s lead to %v", own, from.pkg, from.may)
	}
	return nil
}

// TestImportError breaks each rule once.
func TestImportError(t *testing.T) {
	for _, tt := range []struct {
		pkg, imp string
		test     bool
		ok       bool
	}{
		{"session", "gtrace/events", false, true},
		{"session", "gtrace/session/engine", false, true},
		{"session", "gtrace/session/engine/ptrace", false, false},
		{"session", "gtrace/session/engine/enginetest", false, false},
		{"session", "gtrace/session/engine/enginetest", true, true},
		{"session/engine", "gtrace/session", false, false},
		{"session/engine/program/value", "github.com/go-delve/delve/pkg/dwarf/godwarf", false, true},
		{"session/engine/ptrace", "github.com/go-delve/delve/pkg/dwarf/godwarf", false, false},
		{"session/engine/program", "gtrace/session/engine/ptrace/proc", false, false},
		{"cmd/gtrace", "github.com/go-delve/delve/pkg/proc", true, false},
		{"session", "github.com/spf13/pflag", false, false},
		{"events", "io", false, true},
		{"events", "golang.org/x/sys/unix", false, false},
		{"events", "gtrace/session", false, false},
		{"session", "gtrace/session/source", false, true},
		{"session/source", "gtrace/session", false, false},
		{"session/source", "golang.org/x/sys/unix", false, false},
		{"e2e", "gtrace/events/eventstest", true, true},
		{"e2e", "gtrace/session", true, false},
	} {
		if err := importError(tt.pkg, tt.imp, tt.test); (err == nil) != tt.ok {
			t.Errorf("%s imports %s (test %t): %v", tt.pkg, tt.imp, tt.test, err)
		}
	}
}

// arrowOf returns the arrow of a package; its pkg is empty when there is none.
func arrowOf(pkg string) arrow {
	for _, a := range arrows {
		if within(pkg, a.pkg) {
			return a
		}
	}
	return arrow{}
}

// forTests reports whether a package holds what tests share, as enginetest.
func forTests(pkg string) bool { return strings.HasSuffix(pkg, "test") }

// within reports whether pkg is dir or below it.
func within(pkg, dir string) bool {
	return pkg == dir || strings.HasPrefix(pkg, dir+"/")
}

// standard reports whether a path is one of the standard library.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
