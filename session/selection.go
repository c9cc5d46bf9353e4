package session

import (
	"fmt"
	"slices"
	"strings"

	"gtrace/session/engine"
)

// A Selection is what patterns choose.
type Selection struct {
	Functions []*engine.Function // those a probe can be planted in, ordered as given
	Inlined   []*engine.Function // those whose every call was inlined
	Barred    []*engine.Function // those in which nothing is planted, for the target's sake
	Patterns  []string           // as given, or the default that was used
	Notes     []string           // functions that cannot be seen fully, and why

	wishes []lineWish                // of patterns about lines
	named  map[*engine.Function]bool // chosen whatever lines they have
}

// Select chooses from fns those which a pattern of trace matches and no pattern
// of ignore does. Without trace it chooses the functions of the main module.
//
// A name is first compared in full. Where that finds nothing, one without its
// package, or with the end of its path or the name that source calls it by, is
// looked for in the main module, and then in every package.
//
// It returns a [*NoMatchError] for a pattern of trace that matches nothing, a
// [*BarredError] for one that matches only what is barred, and an [*InlinedError],
// with the selection, when no call of what is chosen can be seen.
func Select(fns []*engine.Function, module string, trace, ignore []string) (Selection, error) {
	all := candidates(fns, module)
	sel := Selection{Patterns: trace, named: make(map[*engine.Function]bool)}
	if len(trace) == 0 {
		sel.Patterns = modulePatterns(all, module)
	}
	chosen, err := sel.choose(all, module)
	if err != nil {
		return Selection{}, err
	}
	kept, unused, err := leaveOut(chosen, module, ignore)
	if err != nil {
		return Selection{}, err
	}
	sel.sort(kept)
	switch {
	case len(kept) == 0:
		return Selection{}, &NoMatchError{Pattern: strings.Join(sel.Patterns, " "), Ignore: ignore}
	case len(sel.Functions) == 0 && len(sel.Inlined) == 0:
		return Selection{}, &BarredError{Pattern: strings.Join(sel.Patterns, " "), Functions: sel.Barred}
	case len(sel.Functions) == 0:
		return sel, &InlinedError{Patterns: sel.Patterns, Functions: sel.Inlined}
	}
	sel.Notes = append(notes(sel), unused...)
	return sel, nil
}

// choose returns the candidates that a pattern matches, and takes note of the lines
// that patterns wish for.
func (sel *Selection) choose(all []candidate, module string) ([]candidate, error) {
	chosen := make([]bool, len(all))
	for _, text := range sel.Patterns {
		p, err := parsePattern(text)
		if err != nil {
			return nil, err
		}
		found := p.find(all, module)
		if len(found) == 0 {
			return nil, noMatch(all, module, text)
		}
		if out := barred(all, found); len(out) == len(found) {
			return nil, &BarredError{Pattern: text, Functions: out}
		}
		wish := lineWish{pattern: text}
		for _, i := range found {
			chosen[i] = true
			wish.functions = append(wish.functions, all[i].Function)
			if p.lines == nil || *p.lines == everyLine {
				sel.named[all[i].Function] = true
			}
		}
		if p.lines != nil {
			wish.span = *p.lines
			sel.wishes = append(sel.wishes, wish)
		}
	}
	kept := make([]candidate, 0, len(all))
	for i, c := range all {
		if chosen[i] {
			kept = append(kept, c)
		}
	}
	return kept, nil
}

// sort tells the functions that can be traced from the others.
func (sel *Selection) sort(kept []candidate) {
	for _, c := range kept {
		switch {
		case c.Barred != "":
			sel.Barred = append(sel.Barred, c.Function)
		case !c.Visible():
			sel.Inlined = append(sel.Inlined, c.Function)
		default:
			sel.Functions = append(sel.Functions, c.Function)
		}
	}
}

// noMatch is the error for a pattern that matches nothing.
func noMatch(all []candidate, module, text string) error {
	optimized := func(c candidate) bool { return c.Optimized && c.isBelow(module) }
	return &NoMatchError{
		Pattern:   text,
		Near:      near(all, module, text),
		Optimized: slices.ContainsFunc(all, optimized),
		chooses:   func(other string) bool { return chooses(all, module, other) },
	}
}

// leaveOut returns those candidates that no pattern of ignore matches, and a
// note for each pattern that matches none.
func leaveOut(kept []candidate, module string, ignore []string) ([]candidate, []string, error) {
	var unused []string
	ignored := make([]bool, len(kept))
	for _, text := range ignore {
		p, err := parsePattern(text)
		if err == nil && p.lines != nil && *p.lines != everyLine {
			err = fmt.Errorf("pattern %q: functions and files can be ignored, not lines", text)
		}
		if err != nil {
			return nil, nil, err
		}
		found := p.find(kept, module)
		if len(found) == 0 {
			unused = append(unused, "nothing that is traced matches the ignored pattern "+text)
		}
		for _, i := range found {
			ignored[i] = true
		}
	}
	rest := make([]candidate, 0, len(kept))
	for i, c := range kept {
		if !ignored[i] {
			rest = append(rest, c)
		}
	}
	return rest, unused, nil
}

// find returns the indexes of the candidates that the pattern matches.
func (p *pattern) find(all []candidate, module string) []int {
	anywhere := func(*candidate) bool { return true }
	own := func(c *candidate) bool { return c.isBelow(module) }
	found := filter(all, p.whole, anywhere)
	if len(found) == 0 && p.tail != nil {
		found = filter(all, p.tail, own)
	}
	if len(found) == 0 && p.tail != nil {
		found = filter(all, p.tail, anywhere)
	}
	return found
}

func filter(all []candidate, match, within func(*candidate) bool) []int {
	var found []int
	for i := range all {
		if match(&all[i]) && within(&all[i]) {
			found = append(found, i)
		}
	}
	return found
}

// modulePatterns returns the patterns that choose the functions of the main
// module: its main package, whose name in the program is main whatever its
// path, and the packages below the module's path, where there are any.
func modulePatterns(all []candidate, module string) []string {
	var patterns []string
	if slices.ContainsFunc(all, func(c candidate) bool { return c.Package == "main" }) {
		patterns = append(patterns, "main.*")
	}
	below := func(c candidate) bool { return c.Package != "main" && c.isBelow(module) }
	if module != "" && slices.ContainsFunc(all, below) {
		patterns = append(patterns, module+"/...")
	}
	if patterns == nil {
		return []string{"main.*"}
	}
	return patterns
}
