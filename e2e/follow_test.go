package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gtrace/e2e/testdata/follow/note"
	"gtrace/events"
)

// TestFollow follows the calls of a program that notes them, to some levels, and
// compares. Other goroutines call the same functions meanwhile.
func TestFollow(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	modes, depths := []string{"opt", "debug"}, []int{3, 20}
	if *long > 1 {
		modes, depths = append(modes, "pie"), append(depths, 1, 2, 4, 5)
	}
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			prog := buildTarget(t, mode, "follow")
			for _, depth := range depths {
				t.Run("run "+strconv.Itoa(depth), func(t *testing.T) { follow(t, prog, depth, false) })
			}
			t.Run("attach", func(t *testing.T) { follow(t, prog, 20, true) })
		})
	}
}

// TestFollowServer follows what the handlers of a busy server call, into the
// standard library, where much else calls the same. The server must answer all the
// while, and be left as it was.
func TestFollowServer(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	s := startServer(t)
	finish := s.load()
	trace := filepath.Join(keepOnFailure(t, "gtrace-follow-"), "trace.jsonl")
	g := startAttach(t, s, "-d", "3", "--follow-go", "--std", "--format", "json", "-o", trace)
	awaitSize(t, trace, 1_000_000)
	g.interrupt(t)
	s.checkFree(t, finish)
	checkEnd(t, trace, events.ReasonInterrupted, syscall.SIGINT)
}

// TestFollowRunning follows what a function calls that has run since before the
// trace, and is never called again.
func TestFollowRunning(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	s := startServer(t)
	trace := filepath.Join(keepOnFailure(t, "gtrace-follow-"), "trace.jsonl")
	args := []string{"attach", "-t", "main.main.func1", "-x", "time.Sleep", "-d", "1", "--std", "-n", "20", "--format", "json", "-o", trace, strconv.Itoa(s.pid)}
	if g := startTracer(t, args...); g.wait(t) != 0 {
		t.Fatal(g.messages.String())
	}
	checkEnd(t, trace, events.ReasonLimit, 0)
	stream, err := readFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range stream {
		if e.Kind == events.Call && (e.Func != "main.tick" || e.Depth != 1 || e.Parent == events.NoCall) {
			t.Errorf("%s at depth %d in call %d", e.Func, e.Depth, e.Parent)
		}
	}
}

// TestFollowKilled kills gtrace while it plants more and more in a busy server:
// all that it has planted must be taken back.
func TestFollowKilled(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	s := startServer(t)
	finish := s.load()
	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	for n := range times(3) {
		_ = os.Remove(trace)
		g := startAttach(t, s, "-d", "5", "--follow-go", "--std", "--format", "json", "-o", trace)
		awaitSize(t, trace, int64(1000<<(3*(n%3)))) // early, later, late
		g.kill(t)
		var err error
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if err = free(s.pid); err == nil {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// Nobody mends it when the guard is killed as well, but gtrace repair does.
	_ = os.Remove(trace)
	g := startAttach(t, s, "-d", "5", "--follow-go", "--std", "--format", "json", "-o", trace)
	awaitSize(t, trace, 50_000)
	g.signal(t, syscall.SIGSTOP) // or it would start another guard
	for _, pid := range guardsOf(t, s.pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	g.kill(t)
	if err := s.ask(http.DefaultClient); err != nil {
		t.Errorf("before it is repaired: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), gtrace(t), "repair", "--write", strconv.Itoa(s.pid)).CombinedOutput(); err != nil {
		t.Errorf("gtrace repair: %v\n%s", err, out)
	}
	if err := free(s.pid); err != nil {
		t.Error(err)
	}
	s.checkFree(t, finish)
}

func follow(t *testing.T, prog string, depth int, attach bool) {
	dir := keepOnFailure(t, "gtrace-follow-")
	notes, trace := filepath.Join(dir, "notes"), filepath.Join(dir, "trace.jsonl")
	flags := []string{"-q", "-t", "main.root", "-d", strconv.Itoa(depth), "--follow-go", "--std", "-x", "gtrace/e2e/testdata/follow/note.*", "--max-probes", "5000", "--format", "json", "-o", trace}
	if depth == 3 {
		flags = append(flags, "--lines")
	}
	if attach {
		p := startTarget(t, prog, notes)
		g := startTracer(t, append(append([]string{"attach", "-t", "main.wait"}, flags...), strconv.Itoa(p.pid))...)
		await(t, "a call of main.wait", func() bool {
			data, _ := os.ReadFile(trace)
			return bytes.Contains(data, []byte(`"func":"main.wait"`))
		})
		if o := p.end(); o.status != 0 {
			t.Errorf("exit status %d\n%s", o.status, o.stderr)
		}
		if got := g.wait(t); got != 0 || g.messages.Len() > 0 {
			t.Errorf("gtrace: exit status %d\n%s", got, g.messages.String())
		}
	} else {
		cmd := exec.CommandContext(t.Context(), gtrace(t), append(append([]string{"run"}, flags...), prog, "--", notes)...)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "ready\n" {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if err := compareNotes(notes, trace, depth); err != nil {
		t.Error(err)
	}
}

// compareNotes compares the calls that a program has noted with those of a trace.
func compareNotes(notes, trace string, depth int) error {
	want, got := map[int64][]string{}, map[int64][]string{}
	data, err := os.ReadFile(notes)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(data) {
		var r note.Record
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		if r.Level <= depth {
			want[r.Goroutine] = append(want[r.Goroutine], r.Func)
		}
	}
	if err := validateFile(trace); err != nil {
		return err
	}
	stream, err := readFile(trace)
	if err != nil {
		return err
	}
	for _, e := range stream {
		switch {
		case e.Kind == events.Lost:
			return fmt.Errorf("lost: %s", e.Lost.Why)
		case e.Func == "main.wait":
		case strings.Contains(e.Func, "OnceValue["): // that of package sync, inlined
		case e.Kind == events.Call && strings.HasPrefix(e.Func, "main."):
			got[e.Goroutine] = append(got[e.Goroutine], e.Func)
		case e.Partial:
			return fmt.Errorf("partial: %s", telling(e))
		}
	}
	for g := range maps.Keys(got) {
		want[g] = slices.Clip(want[g])
	}
	for g, calls := range want {
		for i := range max(len(calls), len(got[g])) {
			if i >= len(calls) || i >= len(got[g]) || calls[i] != got[g][i] {
				from := max(0, i-5)
				return fmt.Errorf("goroutine %d, call %d of %d:\ngot  %q\nwant %q", g, i, len(calls),
					got[g][min(from, len(got[g])):min(i+3, len(got[g]))], calls[min(from, len(calls)):min(i+3, len(calls))])
			}
		}
	}
	return nil
}

// readFile reads the stream of JSON lines in a file.
func readFile(path string) ([]events.Event, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readStream(f)
}
