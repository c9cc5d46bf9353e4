package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gtrace/e2e/linemark"
	"gtrace/e2e/linemark/mark"
	"gtrace/events"
)

// TestLines traces the lines of a program that says, before each, that it runs
// it: in a build without optimisation the lines and the variables must be those
// it says, in an optimised one no line and no value may be another.
func TestLines(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	src, err := os.ReadFile("testdata/lines/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"debug", "opt", "race", "pie", "trimpath"} {
		for _, opts := range []linemark.Options{{Vars: true}, {Apart: true, Vars: true}, {Apart: true}} {
			if *long == 1 && (mode != "debug" || !opts.Apart || !opts.Vars) && (mode != "opt" || opts.Apart) {
				continue
			}
			t.Run(fmt.Sprintf("%s/apart=%t,vars=%t", mode, opts.Apart, opts.Vars), func(t *testing.T) {
				if mode == "race" {
					require(t, "race")
				}
				traceMarked(t, mode, src, opts)
			})
		}
	}
}

// traceMarked marks the lines of a program, builds and traces it, and compares
// the trace with the marks.
func traceMarked(t *testing.T, mode string, src []byte, opts linemark.Options) {
	t.Helper()
	dir := keepOnFailure(t, "gtrace-lines-")
	marked, lines, err := linemark.Instrument(filepath.Join(dir, "main.go"), src, "prog/mark", opts)
	if err != nil {
		t.Fatal(err)
	}
	writeMarked(t, dir, marked)
	goTool(t, dir, append(slices.Clone(buildModes[mode]), "-o", "prog", ".")...)
	// The text that is shown is what was there before it was marked.
	if err := os.Rename(filepath.Join(dir, "main.go"), filepath.Join(dir, "marked.go")); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, map[string]string{"main.go": string(src)})
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "main.go"), past, past); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(dir, "trace.jsonl")
	cmd := exec.CommandContext(t.Context(), gtrace(t), "run", "-q", "-t", "main.go", "-t", `/^prog/mark\.(Here|Next)$/`,
		"-s", "1000", "--values", "100", "--format", "json", "-o", trace, "./prog")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MARKLOG=marks.jsonl")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := validateFile(trace); err != nil {
		t.Errorf("validate: %v", err)
	}
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stream, err := readStream(f)
	if err != nil {
		t.Fatal(err)
	}
	said, err := readMarks(filepath.Join(dir, "marks.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if mode != "debug" && opts.Apart {
		// What marks a head there keeps the compiler from joining its pieces.
		maps.Copy(lines.Loose, lines.Heads)
	}
	c := lineChecker{exact: mode == "debug", lines: lines, source: strings.Split(string(src), "\n"), said: said, calls: map[events.CallID]*markedCall{}}
	for _, e := range stream {
		c.add(e)
	}
	for i, msg := range c.problems {
		if i == 40 {
			t.Errorf("… %d more", len(c.problems)-i)
			break
		}
		t.Error(msg)
	}
	if c.met == 0 {
		t.Error("no line event was compared")
	}
	t.Logf("%d line events, %d marks", c.met, c.marks)
}

