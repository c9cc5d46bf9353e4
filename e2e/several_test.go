package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// pidsOf are the process ids of servers, as arguments.
func pidsOf(servers []*server) []string {
	var pids []string
	for _, s := range servers {
		pids = append(pids, strconv.Itoa(s.pid))
	}
	return pids
}

// readTrace reads a file of JSON lines, which must be a valid stream.
func readTrace(t *testing.T, path string) []events.Event {
	t.Helper()
	if err := validateFile(path); err != nil {
		t.Error(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stream, err := readStream(f)
	if err != nil || len(stream) == 0 {
		t.Fatalf("%d events: %v", len(stream), err)
	}
	return stream
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestAttachSeveral traces three busy servers at once, an optimised one, one for
// debugging and one that is position independent, of which two end on their way: one
// orderly, one killed. The third is traced until Ctrl-C, and runs on as if nothing had
// been.
func TestAttachSeveral(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	servers := []*server{startServer(t), startServerBuilt(t, "debug"), startServerBuilt(t, "pie")}
	finish := servers[2].load()
	trace := filepath.Join(keepOnFailure(t, "gtrace-several-"), "trace.jsonl")
	args := append(append([]string{"attach", "--format", "json", "-o", trace}, serverPatterns...), pidsOf(servers)...)
	g := startTracer(t, args...)
	awaitSize(t, trace, 50_000)
	if err := servers[0].stop(); err != nil {
		t.Error(err)
	}
	size := sizeOf(t, trace)
	awaitSize(t, trace, size+50_000)
	if err := syscall.Kill(servers[1].pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	await(t, "both to have left the trace", func() bool {
		text, err := os.ReadFile(trace)
		return err != nil || bytes.Count(text, []byte(`"kind":"left"`)) == 2
	})
	size = sizeOf(t, trace)
	awaitSize(t, trace, size+50_000)
	g.interrupt(t)
	servers[2].checkFree(t, finish)

	stream := readTrace(t, trace)
	reasons, calls := map[int]events.Reason{}, map[int]int{}
	for _, e := range stream {
		if e.Kind != events.End && e.Process() == 0 {
			t.Errorf("whose is it? %s", eventstest.Format(e))
		}
		switch e.Kind {
		case events.Left:
			reasons[e.PID] = e.End.Reason
		case events.Call:
			calls[e.PID]++
		}
	}
	for i, want := range []events.Reason{events.ReasonExited, events.ReasonSignaled, events.ReasonInterrupted} {
		pid := servers[i].pid
		if reasons[pid] != want || calls[pid] == 0 {
			t.Errorf("server %d has left because of %s, want %s; %d calls", i, reasons[pid], want, calls[pid])
		}
	}
	if end := stream[len(stream)-1]; end.Kind != events.End || end.End.Reason != events.ReasonInterrupted || end.End.Signal != "SIGINT" {
		t.Errorf("the end: %s", eventstest.Format(end))
	}
}

// TestAttachSeveralBounds has --limit, --for and the table cover all processes, by each
// way to name them.
func TestAttachSeveralBounds(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	servers := []*server{startServer(t), startServerBuilt(t, "debug")}
	pids := pidsOf(servers)
	for _, args := range [][]string{
		{"attach", pids[0], pids[1], "-n", "37"},
		{"-p", pids[0], "-p", pids[1], "-n", "37"},
		{"-n", "37", "-p" + pids[0] + "," + pids[1]},
		{"attach", "-p", pids[0], pids[1], "--for", "500ms"},
	} {
		trace := filepath.Join(t.TempDir(), "trace.jsonl")
		g := startTracer(t, append(args, "-t", "main.tick", "--format", "json", "-o", trace)...)
		if got := g.wait(t); got != 0 {
			t.Fatalf("%q: exit status %d\n%s", args, got, g.messages.String())
		}
		stream := readTrace(t, trace)
		if end := stream[len(stream)-1].End; strings.Contains(strings.Join(args, " "), "-n") && end.Events != 37 {
			t.Errorf("%q: %d events", args, end.Events)
		}
		for _, s := range servers {
			if err := free(s.pid); err != nil {
				t.Errorf("%q: %v", args, err)
			}
		}
	}
	out, err := exec.CommandContext(t.Context(), gtrace(t), "-c", "-C", "-n", "40", "-p", pids[0]+","+pids[1], "-t", "main.tick").Output()
	if err == nil {
		t.Errorf("-c and -C go together:\n%s", out)
	}
	out, err = exec.CommandContext(t.Context(), gtrace(t), "-c", "-q", "-n", "40", "-p", pids[0]+","+pids[1], "-t", "main.tick").Output()
	if err != nil || strings.Count(string(out), "main.tick") != 1 {
		t.Errorf("one table for all: %v\n%s", err, out)
	}
}

// TestAttachSeveralRefused leaves those alone that could be attached to when one
// cannot, and names the process of a thread.
func TestAttachSeveralRefused(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	s := startServer(t)
	pid := strconv.Itoa(s.pid)
	thread := pid
	tasks, err := os.ReadDir("/proc/" + pid + "/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if task.Name() != pid {
			thread = task.Name()
		}
	}
	for _, tt := range []struct{ other, stderr string }{
		{"2147480000", "attach to process 2147480000: no such process"},
		{thread, "attach to " + thread + ": it is a thread of process " + pid + "\ngtrace: hint: gtrace attach " + pid + " " + pid + "\n"},
		{"1", "attach to process 1"}, // no Go program, or it may not be attached to
	} {
		g := startTracer(t, "attach", pid, tt.other)
		if got := g.wait(t); got != 126 {
			t.Errorf("%s: exit status %d", tt.other, got)
		}
		if !strings.Contains(g.messages.String(), tt.stderr) {
			t.Errorf("%s: it says\n%s", tt.other, g.messages.String())
		}
		if err := free(s.pid); err != nil {
			t.Errorf("%s: %v", tt.other, err)
		}
	}
}

// TestAttachSeveralKilled kills gtrace while it traces two processes: both run on, and
// nothing is left on either.
func TestAttachSeveralKilled(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	servers := []*server{startServer(t), startServerBuilt(t, "debug")}
	finish := []func() error{servers[0].load(), servers[1].load()}
	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	g := startTracer(t, append(append([]string{"attach", "--format", "json", "-o", trace}, serverPatterns...), pidsOf(servers)...)...)
	awaitSize(t, trace, 50_000)
	g.kill(t)
	for i, s := range servers {
		await(t, "the guard to mend the process", func() bool { return free(s.pid) == nil })
		s.checkFree(t, finish[i])
	}
}
