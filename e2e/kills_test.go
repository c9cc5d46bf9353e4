package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var drawn = flag.Uint64("kills", 1, "the kills that TestKills draws from this `SEED`")

// A victim is a program that is traced when gtrace is killed. It checks itself.
type victim struct {
	name  string
	modes []string
	start func(t *testing.T, mode string) (target living, finish func(t *testing.T))
	ways  map[string][]string // to trace it: their flags, by name
}

var victims = []victim{
	{
		name:  "busy",
		modes: []string{"opt", "debug", "pie", "race", "cgo", "one"},
		start: func(t *testing.T, mode string) (living, func(*testing.T)) {
			var by []string
			if mode == "one" {
				mode, by = "opt", []string{"env", "GOMAXPROCS=1"}
			}
			return startBusyBy(t, by, mode), func(*testing.T) {}
		},
		ways: map[string][]string{
			"calls": {"-t", "main.*"},
			"many":  {"-t", "main.*", "-t", "os.*", "-t", "strconv.*", "-t", "time.*"},
			"lines": {"-t", "main.go"},
			"depth": {"-t", "main.work", "-d", "4"},
			"watch": {"-t", "main.half", "-e", "call,return,write", "--watch-mem", "main.calls.v"},
		},
	},
	{
		name:  "server",
		modes: []string{"opt", "debug", "race"},
		start: func(t *testing.T, mode string) (living, func(*testing.T)) {
			s := startServerBuilt(t, mode)
			finish := s.load()
			return s, func(t *testing.T) {
				if err := finish(); err != nil {
					t.Errorf("while it was traced: %v", err)
				}
				if err := s.stop(); err != nil {
					t.Errorf("the server ended: %v", err)
				}
			}
		},
		ways: map[string][]string{
			"calls": {"-t", "main.*"},
			"many":  {"-t", "main.*", "-t", "net/http.(*conn).*", "-t", "strconv.*"},
			"lines": {"-t", "main.go"},
			"depth": {"-t", "main.(*store).*", "-d", "3", "--std"},
		},
	},
	{
		name:  "spawner",
		modes: []string{"opt", "debug"},
		start: func(t *testing.T, mode string) (living, func(*testing.T)) {
			return startProgress(t, []string{buildTarget(t, mode, "spawner")}), func(*testing.T) {}
		},
		ways: map[string][]string{
			"calls": {"-t", "main.*"},
			"many":  {"-t", "main.*", "-t", "os/exec.*", "-t", "syscall.*"},
			"lines": {"-t", "main.go"},
			"depth": {"-t", "main.spawn", "-t", "main.lost", "-d", "8", "--std"},
		},
	},
}

// phases are the moments around which a trace is killed. Each is waited for, as far
// as it can be seen from outside.
var phases = []string{"start", "read", "guard", "map", "plant", "trace", "detach", "removed"}

// A kill is what happens to one trace.
type kill struct {
	victim
	mode, way, phase string
	first, second    string        // who is killed: gtrace or guard; second may be nobody
	delay, gap       time.Duration // after the phase has begun, and between the two
	stopped          bool          // the target is stopped meanwhile
}

func (k kill) String() string {
	return fmt.Sprintf("%s %s, %s, at %s after %v: kill %s, after %v %s, stopped %v",
		k.name, k.mode, k.way, k.phase, k.delay, k.first, k.gap, k.second, k.stopped)
}

func drawKill(r *rand.Rand) kill {
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	k := kill{victim: victims[[]int{0, 0, 0, 1, 2}[r.IntN(5)]], phase: pick(phases)}
	k.mode = pick(k.modes)
	var ways []string
	for way := range k.ways {
		ways = append(ways, way)
	}
	slices.Sort(ways)
	k.way = pick(ways)
	k.first, k.second = "gtrace", "guard"
	switch r.IntN(5) {
	case 0:
		k.second = "nobody"
	case 1:
		k.first, k.second = "guard", "nobody"
	case 2, 3:
		k.first, k.second = "guard", "gtrace"
	}
	// Small ones as often as large ones.
	k.delay = time.Duration(r.IntN([]int{1, 500, 5_000, 40_000}[r.IntN(4)])) * time.Microsecond
	if k.phase == "start" || k.phase == "read" {
		k.delay *= 10
	}
	k.gap = time.Duration(r.IntN([]int{1, 3_000, 60_000}[r.IntN(3)])) * time.Microsecond
	k.stopped = r.IntN(8) == 0
	return k
}

// TestKills kills gtrace, its guard, or both, at any moment, while other processes
// keep the cores busy. The target must live on, and nothing may be left on it that
// gtrace repair does not take away. Which kills it are depends on the flag -kills
// alone; -run 'TestKills/^17$' does one of them again.
func TestKills(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	gtrace(t)
	crowded(t)
	var done, repaired atomic.Int64
	t.Cleanup(func() { t.Logf("-kills=%d: %d kills, %d for repair", *drawn, done.Load(), repaired.Load()) })
	for n := range times(8) {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			k := drawKill(rand.New(rand.NewPCG(*drawn, uint64(n))))
			t.Log(k)
			if k.way == "watch" && canWatch() != nil {
				t.Skip("this machine cannot watch memory")
			}
			t.Parallel()
			if k.happens(t) {
				repaired.Add(1)
			}
			done.Add(1)
		})
	}
}

