package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gtrace/events"
)

// serverPatterns chooses functions of the server that several goroutines call
// all the time.
var serverPatterns = []string{"-t", "main.(*store).*", "-t", "main.crash", "-t", "main.sum", "-t", "main.tick"}

// TestDetach attaches to a busy server and leaves it in every way there is.
// Each time it must have answered all the while, and run on as if nothing had
// been.
func TestDetach(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, way := range []struct {
		name   string
		flags  []string
		signal syscall.Signal
		status int
		reason events.Reason
	}{
		{name: "SIGINT", signal: syscall.SIGINT, status: 130, reason: events.ReasonInterrupted},
		{name: "SIGTERM", signal: syscall.SIGTERM, status: 143, reason: events.ReasonInterrupted},
		{name: "SIGHUP", signal: syscall.SIGHUP, status: 129, reason: events.ReasonInterrupted},
		{name: "SIGQUIT", signal: syscall.SIGQUIT, status: 131, reason: events.ReasonInterrupted},
		{name: "limit", flags: []string{"-n", "200"}, reason: events.ReasonLimit},
		{name: "for", flags: []string{"--for", "700ms"}, reason: events.ReasonDuration},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t)
			finish := s.load()
			trace := filepath.Join(keepOnFailure(t, "gtrace-attach-"), "trace.jsonl")
			g := startAttach(t, s, append(way.flags, "--format", "json", "-o", trace)...)
			if way.signal != 0 {
				awaitSize(t, trace, 20_000)
				if err := g.cmd.Process.Signal(way.signal); err != nil {
					t.Fatal(err)
				}
			}
			if got := g.wait(t); got != way.status {
				t.Errorf("exit status %d, want %d\n%s", got, way.status, g.messages.String())
			}
			s.checkFree(t, finish)
			checkEnd(t, trace, way.reason, way.signal)
		})
	}
}

// TestDetachAgain attaches many times to a process with many goroutines.
func TestDetachAgain(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	s := startServer(t)
	finish := s.loadBy(50)
	trace := filepath.Join(keepOnFailure(t, "gtrace-attach-"), "trace.jsonl")
	for range times(5) {
		g := startAttach(t, s, "-n", "50", "--format", "json", "-o", trace)
		if got := g.wait(t); got != 0 {
			t.Fatalf("exit status %d\n%s", got, g.messages.String())
		}
		checkEnd(t, trace, events.ReasonLimit, 0)
		if err := untouched(s.pid); err != nil {
			t.Fatal(err)
		}
	}
	s.checkFree(t, finish)
}

// TestClosedPipe lets go of the target when the reader of the events has seen
// enough.
func TestClosedPipe(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	s := startServer(t)
	finish := s.load()
	line := fmt.Sprintf(`"$0" attach "$@" %d | head -3; echo "${PIPESTATUS[0]}"`, s.pid)
	cmd := exec.CommandContext(t.Context(), "bash", append([]string{"-c", line, gtrace(t), "-q", "--time", "none"}, serverPatterns...)...)
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	out, err := cmd.Output()
	if !timer.Stop() || err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 4 || lines[3] != "0" {
		t.Errorf("want three events and exit status 0, got\n%s", out)
	}
	s.checkFree(t, finish)
}

// TestTargetExit ends the trace when the attached target ends.
func TestTargetExit(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	s := startServer(t)
	trace := filepath.Join(keepOnFailure(t, "gtrace-attach-"), "trace.jsonl")
	g := startAttach(t, s, "--format", "json", "-o", trace)
	awaitSize(t, trace, 5000)
	if err := s.stop(); err != nil {
		t.Errorf("server: %v", err)
	}
	if got := g.wait(t); got != 0 {
		t.Errorf("exit status %d\n%s", got, g.messages.String())
	}
	checkEnd(t, trace, events.ReasonExited, 0)
}

func startAttach(t *testing.T, s *server, flags ...string) *tracer {
	t.Helper()
	args := append([]string{"attach"}, serverPatterns...)
	return startTracer(t, append(append(args, flags...), strconv.Itoa(s.pid))...)
}

// awaitSize waits until a file has grown to size.
func awaitSize(t *testing.T, path string, size int64) {
	t.Helper()
	await(t, fmt.Sprintf("%s to grow to %d bytes", path, size), func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() >= size
	})
}

// checkFree checks that the server has answered all the while, still does, and
// that nothing is left of the trace.
func (s *server) checkFree(t *testing.T, finish func() error) {
	t.Helper()
	if err := untouched(s.pid); err != nil {
		t.Error(err)
	}
	if err := finish(); err != nil {
		t.Errorf("while it was traced: %v", err)
	}
	if err := s.ask(&http.Client{Timeout: patience}); err != nil {
		t.Errorf("after the trace: %v", err)
	}
	if err := s.stop(); err != nil {
		t.Errorf("the server ended: %v", err)
	}
}

// checkEnd validates a trace and checks how it says it ended.
func checkEnd(t *testing.T, path string, reason events.Reason, sig syscall.Signal) {
	t.Helper()
	if err := validateFile(path); err != nil {
		t.Errorf("validate: %v", err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stream, err := readStream(f)
	if err != nil {
		t.Fatal(err)
	}
	end := stream[len(stream)-1].End
	switch {
	case end == nil:
		t.Errorf("the last of %d records is no end", len(stream))
	case end.Reason != reason:
		t.Errorf("reason %s, want %s", end.Reason, reason)
	case sig != 0 && end.Signal == "":
		t.Errorf("the end does not name %v", sig)
	}
	if len(stream) < 20 {
		t.Errorf("only %d records", len(stream))
	}
}
