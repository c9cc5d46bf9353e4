package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A way is how the trace of an attached process can end.
type way struct {
	name   string
	flags  []string
	shell  string                                 // bash that starts gtrace, which is "$0" "$@"; empty: started directly
	output func(t *testing.T) (out, err *os.File) // nil: nobody wants to see it; err nil: its messages are kept
	signal syscall.Signal                         // sent once it traces
	status int                                    // exit status
	says   []string                               // in its messages
	silent bool                                   // also when the process makes no calls
}

// stall is short, for a test; no reader of these tests reads at all.
var stall = []string{"--stall", "500ms"}

var stalled = []string{": no progress for 500ms\n", "gtrace: hint: ", "gtrace: tracing ended; PID "}

var waysOut = []way{
	{name: "disk full", flags: []string{"-o", "/dev/full"}, status: 125, says: []string{"write /dev/full: no space left on device", "tracing ended; PID "}, silent: true},
	{name: "file too large", shell: `cd "$TMPDIR"; ulimit -f 8; exec "$0" "$@" -o trace`, status: 125, says: []string{"write trace: file too large", "tracing ended; PID "}},

	{name: "no reader", shell: `"$0" "$@" | true; exit "${PIPESTATUS[0]}"`, silent: true},
	{name: "no stdout", shell: `exec "$0" "$@" >&-`, signal: syscall.SIGTERM, status: 143, silent: true},
	{name: "no file at all", shell: `exec "$0" "$@" <&- >&- 2>&-`, signal: syscall.SIGTERM, status: 143},

	{name: "stalled pipe", flags: stall, output: func(t *testing.T) (out, err *os.File) { return unreadPipe(t), nil }, status: 125, says: stalled},
	{name: "stalled terminal for both", flags: stall, output: func(t *testing.T) (out, err *os.File) { tty := unreadTerminal(t); return tty, tty }, status: 125},
	{name: "stalled messages", flags: append([]string{"-v", "-n", "500"}, stall...), output: func(t *testing.T) (out, err *os.File) { return nil, fullTerminal(t) }},
}

// TestWaysOut leaves a process that makes calls as fast as it can, and one that
// makes none, in every way but signals. Nothing may be left on either.
func TestWaysOut(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	busy, idle := startBusy(t, "optimised"), startIdle(t)
	for _, w := range waysOut {
		t.Run(w.name+" busy", func(t *testing.T) { w.take(t, busy) })
		if w.silent {
			t.Run(w.name+" idle", func(t *testing.T) { w.take(t, idle) })
		}
	}
}

func (w way) take(t *testing.T, target living) {
	args := append([]string{"attach", "-t", "main.*"}, w.flags...)
	args = append(args, strconv.Itoa(target.id()))
	cmd := exec.Command(gtrace(t), args...)
	if w.shell != "" {
		cmd = exec.Command("bash", append([]string{"-c", w.shell, gtrace(t)}, args...)...)
		cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	}
	if w.output != nil {
		out, err := w.output(t)
		if out != nil {
			cmd.Stdout = out
		}
		if err != nil {
			cmd.Stderr = err
		}
	}
	g := startCommand(t, cmd)
	if w.signal != 0 {
		awaitProbes(t, target)
		g.signal(t, w.signal)
	}
	if got := g.exits(t); got != w.status {
		t.Errorf("exit status %d, want %d", got, w.status)
	}
	for _, want := range w.says {
		if !strings.Contains(g.messages.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() || strings.Contains(g.messages.String(), "goroutine ") {
		t.Errorf("it says\n%s", g.messages.String())
	}
	released(t, target)
}

// A living is a process to attach to.
type living interface {
	id() int
	advances(t *testing.T) // checks that it does
}

func (b *busy) id() int { return b.pid }

// released checks that nothing at all is left on a process of a trace that has
// ended in order, and that it gets on.
func released(t *testing.T, target living) {
	t.Helper()
	if err := free(target.id()); err != nil {
		t.Error(err)
	}
	if left := guardsOf(t, target.id()); len(left) != 0 {
		t.Errorf("guards are left: %v", left)
	}
	target.advances(t)
}

// awaitProbes waits until there are probes in a process.
func awaitProbes(t *testing.T, target living) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if pristine(target.id()) != nil {
			return
		}
	}
	t.Errorf("process %d was not traced", target.id())
}

// unreadPipe returns a pipe that nobody reads.
func unreadPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Close()
		r.Close()
	})
	return w
}

// unreadTerminal returns a terminal that nobody looks at.
func unreadTerminal(t *testing.T) *os.File {
	t.Helper()
	_, tty := openTerminal(t)
	return tty
}

