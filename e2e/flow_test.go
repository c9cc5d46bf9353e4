package e2e

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gtrace/e2e/linemark"
	"gtrace/e2e/linemark/mark"
	"gtrace/e2e/progen"
	"gtrace/events"
)

// TestFlow traces the lines of random programs, and compares them with what the
// same programs tell when they are marked and run by themselves: without
// optimisation they are the same, in the same order; with it a line has no more
// events than it was run.
func TestFlow(t *testing.T) {
	require(t, "ptrace")
	first, end := flowSeeds()
	var all, wrong atomic.Int64
	t.Run("all", func(t *testing.T) {
		for s := first; s < end; s += flowBatch {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				t.Parallel()
				f := newFlow(t, s, min(flowBatch, end-s))
				for _, mode := range []string{"debug", "opt"} {
					if mode == "opt" && *long == 1 {
						continue
					}
					t.Run(mode, func(t *testing.T) {
						met, problems := f.compare(t, mode)
						all.Add(int64(met))
						wrong.Add(int64(len(problems)))
						for i, msg := range problems[:min(8, len(problems))] {
							t.Errorf("%d of %d: %s", i+1, len(problems), msg)
						}
					})
				}
			})
		}
	})
	t.Logf("%d line events, %d wrong or missing", all.Load(), wrong.Load())
}

// flowBatch is how many seeds have their functions in one program, as most of the
// time goes into building it.
const flowBatch = 10

// flowSeeds returns the first of the seeds to try, and the one behind the last.
func flowSeeds() (first, end uint64) {
	if *seed >= 0 {
		return uint64(*seed), uint64(*seed) + uint64(*long)
	}
	return 0, uint64(times(2))
}

// A flowTest is a random program, and what it tells of itself.
type flowTest struct {
	dir    string
	seed   uint64 // of its first functions
	source []string
	owners []string // by line, the function declaration it is part of
	lines  linemark.Lines
	told   []*flowCall
}

// A flowCall is a call of a declared function, with what runs in the function
// literals that it makes.
type flowCall struct {
	name  string
	lines []int
	vars  []flowVar
}

// A flowVar is a value that a variable has, or is shown with, at a line.
type flowVar struct {
	line        int
	name, value string
}

func newFlow(t *testing.T, seed, n uint64) *flowTest {
	t.Helper()
	dir := keepOnFailure(t, fmt.Sprintf("gtrace-flow-%d-", seed))
	text := progen.Flow(seed, n)
	f := &flowTest{dir: dir, seed: seed, source: strings.Split(text, "\n")}
	f.own(t, text)
	marked, lines, err := linemark.Instrument("main.go", []byte(text), "prog/mark", linemark.Options{Alone: true, Vars: true})
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	f.lines = lines
	writeMarked(t, filepath.Join(dir, "told"), marked)
	goTool(t, filepath.Join(dir, "told"), "build", "-o", "../marked", ".")
	writeFiles(t, dir, map[string]string{"go.mod": "module prog\n\ngo 1.26\n", "main.go": text})
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "main.go"), past, past); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), generatedLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "marked"))
	cmd.Env = append(os.Environ(), "MARKLOG="+filepath.Join(dir, "marks.jsonl"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, out)
	}
	records, err := readRecords(filepath.Join(dir, "marks.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	f.told = f.tell(records)
	return f
}

// own finds out which function declaration each line is part of.
func (f *flowTest) own(t *testing.T, text string) {
	t.Helper()
	f.owners = make([]string, len(f.source)+1)
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, "main.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			for l := files.Position(fn.Pos()).Line; l <= files.Position(fn.End()).Line; l++ {
				f.owners[l] = fn.Name.Name
			}
		}
	}
}

// A flowStack is the open calls of a goroutine.
type flowStack struct {
	open []*flowCall
	all  *[]*flowCall
}

func (s *flowStack) enter(name string) {
	c := &flowCall{name: name}
	s.open = append(s.open, c)
	*s.all = append(*s.all, c)
}

// of returns the innermost call of a function.
func (s *flowStack) of(owner string) *flowCall {
	for _, c := range slices.Backward(s.open) {
		if c.name == owner {
			return c
		}
	}
	s.open = slices.Insert(s.open, 0, &flowCall{name: owner})
	*s.all = append(*s.all, s.open[0])
	return s.open[0]
}

// tell returns the calls that a program tells of, in the order of their begin.
func (f *flowTest) tell(records []mark.Record) []*flowCall {
	var all []*flowCall
	stacks := map[int64]*flowStack{}
	for _, r := range records {
		s := stacks[r.Goroutine]
		if s == nil {
			s = &flowStack{all: &all}
			stacks[r.Goroutine] = s
		}
		switch {
		case r.Func != "":
			s.enter(r.Func)
		case r.Line == 0:
			s.open = s.open[:len(s.open)-1]
		default:
			c := s.of(f.owners[r.Line])
			for name, value := range r.Vars {
				c.vars = append(c.vars, flowVar{r.Line, name, value})
			}
			if !r.Only && !f.lines.Loose[r.Line] {
				c.lines = append(c.lines, r.Line)
			}
		}
	}
	return all
}

