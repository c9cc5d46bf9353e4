package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A fault is a place in gtrace's source where it can be made to panic: behind
// the line that begins so, such as the head of a function.
type fault struct{ name, file, line string }

var faults = []fault{
	{"prepare", "session/session.go", "func New("},
	{"write", "session/engine/ptrace/plant.go", "func (e *Engine) write("},
	{"hit", "session/engine/ptrace/hit.go", "func (e *Engine) returned("},
	{"stage", "session/session.go", "	for s.more() {"},
	{"sink", "events/text.go", "func (s *textSink) Write("},
	{"flush", "events/text.go", "func (s *textSink) Flush("},
	{"spool", "cmd/gtrace/output/spool.go", "func (s *Spool) writeBatch("},
	{"tick", "cmd/gtrace/destination.go", "func (o *destination) tick("},
	{"status", "cmd/gtrace/statusline.go", "func (s *statusLine) show("},
	{"relay", "cmd/gtrace/signals.go", "func (r *relay) receive("},
}

// faultCode panics in the place that the environment names, at the time it
// says; and not again, as what happens after a panic is what is tested.
const faultCode = `package %s

import ("os"; "strconv"; "strings"; "sync/atomic")

var faultCalls atomic.Int64

func fault(name string) {
	at, times, _ := strings.Cut(os.Getenv("GTRACE_FAULT"), ":")
	if n, _ := strconv.ParseInt(times, 10, 64); at == name && faultCalls.Add(1) == n {
		panic("fault " + name)
	}
}
`

// buildFaulty builds gtrace with faults. Its own source stays as it is.
var buildFaulty = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(scratch, "faulty")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	sources, err := faultySources()
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range sources {
		replace[file] = filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(replace[file], []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list, path := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "gtrace")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	args := []string{"build", "-overlay", list, "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "gtrace/cmd/gtrace")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build gtrace with faults: %w\n%s", err, out)
	}
	return path, nil
})

// faultySources returns the text of the files that are different with faults,
// or new, by their paths.
func faultySources() (map[string]string, error) {
	sources := map[string]string{}
	for _, f := range faults {
		path, err := filepath.Abs(filepath.Join("..", f.file))
		if err != nil {
			return nil, err
		}
		text := sources[path]
		if text == "" {
			data, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			text = string(data)
		}
		before, behind, found := strings.Cut(text, "\n"+f.line)
		head, body, more := strings.Cut(behind, "\n")
		if !found || !more {
			return nil, fmt.Errorf("fault %s: %s has no line %q", f.name, f.file, f.line)
		}
		sources[path] = before + "\n" + f.line + head + fmt.Sprintf(" fault(%q)\n", f.name) + body
		pkg := filepath.Base(filepath.Dir(path))
		if filepath.ToSlash(filepath.Dir(f.file)) == "cmd/gtrace" {
			pkg = "main"
		}
		sources[filepath.Join(filepath.Dir(path), "zz_fault.go")] = fmt.Sprintf(faultCode, pkg)
	}
	return sources, nil
}

// faulty returns a command that runs a gtrace which panics.
func faulty(t *testing.T, fault string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := buildFaulty()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "GTRACE_FAULT="+fault)
	return cmd
}

// A panicking is a fault that is met.
type panicking struct {
	fault    string // its name and when
	early    bool   // may come before anything is traced
	flags    []string
	idle     bool           // by one that traces a process without calls
	terminal bool           // messages go to a terminal, which shows the status line
	signal   syscall.Signal // is sent
}

// TestPanics has gtrace panic here and there while it traces. It must tell, and
// leave the process as it was.
func TestPanics(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	busy, idle := startBusy(t, "optimised"), startIdle(t)
	for _, p := range []panicking{
		{fault: "prepare:1", early: true, idle: true},
		{fault: "write:1", early: true}, // a probe
		{fault: "hit:1"},
		{fault: "hit:333"},
		{fault: "stage:1"},
		{fault: "sink:1", idle: true}, // the start record
		{fault: "sink:333"},
		{fault: "flush:1", idle: true},
		{fault: "flush:1", flags: []string{"-n", "100"}}, // at the end
		{fault: "spool:3"},
		{fault: "tick:1"},
		{fault: "tick:1", idle: true},
		{fault: "status:3", terminal: true},
		{fault: "relay:1", early: true, signal: syscall.SIGTERM},
	} {
		if p.idle {
			t.Run(p.fault+" idle", func(t *testing.T) { p.check(t, idle) })
		} else {
			t.Run(p.fault+" busy", func(t *testing.T) { p.check(t, busy) })
		}
	}
}

func (p panicking) check(t *testing.T, target living) {
	cmd := faulty(t, p.fault, append([]string{"attach", "-t", "main.*", strconv.Itoa(target.id())}, p.flags...)...)
	var screen func() string
	if p.terminal {
		terminal, tty := openTerminal(t)
		screen = watch(terminal, tty)
		cmd.Stderr = tty
	}
	g := startCommand(t, cmd)
	if p.signal != 0 {
		awaitProbes(t, target)
		g.signal(t, p.signal)
	}
	if got := g.exits(t); got != 125 {
		t.Errorf("exit status %d, want 125", got)
	}
	says := g.messages.String()
	if screen != nil {
		says = screen()
	}
	name, _, _ := strings.Cut(p.fault, ":")
	if strings.Count(says, "gtrace: internal error") != 1 {
		t.Error("it does not say once what has happened")
	}
	if !p.early && !strings.Contains(says, "gtrace: tracing ended; PID ") {
		t.Error("it does not say that the process runs on")
	}
	for _, want := range []string{"gtrace: internal error: fault " + name, "gtrace: hint: this is a bug in gtrace", "goroutine "} {
		if !strings.Contains(says, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Logf("it says\n%s", says)
	}
	released(t, target)
}
