package e2e

import (
	"context"
	"debug/dwarf"
	"debug/elf"
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
				f := newFlow(t, fmt.Sprintf("flow-%d", s), progen.Flow(s, min(flowBatch, end-s)))
				f.seed = s
				f.compareModes(t, &all, &wrong)
			})
		}
	})
	t.Logf("%d line events, %d wrong or missing", all.Load(), wrong.Load())
}

// TestFlowWritten does the same with a program that was written by hand.
func TestFlowWritten(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	text, err := os.ReadFile("testdata/flow/main.go")
	if err != nil {
		t.Fatal(err)
	}
	newFlow(t, "flow-written", string(text)).compareModes(t, new(atomic.Int64), new(atomic.Int64))
}

// compareModes compares both builds, and counts line events and what is wrong with
// them.
func (f *flowTest) compareModes(t *testing.T, all, wrong *atomic.Int64) {
	t.Helper()
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
	owners []string        // by line, the function declaration it is part of
	apart  map[string]bool // functions that are not inlined
	lines  linemark.Lines
	coded  map[int]bool // lines of which the debug build has code
	told   []*flowCall
}

// A flowCall is a call of a declared function, with what runs in the function
// literals that it makes.
type flowCall struct {
	name  string
	lines []int
	loose map[int]int // how often it was on lines that may have events or not
	ran   map[int]int // how often statements were run, by the line of their begin
	vars  []flowVar

	watched []flowVar
}

// A flowVar is a value that a variable has, or is shown with, at a line.
type flowVar struct {
	line        int
	name, value string
}

func newFlowCall(name string) *flowCall {
	return &flowCall{name: name, loose: map[int]int{}, ran: map[int]int{}}
}

// newFlow prepares a program, and lets it tell of itself.
func newFlow(t *testing.T, name, text string) *flowTest {
	t.Helper()
	dir := keepOnFailure(t, "gtrace-"+name+"-")
	f := &flowTest{dir: dir, source: strings.Split(text, "\n")}
	f.own(t, text)
	marked, lines, err := linemark.Instrument("main.go", []byte(text), "prog/mark", linemark.Options{Alone: true, Vars: true})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
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
		t.Fatalf("%s: %v\n%s", name, err, out)
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
	f.owners, f.apart = make([]string, len(f.source)+1), make(map[string]bool)
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
			f.apart[fn.Name.Name] = strings.Contains(text[max(0, fn.Pos()-40):fn.Pos()], "//go:noinline")
		}
	}
}

// A flowStack is the open calls of a goroutine.
type flowStack struct {
	open []*flowCall
	all  *[]*flowCall
}

func (s *flowStack) enter(name string) {
	c := newFlowCall(name)
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
	s.open = slices.Insert(s.open, 0, newFlowCall(owner))
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
			if !r.Only {
				c.ran[r.Line]++
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
			for _, w := range e.Watch {
				c.watched = append(c.watched, flowVar{e.Line, w.Expr, w.Value})
			}
			if f.lines.Loose[e.Line] {
				c.loose[e.Line]++
			} else {
				c.lines = append(c.lines, e.Line)
			}
		case strings.Contains(e.Func, ".func") || strings.Contains(e.Func, "-range"):
		case e.Kind == events.Call:
			s.enter(name)
		case e.Kind == events.Return:
			c := s.open[len(s.open)-1]
			for _, v := range e.Changes {
				if !slices.ContainsFunc(e.Results, func(r events.Value) bool { return r.Name == v.Name }) {
					c.vars = append(c.vars, flowVar{e.Line, v.Name, address.ReplaceAllString(v.Value.Value, "0xADDR")})
				}
			}
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
			problems = append(problems, f.parts(c, told[i])...)
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
// inlined. Flags are more of gtrace's.
func (f *flowTest) calls(t *testing.T, mode string, flags ...string) (told, seen []*flowCall) {
	t.Helper()
	goTool(t, f.dir, append(slices.Clone(buildModes[mode]), "-o", mode, ".")...)
	trace := filepath.Join(f.dir, mode+".jsonl")
	ctx, cancel := context.WithTimeout(t.Context(), generatedLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, gtrace(t), "run", "-q", "-t", "main.go", "-s", "1000", "--values", "100", "--format", "json", "-o", trace)
	cmd.Args = append(append(cmd.Args, flags...), "./"+mode)
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
	if mode == "debug" {
		f.coded = linesWithCode(t, filepath.Join(f.dir, mode))
	}
	if mode == "opt" {
		told, seen = f.without(told), f.without(seen)
	}
	return told, seen
}

// linesWithCode returns the lines of main.go of which a program has code. Of some
// statements there is none, as b = a behind a = b, or a return with deferred calls.
func linesWithCode(t *testing.T, prog string) map[int]bool {
	t.Helper()
	file, err := elf.Open(prog)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	coded := map[int]bool{}
	for r := data.Reader(); ; r.SkipChildren() {
		unit, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if unit == nil {
			break
		}
		if unit.Val(dwarf.AttrName) != "main" {
			continue
		}
		rows, err := data.LineReader(unit)
		if err != nil {
			t.Fatal(err)
		}
		var row dwarf.LineEntry
		for rows.Next(&row) == nil {
			if row.File != nil && filepath.Base(row.File.Name) == "main.go" {
				coded[row.Line] = true
			}
		}
	}
	return coded
}

// without leaves out the calls of functions that may be inlined.
func (f *flowTest) without(calls []*flowCall) []*flowCall {
	return slices.DeleteFunc(slices.Clone(calls), func(c *flowCall) bool { return !f.apart[c.name] })
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
			if !f.coded[b[j]] || strings.TrimSpace(f.source[b[j]-1]) == "for {" { // it may have the jump behind the loop only
				j++
				continue
			}
			problems = append(problems, fmt.Sprintf("%s: missing %s; lines %v, it ran %v", f.origin(seen.name), f.quote(b[j]), around(a, i), around(b, j)))
			j++
		}
	}
	return problems
}

// parts checks that the parts of a statement have no more events than it was run.
func (f *flowTest) parts(seen, told *flowCall) (problems []string) {
	for _, line := range slices.Sorted(maps.Keys(seen.loose)) {
		if begin, ok := f.lines.Parts[line]; ok && seen.loose[line] > told.ran[begin] {
			problems = append(problems, fmt.Sprintf("%s: %d events of %s, a part of what was run %d times",
				f.origin(seen.name), seen.loose[line], f.quote(line), told.ran[begin]))
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
