package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gtrace/e2e/progen"
	"gtrace/events"
)

// A foreign program is one that was not written to be traced by these tests.
type foreign struct {
	dir      string
	argv     []string // its path first
	patterns []string // none: its main module
	calls    int      // events of kind call that there must be, at least
	stderr   int      // paragraphs of stderr to compare, but for their numbers
}

// foreignLimit is how long a foreign program may be traced.
const foreignLimit = time.Minute

// check runs the program alone and traced, and compares how it ends and what it
// writes to stdout. The stream must be valid.
func (f foreign) check(t *testing.T) {
	t.Helper()
	alone := f.run(t, f.argv[0], f.argv[1:]...)
	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	args := []string{"run", "-q", "--format", "json", "-o", trace}
	for _, p := range f.patterns {
		args = append(args, "-t", p)
	}
	args = append(append(args, f.argv[0], "--"), f.argv[1:]...)
	traced := f.run(t, gtrace(t), args...)
	f.compare(t, traced, alone)
	if err := validateFile(trace); err != nil {
		t.Fatalf("validate: %v\n%s", err, traced.stderr)
	}
	if got := countCalls(t, trace); got < f.calls {
		t.Errorf("%d calls, want at least %d", got, f.calls)
	}
}

type outcome struct {
	status         int
	stdout, stderr []byte
}

func (o outcome) String() string {
	return fmt.Sprintf("exit status %d\nstdout:\n%s\nstderr:\n%s", o.status, o.stdout, o.stderr)
}

func (f foreign) run(t *testing.T, prog string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), foreignLimit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, prog, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.dir, &stdout, &stderr
	cmd.WaitDelay = time.Second
	// Together with the target: gtrace may have left it behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s %q did not end within %v\n%s", prog, args, foreignLimit, stderr.Bytes())
	}
	status, err := exitStatus(err)
	if err != nil {
		t.Fatal(err)
	}
	return outcome{status, stdout.Bytes(), stderr.Bytes()}
}

func countCalls(t *testing.T, path string) int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stream, err := readStream(f)
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, e := range stream {
		if e.Kind == events.Call {
			calls++
		}
	}
	return calls
}

// TestDelveFixtures traces programs with which Delve tests itself.
func TestDelveFixtures(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/go-delve/delve").Output()
	if err != nil {
		t.Fatal(err)
	}
	fixtures := filepath.Join(strings.TrimSpace(string(out)), "_fixtures")
	for name, calls := range map[string]int{
		"callme": 1, "closurecontents": 1, "condframe": 3, "databpcountstest": 1,
		"deepstack": 100, "defercall": 3, "deferstack": 4, "fputest/": 1,
		"genericbp": 2, "ifaceembcall": 1, "increment": 3, "issue1531": 1,
		"issue594": 1, "leafrec": 3, "math": 1, "panic": 1, "panicex": 2,
		"rangeoverfunc": 10, "retstack": 2, "stepoutret": 2, "testnextdefer": 2,
		"testvariables2": 1, "traceprog": 2, "teststep": 1,
	} {
		for _, mode := range []string{"opt", "debug"} {
			t.Run(strings.Trim(name, "/")+"-"+mode, func(t *testing.T) {
				t.Parallel()
				source := filepath.Join(fixtures, name)
				if !strings.HasSuffix(name, "/") {
					source += ".go"
				}
				dir := t.TempDir()
				prog := filepath.Join(dir, "prog")
				goTool(t, fixtures, append(slices.Clone(buildModes[mode]), "-o", prog, source)...)
				want := calls
				if mode == "opt" {
					want = 1 // much is inlined
				}
				foreign{dir: dir, argv: []string{prog}, patterns: []string{"main.*"}, calls: want}.check(t)
			})
		}
	}
}

// TestBuildModes traces one program built in the ways in which programs are
// shipped.
func TestBuildModes(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, mode := range []string{"opt", "debug", "race", "pie", "trimpath"} {
		t.Run(mode, func(t *testing.T) {
			if mode == "race" {
				require(t, "race")
			}
			t.Parallel()
			traceGenerated(t, progen.Generate(1, 150), mode)
		})
	}
}

// TestGofmt traces a program of the Go distribution.
func TestGofmt(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	dir := t.TempDir()
	gofmt := filepath.Join(dir, "gofmt")
	goTool(t, ".", "build", "-o", gofmt, "cmd/gofmt")
	ugly := "package p\nfunc  f( ) {x:=1;_=x }\n"
	if err := os.WriteFile(filepath.Join(dir, "ugly.go"), []byte(ugly), 0o666); err != nil {
		t.Fatal(err)
	}
	foreign{dir: dir, argv: []string{gofmt, "-d", "ugly.go"}, patterns: []string{"main.*", "go/parser.(*parser).parse*"}, calls: 20}.check(t)
	foreign{dir: dir, argv: []string{gofmt, "missing.go"}, patterns: []string{"main.*"}, calls: 3}.check(t)
}

// TestItself traces gtrace, which is large and optimised.
func TestItself(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	prog := buildTarget(t, "opt", "cgo")
	foreign{argv: []string{gtrace(t), "funcs", prog, "main.*"}, patterns: []string{"gtrace/cmd/gtrace.*"}, calls: 20}.check(t)
}

// TestCompiler traces the Go compiler, which is larger, and as it is shipped has no
// symbol table. To build it takes as long as many another test.
func TestCompiler(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "tool", "-n", "compile").Output()
	if err != nil {
		t.Fatal(err)
	}
	got := foreign{dir: dir}.run(t, gtrace(t), "run", "-t", "main.main", strings.TrimSpace(string(out)), "--", "-V")
	if got.status != 126 || !bytes.Contains(got.stderr, []byte("no debug information")) {
		t.Errorf("stripped: exit status %d\n%s", got.status, got.stderr)
	}
	if *long == 1 {
		return
	}
	source := "package p\n\nfunc F(n int) int {\n\tif n < 2 {\n\t\treturn n\n\t}\n\treturn F(n-1) + F(n-2)\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	compile := filepath.Join(dir, "compile")
	goTool(t, ".", "build", "-o", compile, "cmd/compile")
	foreign{dir: dir, argv: []string{compile, "-o", "p.o", "-p", "p", "p.go"}, patterns: []string{"cmd/compile/internal/ssagen.buildssa", "cmd/compile/internal/ssa.Compile", "cmd/compile/internal/noder.LoadPackage"}, calls: 3}.check(t)
}

// TestCgo traces a program that calls C, and is called back by it.
func TestCgo(t *testing.T) {
	require(t, "ptrace", "cgo")
	t.Parallel()
	prog := buildTarget(t, "opt", "cgo")
	foreign{dir: t.TempDir(), argv: []string{prog}, patterns: []string{"main.*"}, calls: 8}.check(t)
}
