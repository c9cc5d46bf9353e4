package e2e

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal returns the two ends of a new terminal: that of the person who
// looks at it, and that of programs.
func openTerminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	fd := int(screen.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return screen, tty
}

// watch reads what programs write to a terminal, and returns what tells it.
func watch(screen, tty *os.File) (seen func() string) {
	var mu sync.Mutex
	var text []byte
	go func() {
		for buf := make([]byte, 4096); ; {
			n, err := screen.Read(buf)
			mu.Lock()
			text = append(text, buf[:n]...)
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return func() string {
		const mark = "\x00end\x00"
		_, _ = tty.WriteString(mark)
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			mu.Lock()
			before, _, done := strings.Cut(string(text), mark)
			mu.Unlock()
			if done {
				return before
			}
		}
		return "the terminal shows nothing"
	}
}

// in makes a command run in a terminal, as the leader of its session.
func in(tty *os.File, cmd *exec.Cmd) *exec.Cmd {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return cmd
}

// TestKeys types Ctrl-Z, which would leave the process standing still, and
// Ctrl-C. The shell controls jobs, else Ctrl-Z would do nothing to anybody.
func TestKeys(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	target := startBusy(t, "optimised")
	screen, tty := openTerminal(t)
	seen := watch(screen, tty)
	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	g := startCommand(t, in(tty, exec.Command("bash", "-m", "-c", `"$0" "$@"; exit $?`, gtrace(t),
		"attach", "-t", "main.*", "--format", "json", "-o", trace, strconv.Itoa(target.pid))))
	awaitSize(t, trace, 2000)
	for _, key := range []string{"\x1a", "\x03"} {
		if _, err := screen.WriteString(key); err != nil {
			t.Fatal(err)
		}
		if key == "\x1a" {
			stillTraces(t, trace)
		}
	}
	if got := g.exits(t); got != 130 {
		t.Errorf("exit status %d, want 130", got)
	}
	if text := seen(); !strings.Contains(text, "tracing ended by SIGINT; PID ") {
		t.Errorf("the terminal shows\n%s", text)
	}
	released(t, target)
}

// TestTerminalClosed takes away the terminal that events are written to.
func TestTerminalClosed(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	target := startBusy(t, "optimised")
	screen, tty := openTerminal(t)
	g := startCommand(t, in(tty, exec.Command(gtrace(t), "attach", "-t", "main.*", strconv.Itoa(target.pid))))
	tty.Close() // so that reading ends when gtrace does
	if _, err := io.ReadFull(screen, make([]byte, 5000)); err != nil {
		t.Errorf("read the events: %v", err)
	}
	screen.Close()
	// Either SIGHUP comes first or a write that fails.
	if got := g.exits(t); got != 128+int(syscall.SIGHUP) && got != 125 {
		t.Errorf("exit status %d", got)
	}
	released(t, target)
}

// TestTerminalWidth looks at text on a narrow terminal: no line of it is wider, but
// for those that say what went wrong.
func TestTerminalWidth(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	prog := filepath.Join(t.TempDir(), "shop")
	goTool(t, "..", "build", "-o", prog, "./examples/shop")
	const columns = 60
	screen, tty := openTerminal(t)
	if err := unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	seen := watch(screen, tty)
	g := startCommand(t, in(tty, exec.Command(gtrace(t), "run", "--color", "never", "-t", "main.*", prog)))
	if status := g.exits(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	cut := 0
	event := regexp.MustCompile(`^[0-9:.]+  g[0-9]+ `)
	for line := range strings.Lines(strings.ReplaceAll(seen(), "\r", "")) {
		if !event.MatchString(line) { // the program's own, the start, the end
			continue
		}
		if strings.Contains(line, "…") {
			cut++
		}
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > columns && !strings.Contains(line, "✗") && !strings.Contains(line, "↺") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if cut == 0 {
		t.Errorf("no line is short of anything:\n%s", seen())
	}
}
