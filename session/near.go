package session

import (
	"cmp"
	"slices"
	"strings"

	"gtrace/spelling"
)

// maxNear bounds the names offered for a pattern that matches nothing.
const maxNear = 5

// near returns the names that look most like what the pattern says: the whole
// name, or the part after the package, contains it, or differs from it by few
// letters. Case does not count. Those of the main module come first: that is what
// people trace.
func near(all []candidate, module, text string) []string {
	if strings.HasPrefix(text, "/") || strings.HasSuffix(text, ".go") {
		return nil
	}
	want := strings.ToLower(plainName(unescape(text)))
	if slices.ContainsFunc(all, func(c candidate) bool { return c.Package == text }) {
		return []string{text + ".*", text + "/..."}
	}
	type scored struct {
		name    string
		score   int
		foreign bool
	}
	var found []scored
	for i := range all {
		c := &all[i]
		if score, ok := likeness(want, strings.ToLower(c.plain)); ok {
			found = append(found, scored{c.Name, score, !c.isBelow(module)})
		}
	}
	slices.SortFunc(found, func(a, b scored) int {
		switch {
		case a.foreign != b.foreign && a.foreign:
			return 1
		case a.foreign != b.foreign:
			return -1
		case a.score != b.score:
			return cmp.Compare(a.score, b.score)
		default:
			return cmp.Compare(a.name, b.name)
		}
	})
	var names []string
	for _, f := range found[:min(maxNear, len(found))] {
		names = append(names, f.name)
	}
	return names
}

// likeness returns how far name is from want: fewer is nearer.
func likeness(want, name string) (int, bool) {
	wanted := localName(want)
	if !strings.Contains(want, ".") {
		wanted = want
	}
	local := localName(name)
	score := min(spelling.Distance(want, name), spelling.Distance(wanted, local)+1)
	if strings.Contains(local, wanted) || strings.Contains(name, want) {
		score = min(score, 3)
	}
	return score, score <= max(3, len(wanted)/3)
}
