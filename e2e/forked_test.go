package e2e

import (
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"gtrace/events"
)

// forkingWays are ways to have probes planted around what runs between fork and
// exec, where none may be.
var forkingWays = map[string][]string{
	"depth":    {"-t", "main.spawn", "-d", "20", "--std", "--follow-go"},
	"from":     {"--from", "main.spawn", "-t", "syscall.*"},
	"pattern":  {"-t", "syscall.*", "-t", "/ork/", "--max-probes", "3000"},
	"lines":    {"-t", "exec_linux.go", "-t", "syscall_linux.go", "-l"},
	"overhead": {"-t", "syscall.*", "-t", "internal/runtime/syscall/...", "--max-overhead", "90%"},
}

// TestKilledForking kills gtrace while the target starts children: neither it nor
// one of them may die of a breakpoint.
func TestKilledForking(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	crowded(t)
	for _, mode := range []string{"opt", "debug"} {
		prog := buildTarget(t, mode, "spawn")
		for name, flags := range forkingWays {
			if *long == 1 && (mode == "opt") != (name == "depth" || name == "from") {
				continue // a half will do
			}
			t.Run(mode+" "+name, func(t *testing.T) {
				for range times(1) {
					s := startTarget(t, prog)
					trace := filepath.Join(t.TempDir(), "trace")
					g := startTracer(t, append(append([]string{"attach", "-o", trace}, flags...), strconv.Itoa(s.pid))...)
					awaitSize(t, trace, 2000)
					time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
					g.kill(t)
					time.Sleep(100 * time.Millisecond) // in which it starts some more
					if got := s.end(); got.status != 0 {
						t.Fatalf("exit status %d\n%s", got.status, got.stderr)
					}
				}
			})
		}
	}
}

// TestForking follows calls to where a program forks: what runs between fork and
// exec is not among them, what calls it is.
func TestForking(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, mode := range []string{"opt", "debug"} {
		t.Run(mode, func(t *testing.T) {
			s := startTarget(t, buildTarget(t, mode, "spawn"))
			trace := filepath.Join(keepOnFailure(t, "gtrace-forked-"), "trace.jsonl")
			g := startTracer(t, "attach", "-t", "main.spawn", "-d", "20", "--std", "-n", "3000", "--format", "json", "-o", trace, strconv.Itoa(s.pid))
			if got := g.wait(t); got != 0 {
				t.Fatalf("exit status %d\n%s", got, g.messages.String())
			}
			if got := s.end(); got.status != 0 {
				t.Errorf("exit status %d\n%s", got.status, got.stderr)
			}
			stream, err := readFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for _, e := range stream {
				if e.Kind == events.Call {
					seen[e.Func] = true
				}
			}
			for _, name := range []string{"syscall.forkExec", "syscall.Syscall"} {
				if !seen[name] {
					t.Errorf("%s is not followed", name)
				}
			}
			for _, name := range []string{"syscall.forkAndExecInChild", "syscall.forkAndExecInChild1", "syscall.RawSyscall", "syscall.RawSyscall6", "syscall.rawVforkSyscall"} {
				if seen[name] {
					t.Errorf("%s is followed", name)
				}
			}
		})
	}
}
