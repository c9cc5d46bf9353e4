package session

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gtrace/session/engine"
)

// A TooManyError is a selection with more functions than probes are allowed.
type TooManyError struct {
	Patterns []string
	Count    int // functions selected
	Max      int // probes allowed
	// Parts are patterns that choose a part of it each, those with the most functions
	// first: by package, and of packages that are too large themselves by type.
	Parts []Part
}

// A Part is a pattern, and how many functions it chooses.
type Part struct {
	Pattern string
	Count   int
}

// maxParts bounds the parts that are told.
const maxParts = 12

func (e *TooManyError) Error() string {
	text := fmt.Sprintf("%q chooses %d functions, more than the %d that are allowed: narrow the pattern, or raise --max-probes to %d",
		strings.Join(e.Patterns, " "), e.Count, e.Max, e.Count)
	if len(e.Parts) < 2 {
		return text
	}
	text += "; in parts:"
	for _, p := range e.Parts[:min(len(e.Parts), maxParts)] {
		text += fmt.Sprintf("\n%7d  %s", p.Count, p.Pattern)
	}
	if more := len(e.Parts) - maxParts; more > 0 {
		text += fmt.Sprintf("\n         … and %s", plural(more, "part more", "parts more"))
	}
	return text
}

// Narrower returns the pattern of a part that is as large as is allowed, or "".
func (e *TooManyError) Narrower() string {
	for _, p := range e.Parts {
		if p.Count <= e.Max {
			return p.Pattern
		}
	}
	return ""
}

// tooMany is the error for a selection of more functions than are allowed.
func tooMany(eng engine.Engine, sel *Selection, most int) error {
	chosen := make(map[string][]*engine.Function)
	for _, fn := range sel.Functions {
		chosen[fn.Package] = append(chosen[fn.Package], fn)
	}
	all := candidates(eng.Functions(), eng.Target().Module)
	count := make(map[string]int)
	types := make(map[string]map[string]int)
	for i := range all {
		c := &all[i]
		if c.Entry == 0 || c.Barred != "" {
			continue
		}
		count[c.Package]++
		if types[c.Package] == nil {
			types[c.Package] = make(map[string]int)
		}
		if name, ok := c.receiver(); ok {
			types[c.Package][name]++
		}
	}
	e := &TooManyError{Patterns: sel.Patterns, Count: len(sel.Functions), Max: most}
	for pkg := range chosen {
		star := packageStar(all, eng.Target().Module, pkg, count[pkg])
		e.Parts = append(e.Parts, Part{star, count[pkg]})
		if count[pkg] <= most {
			continue
		}
		for name, n := range types[pkg] {
			e.Parts = append(e.Parts, Part{strings.TrimSuffix(star, "*") + "(*" + name + ").*", n})
		}
	}
	slices.SortFunc(e.Parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Pattern, b.Pattern))
	})
	return e
}

// packageStar returns the shortest pattern that chooses the functions of a package
// and no others.
func packageStar(all []candidate, module, pkg string, functions int) string {
	path := unescape(pkg)
	i := slices.IndexFunc(all, func(c candidate) bool { return c.Package == pkg })
	parent, last := cutLast(path)
	if major.MatchString(last) { // which tells nobody whose it is
		_, before := cutLast(parent)
		last = before + "/" + last
	}
	for _, name := range []string{packageName(path, all[i].PackageName), last} {
		p := globPattern(name+".*", name+".*")
		found := slices.DeleteFunc(p.find(all, module), func(i int) bool { return all[i].Entry == 0 || all[i].Barred != "" })
		if len(found) == functions && !slices.ContainsFunc(found, func(i int) bool { return all[i].Package != pkg }) {
			return name + ".*"
		}
	}
	return path + ".*"
}