// seen returns the calls of a trace, in the order of their begin.
func (f *flowTest) seen(stream []events.Event) []*flowCall {
	var all []*flowCall
	stacks := map[int64]*flowStack{}
	for _, e := range stream {
		s := stacks[e.Goroutine]
		if s == nil {
			s = &flowStack{all: &all}
			stacks[e.Goroutine] = s
		}
		name := e.Func[strings.LastIndexByte(e.Func, '.')+1:]
		switch {
		case e.Kind == events.Line:
			c := s.of(f.owners[e.Line])
			for _, v := range e.Changes {
				c.vars = append(c.vars, flowVar{e.Line, v.Name, address.ReplaceAllString(v.Value.Value, "0xADDR")})
			}
			if !f.lines.Loose[e.Line] {
				c.lines = append(c.lines, e.Line)
			}
		case strings.Contains(e.Func, ".func") || strings.Contains(e.Func, "-range"):
		case e.Kind == events.Call:
			s.enter(name)
		case e.Kind == events.Return:
			s.open = s.open[:len(s.open)-1]
		}
	}
	return all
}

// compare returns how many lines of the program in a build mode were compared and what is wrong with them.
func (f *flowTest) compare(t *testing.T, mode string) (met int, problems []string) {
	t.Helper()
	told, seen := f.calls(t, mode)
	for i, c := range seen {
		met += len(c.lines)
		switch {
		case i >= len(told) || told[i].name != c.name:
			return met, append(problems, fmt.Sprintf("call %d is of %s, which was not called then", i, c.name))
		case mode == "debug":
			problems = append(problems, f.same(c, told[i])...)
		default:
			problems = append(problems, f.within(c, told[i])...)
		}
	}
	if len(seen) < len(told) {
		problems = append(problems, fmt.Sprintf("%d calls were seen, of %d", len(seen), len(told)))
	}
	return met, problems
}

// calls traces the program in a build mode, and returns the calls that it tells of
// and those of the trace. Of optimised ones, both are without functions that may be
// inlined.
func (f *flowTest) calls(t *testing.T, mode string) (told, seen []*flowCall) {
	t.Helper()
	goTool(t, f.dir, append(slices.Clone(buildModes[mode]), "-o", mode, ".")...)
	trace := filepath.Join(f.dir, mode+".jsonl")
	ctx, cancel := context.WithTimeout(t.Context(), generatedLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, gtrace(t), "run", "-q", "-t", "main.go", "-s", "1000", "--values", "100", "--format", "json", "-o", trace, "./"+mode)
	cmd.Dir = f.dir
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stream, err := readStream(file)
	if err != nil {
		t.Fatal(err)
	}
	told, seen = f.told, f.seen(stream)
	if mode == "opt" {
		told, seen = generated(told), generated(seen)
	}
	return told, seen
}

// generated leaves out the calls of functions that may be inlined.
func generated(calls []*flowCall) []*flowCall {
	return slices.DeleteFunc(slices.Clone(calls), func(c *flowCall) bool {
		number, ok := strings.CutPrefix(c.name, "f")
		return !ok || strings.Trim(number, "0123456789") != ""
	})
}

// same compares the lines of a call with what they were.
func (f *flowTest) same(seen, told *flowCall) (problems []string) {
	a, b := seen.lines, told.lines
	// The longest common subsequence.
	best := make([][]int, len(a)+1)
	for i := range best {
		best[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				best[i][j] = best[i+1][j+1] + 1
			} else {
				best[i][j] = max(best[i+1][j], best[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && best[i+1][j] >= best[i][j+1]:
			problems = append(problems, fmt.Sprintf("%s: extra %s; lines %v, it ran %v", f.origin(seen.name), f.quote(a[i]), around(a, i), around(b, j)))
			i++
		default:
			problems = append(problems, fmt.Sprintf("%s: missing %s; lines %v, it ran %v", f.origin(seen.name), f.quote(b[j]), around(a, i), around(b, j)))
			j++
		}
	}
	return problems
}

// within checks that no line of a call was seen more often than it was run. Pieces
// of the head of a loop may have got between other lines.
func (f *flowTest) within(seen, told *flowCall) (problems []string) {
	counts := map[int]int{}
	for _, line := range told.lines {
		counts[line]++
		if f.lines.Heads[line] {
			counts[line]++
		}
	}
	more := map[int]int{}
	for _, line := range seen.lines {
		if counts[line]--; counts[line] < 0 {
			more[line]++
		}
	}
	for _, line := range slices.Sorted(maps.Keys(more)) {
		problems = append(problems, fmt.Sprintf("%s: %d more events than runs of %s", f.origin(seen.name), more[line], f.quote(line)))
	}
	return problems
}

// origin names a function and its seed.
func (f *flowTest) origin(name string) string {
	number, err := strconv.ParseUint(strings.TrimPrefix(name, "f"), 10, 64)
	if err != nil {
		return name
	}
	return fmt.Sprintf("%s (f%d of seed %d)", name, number%progen.FlowFuncs, f.seed+number/progen.FlowFuncs)
}

func (f *flowTest) quote(line int) string {
	return fmt.Sprintf("%d %q", line, strings.TrimSpace(f.source[line-1]))
}

// around returns what is near an index.
func around(lines []int, i int) []int { return lines[max(0, i-4):min(len(lines), i+4)] }
