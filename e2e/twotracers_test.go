package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gtrace/events"
)

// TestSecondTracers attaches with other tracers, and with gtrace, to a process
// that gtrace traces. They are refused, and neither it nor the trace notices.
// The other way round is in already_traced.txtar.
func TestSecondTracers(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	s := startServer(t)
	finish := s.load()
	trace := filepath.Join(keepOnFailure(t, "gtrace-two-"), "trace.jsonl")
	first := startAttach(t, s, "--format", "json", "-o", trace)
	pid := strconv.Itoa(s.pid)
	for _, tt := range []struct {
		needs string
		line  []string
		says  string
	}{
		{"ptrace", []string{gtrace(t), "attach", "-t", "main.sum", pid}, fmt.Sprintf("already traced by another process: gtrace (pid %d)", first.cmd.Process.Pid)},
		{"dlv", []string{delve(), "attach", "--headless", "--listen=127.0.0.1:0", pid}, "already being debugged by pid"},
		{"gdb", []string{"gdb", "-nx", "-batch", "-p", pid}, "not permitted"},
		{"strace", []string{"strace", "-p", pid}, "not permitted"},
	} {
		t.Run(filepath.Base(tt.line[0]), func(t *testing.T) {
			require(t, tt.needs)
			awaitSize(t, trace, 5000)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			out, err := exec.CommandContext(ctx, tt.line[0], tt.line[1:]...).CombinedOutput()
			if err == nil || ctx.Err() != nil || !strings.Contains(string(out), tt.says) {
				t.Errorf("%v\n%s\nwant a failure and %q", err, out, tt.says)
			}
			awaitSize(t, trace, size(t, trace)+5000)
		})
	}
	first.interrupt(t)
	s.checkFree(t, finish)
	checkEnd(t, trace, events.ReasonInterrupted, syscall.SIGINT)
}

// TestTracersAtOnce attaches with several gtraces at the same moment. One of them traces,
// and the others say who does.
func TestTracersAtOnce(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	s := startServer(t)
	finish := s.load()
	for range times(3) {
		var all []*tracer
		for range 4 {
			all = append(all, startAttach(t, s, "-o", os.DevNull))
		}
		awaitTracer(t, s.pid)
		first := slices.IndexFunc(all, func(g *tracer) bool { return traces(g.cmd.Process.Pid, s.pid) })
		if first < 0 {
			t.Fatal("it is traced by another process")
		}
		want := fmt.Sprintf("already traced by another process: gtrace (pid %d)", all[first].cmd.Process.Pid)
		for n, g := range all {
			if n == first {
				continue
			}
			if got := g.wait(t); got != 126 || !strings.Contains(g.messages.String(), want) {
				t.Errorf("exit status %d, want 126 and %q\n%s", got, want, g.messages.String())
			}
		}
		all[first].interrupt(t)
	}
	s.checkFree(t, finish)
}

// traces reports whether one of a tracer's threads traces a process.
func traces(tracer, pid int) bool {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "\nTracerPid:\t")
	thread, _, _ := strings.Cut(rest, "\n")
	_, err := os.Stat(fmt.Sprintf("/proc/%d/task/%s", tracer, thread))
	return err == nil
}

// TestDelveFirst attaches to a process that dlv debugs.
func TestDelveFirst(t *testing.T) {
	require(t, "ptrace", "dlv")
	t.Parallel()
	s := startServer(t)
	dlv := exec.Command(delve(), "attach", "--headless", "--listen=127.0.0.1:0", strconv.Itoa(s.pid))
	if err := dlv.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = dlv.Process.Signal(os.Interrupt)
		_ = dlv.Wait()
		_ = syscall.Kill(s.pid, syscall.SIGCONT) // it may leave it stopped
	}()
	awaitTracer(t, s.pid)
	g := startAttach(t, s)
	want := fmt.Sprintf("already traced by another process: dlv (pid %d)", dlv.Process.Pid)
	if got := g.wait(t); got != 126 || !strings.Contains(g.messages.String(), want) {
		t.Errorf("exit status %d, want 126 and %q\n%s", got, want, g.messages.String())
	}
}