// fullTerminal returns a terminal that nobody looks at and that takes no more.
func fullTerminal(t *testing.T) *os.File {
	t.Helper()
	tty := unreadTerminal(t)
	fd := int(tty.Fd())
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	for _, chunk := range [][]byte{make([]byte, 1024), {0}} {
		for {
			if _, err := unix.Write(fd, chunk); err == unix.EAGAIN {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
	return tty
}

// TestDiskFull fills a small disk.
func TestDiskFull(t *testing.T) {
	require(t, "ptrace", "mount")
	t.Parallel()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	file := filepath.Join(dir, "trace")
	w := way{flags: []string{"-o", file}, status: 125, says: []string{"write " + file + ": no space left on device"}}
	w.take(t, startBusy(t, "optimised"))
}

// TestStallForEver lets the process stand still until there is a signal, when it
// was asked to.
func TestStallForEver(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	target := startBusy(t, "optimised")
	cmd := exec.Command(gtrace(t), "attach", "-t", "main.*", "--stall", "0", strconv.Itoa(target.pid))
	cmd.Stdout = unreadPipe(t)
	g := startCommand(t, cmd)
	awaitProbes(t, target)
	for before := -1; before != target.calls(); time.Sleep(500 * time.Millisecond) {
		before = target.calls()
	}
	g.signal(t, syscall.SIGINT)
	target.advances(t)
	if got := g.exits(t); got != 125 || !strings.Contains(g.messages.String(), ": no progress for 2s\n") {
		t.Errorf("exit status %d, want 125\n%s", got, g.messages.String())
	}
	released(t, target)
}

// TestSlowReader reads the events slowly, and far less than there are: that is
// no stall. When it goes away, the trace ends.
func TestSlowReader(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	target := startBusy(t, "optimised")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(gtrace(t), "attach", "-t", "main.*", "--stall", "3s", strconv.Itoa(target.pid))
	cmd.Stdout = w
	g := startCommand(t, cmd)
	w.Close()
	for range 50 {
		if _, err := r.Read(make([]byte, 100)); err != nil {
			t.Fatalf("%v\n%s", err, g.messages.String())
		}
		time.Sleep(100 * time.Millisecond)
	}
	r.Close()
	if got := g.exits(t); got != 0 {
		t.Errorf("exit status %d, want 0\n%s", got, g.messages.String())
	}
	released(t, target)
}

// TestFewFiles leaves gtrace so few files that it fails here or there.
func TestFewFiles(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	target := startBusy(t, "optimised")
	for files := 3; files < 40; files += 1 + files/4 {
		line := fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, files)
		g := startCommand(t, exec.Command("bash", "-c", line, gtrace(t), "attach", "-t", "main.*", "-n", "200", strconv.Itoa(target.pid)))
		got := g.exits(t)
		if got > 128 {
			t.Errorf("%d files: exit status %d\n%s", files, got, g.messages.String())
		}
		released(t, target)
	}
}

// TestEverySignal sends gtrace every signal there is while it traces. It ends in
// order by those that would have killed it, and takes no notice of others.
func TestEverySignal(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	target := startBusy(t, "optimised")
	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	survivor := startTracer(t, "attach", "-t", "main.*", "--format", "json", "-o", trace, strconv.Itoa(target.pid))
	awaitSize(t, trace, 2000)
	for sig := syscall.Signal(1); sig <= 64; sig++ {
		if survives(sig) {
			survivor.signal(t, sig)
		}
	}
	stillTraces(t, trace)
	survivor.signal(t, syscall.SIGINT)
	if got := survivor.exits(t); got != 130 {
		t.Errorf("exit status %d, want 130\n%s", got, survivor.messages.String())
	}
	released(t, target)
	for sig := syscall.Signal(1); sig <= 64; sig++ {
		switch {
		case survives(sig), sig == syscall.SIGKILL, sig == syscall.SIGSTOP:
			continue
		case sig > syscall.SIGTERM && sig < 64 && *long == 1:
			continue // as their neighbours
		}
		g := target.traced(t)
		g.signal(t, sig)
		if got, want := g.exits(t), 128+int(sig); got != want {
			t.Errorf("signal %d: exit status %d, want %d\n%s", sig, got, want, g.messages.String())
		}
		released(t, target)
		if t.Failed() {
			t.Fatalf("of signal %d", sig)
		}
	}
}

// survives tells the signals that do not end a trace: those that do nothing by
// default, those that would stop gtrace, those of writes that fail, and those
// that Go or the engine have for themselves.
func survives(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGURG, syscall.SIGWINCH,
		syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU,
		syscall.SIGPIPE, syscall.SIGXFSZ, syscall.SIGPROF, 32, 33, 34, 40:
		return true
	}
	return false
}

func stillTraces(t *testing.T, trace string) {
	t.Helper()
	info, err := os.Stat(trace)
	if err != nil {
		t.Fatal(err)
	}
	awaitSize(t, trace, info.Size()+200_000)
}

// TestSignalsAtAnyTime sends signals in every phase of a trace: while gtrace reads the
// program, attaches, plants, traces or lets go, one or many.
func TestSignalsAtAnyTime(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for name, start := range map[string]func(*testing.T) living{
		"busy": func(t *testing.T) living { return startBusy(t, "optimised") },
		"idle": func(t *testing.T) living { return startIdle(t) },
	} {
		t.Run(name, func(t *testing.T) {
			target := start(t)
			signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGSEGV, syscall.SIGQUIT}
			at := slices.DeleteFunc(slices.Clone(phases), func(phase string) bool {
				return name == "idle" && (phase == "trace" || phase == "detach" || phase == "removed") // it has no events
			})
			for n := range times(len(at)) {
				sig, phase := signals[n%len(signals)], at[n%len(at)]
				if phase == "detach" || phase == "removed" {
					sig = syscall.SIGINT // which began it
				}
				trace := filepath.Join(t.TempDir(), "trace.jsonl")
				g := startTracer(t, "attach", "-t", "main.*", "-t", "os.*", "-t", "strconv.*", "--format", "json", "-o", trace, strconv.Itoa(target.id()))
				kill{phase: phase}.await(t, g, target.id(), trace)
				for range 1 + 100*(n/2%2) {
					if g.cmd.Process.Signal(sig) != nil {
						break
					}
				}
				// Until there is anything to lose, signals do what they always do.
				if got := g.wait(t); got != 128+int(sig) && got != 2 {
					t.Errorf("signal %d: exit status %d\n%s", sig, got, g.messages.String())
				}
				released(t, target)
			}
		})
	}
}
