package session

import (
	"fmt"
	"slices"
	"strings"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/source"
)

// A lineWish is what a pattern about lines asks for.
type lineWish struct {
	pattern   string
	span      span
	functions []*engine.Function // that stand in the file
}

// A NoLineError says that no statement begins on the lines of a pattern.
type NoLineError struct {
	Pattern string
	Near    []int // lines of the file on which one does, around those asked for
}

func (e *NoLineError) Error() string {
	msg := fmt.Sprintf("no statement begins on the lines of %q, or the compiler has left it out", e.Pattern)
	if n := len(e.Near); n > 0 {
		msg += "; near it: line" + strings.Repeat("s", min(n-1, 1)) + " " + strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Near), " ", ", "), "[]")
	}
	return msg
}

// ResolveLines finds the lines that the patterns name, by function, and leaves
// out the functions which were chosen for lines that they do not have. A
// [*NoLineError] is of a pattern whose lines no function has, a [*BarredError] of
// one whose lines are all barred.
func (sel *Selection) ResolveLines(lister engine.LineLister) (map[*engine.Function][]int, error) {
	found := make(map[*engine.Function][]int)
	for _, w := range sel.wishes {
		var near []int
		var barred []*engine.Function // that have such lines
		any := w.span == everyLine
		for _, fn := range w.functions {
			if !slices.Contains(sel.Functions, fn) && !slices.Contains(sel.Barred, fn) {
				continue
			}
			lines, err := lister.Lines(fn)
			if err != nil {
				continue // nobody can say which lines it has
			}
			near = append(near, lines...)
			lines = w.span.cut(lines)
			found[fn] = union(found[fn], lines)
			switch {
			case len(lines) == 0:
			case fn.Barred != "":
				barred = append(barred, fn)
			default:
				any = true
			}
		}
		switch {
		case any:
		case len(barred) > 0:
			return nil, &BarredError{Pattern: w.pattern, Functions: barred}
		default:
			return nil, &NoLineError{Pattern: w.pattern, Near: around(near, w.span)}
		}
	}
	sel.drop(func(fn *engine.Function) bool { return !sel.named[fn] && len(found[fn]) == 0 })
	return found, nil
}

// cut returns those of some lines that are in the span.
func (s span) cut(lines []int) []int {
	return slices.DeleteFunc(slices.Clone(lines), func(line int) bool { return line < s.first || line > s.last })
}

// drop forgets functions, and what was noted of them.
func (sel *Selection) drop(unwanted func(*engine.Function) bool) {
	before := notes(*sel)
	sel.Functions = slices.DeleteFunc(sel.Functions, unwanted)
	sel.Inlined = slices.DeleteFunc(sel.Inlined, unwanted)
	sel.Barred = slices.DeleteFunc(sel.Barred, unwanted)
	rest := slices.DeleteFunc(sel.Notes, func(note string) bool { return slices.Contains(before, note) })
	sel.Notes = append(notes(*sel), rest...)
}

// around returns the line before and the line after a span.
func around(lines []int, at span) []int {
	slices.Sort(lines)
	i, _ := slices.BinarySearch(lines, at.first)
	var near []int
	if i > 0 {
		near = append(near, lines[i-1])
	}
	if i < len(lines) {
		near = append(near, lines[i])
	}
	return near
}

// errNoLines is the reason of an engine that knows no lines.
var errNoLines = fmt.Errorf("lines: %w", engine.ErrNotSupported)

// A linePlan says which lines are reported, and where their text is.
type linePlan struct {
	lister engine.LineLister
	every  bool // lines of every function, not only those that patterns name
	lines  map[*engine.Function][]int
	files  *source.Finder // nil: nowhere
	notes  []string
	told   map[string]bool // problems of source files
	warn   func(format string, args ...any)
}

// planLines decides which lines of the selected functions to observe. It is nil
// when no lines were asked for. What has no line that can be observed is noted.
func planLines(lister engine.LineLister, cfg Config, sel *Selection, named map[*engine.Function][]int) (*linePlan, error) {
	if !cfg.wantsLines(len(sel.wishes) > 0) {
		return nil, nil
	}
	if _, ok := lister.(noLines); ok {
		return nil, errNoLines
	}
	plan := &linePlan{
		lister: lister, every: cfg.Lines || len(sel.wishes) == 0,
		lines: named, files: cfg.Sources, told: make(map[string]bool), warn: cfg.Warn,
	}
	var without []string
	for _, fn := range sel.Functions {
		if err := plan.add(fn); err != nil {
			without = append(without, fn.Name)
		}
	}
	if len(without) > 0 {
		plan.notes = append(plan.notes, fmt.Sprintf("lines of %s cannot be seen: %s", plural(len(without), "function", "functions"), some(without)))
	}
	return plan, nil
}

// lineNotes returns what is to be said of the lines in a plan, nil for none, and of
// what was asked for about them.
func (cfg *Config) lineNotes(plan *linePlan) []string {
	switch {
	case plan == nil && cfg.Old:
		return []string{"--old shows nothing, as no lines are traced: add --lines, or a pattern such as server.go:40"}
	case plan == nil:
		return nil
	case cfg.Lines && cfg.Kinds != nil && !slices.Contains(cfg.Kinds, events.Line):
		return append(plan.notes, "line events are shown though -e does not name them, as --lines asks for them")
	}
	return plan.notes
}

// add decides which lines of a function to observe. Nil stands for no plan.
func (p *linePlan) add(fn *engine.Function) (err error) {
	if p == nil {
		return nil
	}
	if p.every {
		p.lines[fn], err = p.lister.Lines(fn)
	}
	p.lines[fn] = p.statements(fn, p.lines[fn])
	return err
}

// statements leaves out the lines on which the source has none: the brace that
// ends a function, to which the compiler gives code too.
func (p *linePlan) statements(fn *engine.Function, lines []int) []int {
	if p.files == nil || len(lines) == 0 {
		return lines
	}
	file := p.files.File(fn.File)
	if problem := file.Problem(); problem != "" && p.warn != nil && !p.told[problem] {
		p.told[problem] = true
		p.warn("%s", problem)
	}
	last := slices.Max(lines)
	return slices.DeleteFunc(slices.Clone(lines), func(line int) bool {
		// What follows the brace of a function literal is not its own.
		return file.Blank(line) || line == last && strings.HasPrefix(strings.TrimSpace(file.Line(line)), "}")
	})
}

// observed returns the lines of a function that are observed. Nil stands for no
// plan.
func (p *linePlan) observed(fn *engine.Function) []int {
	if p == nil {
		return nil
	}
	return p.lines[fn]
}

// file returns the source file of a function, or nil.
func (p *linePlan) file(fn *engine.Function) *source.File {
	if p == nil || p.files == nil {
		return nil
	}
	return p.files.File(fn.File)
}

// listerOf returns what lists the lines that an engine can observe.
func listerOf(eng engine.Engine) engine.LineLister {
	if l, ok := eng.(engine.LineLister); ok {
		return l
	}
	return noLines{}
}

// noLines is the lister of an engine that knows no lines.
type noLines struct{}

func (noLines) Lines(*engine.Function) ([]int, error) { return nil, errNoLines }

// wantsLines reports whether line events are wanted, given whether a pattern
// names lines.
func (cfg Config) wantsLines(named bool) bool {
	if cfg.Kinds == nil {
		return cfg.Lines || named
	}
	return cfg.Lines || slices.Contains(cfg.Kinds, events.Line)
}
