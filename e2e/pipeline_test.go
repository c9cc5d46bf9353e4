package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestOutputCommand ends a trace by Ctrl-C, which the terminal sends to the command of
// -o too: it still reads all there is.
func TestOutputCommand(t *testing.T) {
	require(t, "ptrace")
	s := startServer(t)
	finish := s.load()
	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	// tee writes what it reads as it comes, and the last line once there is no more.
	args := append([]string{"attach", "--format", "json", "-o", "|tee " + trace + "; echo done >>" + trace, strconv.Itoa(s.pid)}, serverPatterns...)
	cmd := exec.Command(gtrace(t), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	g := startCommand(t, cmd)
	awaitSize(t, trace, 20_000)
	if err := syscall.Kill(-g.cmd.Process.Pid, syscall.SIGINT); err != nil { // as a terminal does
		t.Fatal(err)
	}
	if got := g.wait(t); got != 130 {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
	s.checkFree(t, finish)
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if n := len(lines); n < 3 || lines[n-1] != "done" || !strings.Contains(lines[n-2], `"kind":"end"`) {
		t.Errorf("the command did not read to the end:\n%s", lines[max(0, n-3):])
	}
}