// writeMarked writes a module with a marked program, and what it marks with.
func writeMarked(t *testing.T, dir string, marked []byte) {
	t.Helper()
	files := map[string]string{"go.mod": "module prog\n\ngo 1.26\n", "main.go": string(marked)}
	for name, from := range map[string]string{
		"mark/mark.go": "linemark/mark/mark.go", "calllog/format.go": "progen/calllog/format.go",
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = strings.ReplaceAll(string(text), "gtrace/e2e/progen/", "prog/")
	}
	writeFiles(t, dir, files)
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// readMarks reads what was said at marks, by goroutine.
func readMarks(name string) (map[int64][]mark.Record, error) {
	records, err := readRecords(name)
	said := map[int64][]mark.Record{}
	for _, r := range records {
		said[r.Goroutine] = append(said[r.Goroutine], r)
	}
	return said, err
}

// readRecords reads what was said at marks.
func readRecords(name string) (records []mark.Record, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		var r mark.Record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// A lineChecker compares the line events of calls with the marks that the same
// calls have set. Each mark is met by one event, right before it, or right behind
// it for a mark that stands on a line of its own. An optimised program may run
// what its lines say in another order, or leave it out.
type lineChecker struct {
	exact    bool // order counts, each mark has its event, and each variable its value
	lines    linemark.Lines
	source   []string
	said     map[int64][]mark.Record
	calls    map[events.CallID]*markedCall
	problems []string
	met      int
	marks    int
}

// A markedCall is a call that says which lines it runs.
type markedCall struct {
	name  string
	vars  map[string]string     // as gtrace has told them
	had   map[string][]string   // the values that variables had, as the program says
	marks map[int]*mark.Record  // by line: whose events are to come
	lines map[int]*events.Event // by line: whose marks are to come
	doubt []func()              // what is to be looked at when the call is over
	last  []string              // what happened
}

func (c *lineChecker) add(e events.Event) {
	switch e.Kind {
	case events.Call:
		if strings.HasPrefix(e.Func, "prog/mark.") {
			c.mark(e)
			return
		}
		call := &markedCall{name: e.Func, vars: map[string]string{}, had: map[string][]string{}, marks: map[int]*mark.Record{}, lines: map[int]*events.Event{}}
		for _, v := range e.Args {
			call.vars[v.Name] = v.Value
		}
		c.calls[e.Call] = call
	case events.Line:
		c.line(e)
	case events.Return:
		if call := c.calls[e.Call]; call != nil {
			c.unmarked(call)
			c.unseen(call)
			for _, look := range call.doubt {
				look()
			}
		}
	case events.Lost:
		c.problems = append(c.problems, "events were lost: "+e.Lost.Why)
	}
}

func (c *lineChecker) fault(call *markedCall, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("%s: %s; it did: %s", call.name, fmt.Sprintf(format, args...), strings.Join(call.last[max(0, len(call.last)-8):], " ")))
}

// unseen drops the marks that no event has met.
func (c *lineChecker) unseen(call *markedCall) {
	for line := range call.marks {
		if c.exact {
			c.fault(call, "no event for line %d", line)
		}
	}
	clear(call.marks)
}

// unmarked drops the events that no mark has met.
func (c *lineChecker) unmarked(call *markedCall) {
	for line := range call.lines {
		c.fault(call, "an event for line %d, which did not run", line)
	}
	clear(call.lines)
}

func (c *lineChecker) line(e events.Event) {
	call := c.calls[e.Call]
	if call == nil {
		c.problems = append(c.problems, fmt.Sprintf("line %d of an unknown call", e.Line))
		return
	}
	if e.Line < 1 || e.Line > len(c.source) || c.source[e.Line-1] != e.Source {
		c.fault(call, "line %d shown as %q", e.Line, e.Source)
	}
	for _, v := range e.Changes {
		if v.Modified && call.vars[v.Name] == v.Value.Value {
			c.fault(call, "line %d: %s=%s is said to be modified", e.Line, v.Name, v.Value.Value)
		}
		call.vars[v.Name] = v.Value.Value
	}
	if c.lines.Loose[e.Line] {
		call.last = append(call.last, fmt.Sprintf("(L%d)", e.Line))
		return
	}
	c.met++
	call.last = append(call.last, fmt.Sprintf("L%d", e.Line))
	if m := call.marks[e.Line]; m != nil {
		c.compare(call, &e, m)
		delete(call.marks, e.Line)
		return
	}
	if c.exact || call.lines[e.Line] != nil {
		c.unmarked(call)
	}
	call.lines[e.Line] = &e
}

func (c *lineChecker) mark(e events.Event) {
	said := c.said[e.Goroutine]
	line, _ := strconv.Atoi(e.Args[0].Value)
	if len(said) == 0 || said[0].Line != line {
		c.problems = append(c.problems, fmt.Sprintf("goroutine %d: the mark of line %d is not in the log", e.Goroutine, line))
		return
	}
	m := &said[0]
	c.said[e.Goroutine] = said[1:]
	call := c.calls[e.Parent]
	if call == nil {
		return
	}
	for name, value := range m.Vars {
		call.had[name] = append(call.had[name], value)
	}
	if c.lines.Loose[line] {
		return
	}
	c.marks++
	call.last = append(call.last, fmt.Sprintf("M%d", line))
	if seen := call.lines[line]; seen != nil {
		c.compare(call, seen, m)
		delete(call.lines, line)
		return
	}
	if c.exact {
		c.unseen(call)
		c.unmarked(call)
		if e.Func == "prog/mark.Here" {
			c.fault(call, "no event for line %d", line)
			return
		}
	}
	call.marks[line] = m
}

// compare compares the variables of a line event with what the program said. An
// optimised one may be late to give a variable its value, or early: then it must
// be one that the variable has at another time.
func (c *lineChecker) compare(call *markedCall, e *events.Event, m *mark.Record) {
	changed := map[string]bool{}
	for _, v := range e.Changes {
		changed[v.Name] = true
	}
	for name, want := range m.Vars {
		got, known := call.vars[name]
		wrong := func() { c.fault(call, "line %d: %s=%s, the program says %s", e.Line, name, got, want) }
		switch {
		case !known && c.exact && !slices.Contains([]string{"0", `""`, "false", "nil"}, want) && !isInner(call.name):
			c.fault(call, "line %d: no %s, the program says %s", e.Line, name, want)
		case !known || got == want:
		case c.exact:
			wrong()
		case changed[name]:
			call.doubt = append(call.doubt, func() {
				if !slices.Contains(call.had[name], got) {
					wrong()
				}
			})
		}
	}
}

// isInner reports whether a function may see variables of one around it, of
// which an event tells only when they change.
func isInner(name string) bool {
	return strings.Contains(name, ".func") || strings.Contains(name, "-range") || strings.Contains(name, ".gowrap")
}