// happens starts the target, traces it, kills and looks at what is left. It reports
// whether there was anything for repair to take away.
func (k kill) happens(t *testing.T) (remains bool) {
	target, finish := k.start(t, k.mode)
	pid := target.id()
	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	args := slices.Concat([]string{"attach", "--format", "json", "-o", trace}, k.ways[k.way], []string{strconv.Itoa(pid)})
	g := startTracer(t, args...)
	k.await(t, g, pid, trace)
	if k.stopped {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}
	time.Sleep(k.delay)
	guarded := len(guardsOf(t, pid)) > 0 && k.first == "gtrace" && k.second == "nobody"
	k.strike(t, g, pid, k.first)
	if k.second != "nobody" {
		time.Sleep(k.gap)
		k.strike(t, g, pid, k.second)
	}
	if k.stopped {
		time.Sleep(k.gap)
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	if k.first == "guard" && k.second == "nobody" {
		time.Sleep(k.gap)
		_ = g.cmd.Process.Signal(syscall.SIGINT)
		guarded = true
	}
	g.wait(t)
	if said := g.messages.String(); said != "" {
		t.Logf("gtrace says\n%.2000s", said)
	}
	await(t, "the guard to end", func() bool { return len(guardsOf(t, pid)) == 0 })
	target.advances(t)
	remains = k.mended(t, pid, guarded)
	target.advances(t)
	seen := map[string]bool{}
	await(t, "its threads to block no signals", func() bool { return unblocked(pid, seen) })
	finish(t)
	return remains
}

// strike kills one of the two, if it is there.
func (k kill) strike(t *testing.T, g *tracer, pid int, who string) {
	t.Helper()
	if who == "gtrace" {
		_ = g.cmd.Process.Kill()
		return
	}
	for _, guard := range guardsOf(t, pid) {
		_ = syscall.Kill(guard, syscall.SIGKILL)
	}
}

// await waits until the phase begins, or the trace is over.
func (k kill) await(t *testing.T, g *tracer, pid int, trace string) {
	t.Helper()
	traces := func() bool {
		info, err := os.Stat(trace)
		return err == nil && info.Size() > 2000
	}
	until := map[string][]func() bool{
		"guard":  {func() bool { return len(guardsOf(t, pid)) > 0 }},
		"map":    {func() bool { return hasArea(pid) }},
		"plant":  {func() bool { return pristine(pid) != nil }},
		"trace":  {traces},
		"detach": {traces},
		// When the code is as it was, and the area is still there.
		"removed": {traces, func() bool { return pristine(pid) == nil }},
	}[k.phase]
	for i, reached := range until {
		if i == 1 {
			_ = g.cmd.Process.Signal(syscall.SIGINT)
		}
		for deadline := time.Now().Add(patience); !reached() && len(g.done) == 0; time.Sleep(100 * time.Microsecond) {
			if time.Now().After(deadline) {
				status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
				t.Fatalf("%s does not come\n%s\n%s", k.phase, status, g.messages.String())
			}
		}
	}
	if k.phase == "detach" {
		_ = g.cmd.Process.Signal(syscall.SIGINT)
	}
}

// unblocked looks whether each thread of a Go program lets the signal through by which
// it is preempted. It does not for moments, as while it forks: seen has those that were
// seen to.
func unblocked(pid int, seen map[string]bool) bool {
	const preempt = 1 << (syscall.SIGURG - 1)
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, task := range tasks {
		status, _ := os.ReadFile(task)
		_, rest, _ := strings.Cut(string(status), "\nSigBlk:\t")
		mask, _, _ := strings.Cut(rest, "\n")
		blocked, _ := strconv.ParseUint(mask, 16, 64)
		seen[task] = seen[task] || blocked&preempt == 0
	}
	return !slices.ContainsFunc(tasks, func(task string) bool { return !seen[task] })
}

// hasArea tells whether a process has memory with code that is of no file.
func hasArea(pid int) bool {
	maps, _ := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	for line := range strings.Lines(string(maps)) {
		if f := strings.Fields(line); strings.Contains(f[1], "x") && len(f) == 5 {
			return true
		}
	}
	return false
}

// mended has repair take away what is left, if anything is.
func (k kill) mended(t *testing.T, pid int, guarded bool) (remains bool) {
	t.Helper()
	who := strconv.Itoa(pid)
	if err := free(pid); err != nil {
		remains = true
		t.Logf("left: %v", err)
		if guarded && !k.stopped {
			t.Errorf("the guard has left: %v", err)
		}
		repair := startTracer(t, "repair", "--write", who)
		if got := repair.wait(t); got != 0 {
			t.Errorf("repair: exit status %d\n%s", got, repair.messages.String())
		}
	}
	if err := free(pid); err != nil {
		t.Errorf("repair has left: %v", err)
	}
	repair := startTracer(t, "repair", who)
	if got := repair.wait(t); got != 0 {
		t.Errorf("it is not as it was: exit status %d of repair\n%s", got, repair.messages.String())
	}
	return remains
}

func (s *server) id() int { return s.pid }

func (s *server) advances(t *testing.T) {
	t.Helper()
	if err := s.ask(&http.Client{Timeout: patience}); err != nil {
		t.Errorf("the server does not answer: %v", err)
	}
}
