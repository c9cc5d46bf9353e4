package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSourceOfOthers attaches as root to a program of another user that says that its
// lines are in files of root's: they are not shown. Its own are.
func TestSourceOfOthers(t *testing.T) {
	require(t, "ptrace", "root")
	t.Parallel()
	const nobody = 65534
	dir := t.TempDir()
	for dir := dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := write("config", strings.Repeat("the-key-of-root\n", 9), 0o600)
	private := write("closed/private.go", strings.Repeat("the-source-of-root\n", 9), 0o644)
	linked := filepath.Join(dir, "linked.go")
	if err := os.Symlink(config, linked); err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	code.WriteString("package main\n\nimport \"time\"\n")
	for i, file := range []string{"", config, private, linked} {
		if file != "" {
			code.WriteString("\n//line " + file + ":1")
		}
		fmt.Fprintf(&code, "\n//go:noinline\nfunc work%d(n int) int {\n\tn++ // shown\n\tn *= 2\n\treturn n\n}\n", i)
	}
	code.WriteString("\nfunc main() {\n\tfor n := 0; ; n++ {\n\t\twork0(work1(work2(work3(n))))\n\t\ttime.Sleep(10 * time.Millisecond)\n\t}\n}\n")
	program := write("main.go", code.String(), 0o644)
	for _, mode := range []string{"", "all=-N -l"} {
		bin := filepath.Join(dir, "prog"+fmt.Sprint(len(mode)))
		if out, err := exec.Command("go", "build", "-gcflags="+mode, "-o", bin, program).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		cmd := exec.Command(bin)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
		for _, format := range []string{"text", "snoop", "json"} {
			out, err := exec.CommandContext(t.Context(), gtrace(t), "attach", fmt.Sprint(cmd.Process.Pid), "-l", "-t", "main.work*", "-n", "40", "--for", "20s", "--format", format).CombinedOutput()
			if err != nil || strings.Contains(string(out), "of-root") {
				t.Errorf("%s: %v\n%s", format, err, out)
			}
			if mode != "" && (!strings.Contains(string(out), "n++ // shown") || strings.Count(string(out), "may not read it") != 2 || strings.Count(string(out), "not named as source") != 1) {
				t.Errorf("%s: the program's own line, or a note, is missing:\n%s", format, out)
			}
		}
	}
}
