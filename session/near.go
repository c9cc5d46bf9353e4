package session

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"gtrace/diag"
)

// maxNear bounds the patterns offered for one that matches nothing.
const maxNear = 5

// near returns patterns that look like one which matches nothing, nearest first, and
// that choose something which can be traced. What is not near is not offered: a
// name that nobody has meant misleads.
func near(all []candidate, module, text string) []string {
	if strings.HasPrefix(text, "/") {
		return choosing(all, module, nearRegexps(all, module, text))
	}
	if file, _, _ := splitLines(text); strings.HasSuffix(file, ".go") {
		return choosing(all, module, nearFiles(all, file))
	}
	if names := choosing(all, module, []string{text + ".*", text + "/..."}); names != nil {
		return names // it is a package
	}
	if re := asRegexp(text); re != "" && chooses(all, module, re) {
		return []string{re}
	}
	offers := slices.Concat(callersOfC(all, text), nearPackages(all, text), nearNames(all, module, text))
	if pkg, rest := splitPattern(text); strings.Contains(rest, "*") {
		offers = append(offers, pkg+".*")
	}
	return choosing(all, module, offers)
}

// callersOfC returns the functions by which Go calls a function of C, which itself
// cannot be traced.
func callersOfC(all []candidate, text string) []string {
	name := text[strings.LastIndexByte(text, '.')+1:]
	var names []string
	for i := range all {
		if local := all[i].local; local == "_Cfunc_"+name || local == "_C2func_"+name {
			names = append(names, all[i].Name)
		}
	}
	return names
}

// choosing returns the first few of the patterns that choose something.
func choosing(all []candidate, module string, offers []string) []string {
	var names []string
	for _, offer := range offers {
		if len(names) == maxNear {
			break
		}
		if offer = shortest(all, module, offer); !slices.Contains(names, offer) && chooses(all, module, offer) {
			names = append(names, offer)
		}
	}
	return names
}

// chooses reports whether a pattern chooses a function that can be traced, and not
// too many.
func chooses(all []candidate, module, text string) bool {
	p, err := parsePattern(text)
	if err != nil {
		return false
	}
	found := p.find(all, module)
	return len(found) <= DefaultMaxProbes && slices.ContainsFunc(found, func(i int) bool { return all[i].Entry != 0 && all[i].Barred == "" })
}

// shortest returns the pattern with the name of its package instead of the path, where
// that chooses the same.
func shortest(all []candidate, module, text string) string {
	if !strings.Contains(text, "/") || text[0] == '/' || strings.HasSuffix(text, "/...") {
		return text
	}
	p, err := parsePattern(text)
	if err != nil {
		return text
	}
	found := p.find(all, module)
	if len(found) == 0 {
		return text
	}
	first := &all[found[0]]
	path := unescape(first.Package)
	local, ok := strings.CutPrefix(unescape(text), path+".")
	if !ok {
		return text
	}
	short, err := parsePattern(packageName(path, first.PackageName) + "." + local)
	if err != nil || !slices.Equal(short.find(all, module), found) {
		return text
	}
	return short.text
}

// nearFiles returns the names of files that look like one. Which lines they have is
// not known here.
func nearFiles(all []candidate, file string) []string {
	dir, base := path.Split(file)
	near := newRanking()
	for i := range all {
		other := path.Base(all[i].File)
		if d := distance(base, other); other != base && d <= tolerance(len(base)-len(".go")) {
			near.add(dir+other, d)
		}
	}
	return near.names()
}

// nearPackages returns a pattern of a whole package, or of all its names that are
// like one, with the name of a package that is nearly so called.
func nearPackages(all []candidate, text string) []string {
	pkg, rest := splitPattern(text)
	if pkg == "" || !strings.ContainsAny(rest, "*") && rest != "/..." {
		return nil
	}
	near := newRanking()
	for i := range all {
		for _, name := range all[i].packages(strings.Contains(pkg, "/")) {
			if d := distance(pkg, name); d > 0 && d <= tolerance(len(pkg)) {
				near.add(name+rest, d)
				near.add(name+".*", d+1)
			}
		}
	}
	return near.names()
}

// splitPattern splits a pattern behind its package, as it would be if it has one.
func splitPattern(text string) (pkg, rest string) {
	if pkg, ok := strings.CutSuffix(text, "/..."); ok {
		return pkg, "/..."
	}
	slash := strings.LastIndexByte(text, '/') + 1
	if i := strings.IndexByte(text[slash:], '.'); i >= 0 {
		return text[:slash+i], text[slash+i:]
	}
	return "", text
}

// packages returns what the candidate's package may be called: in full, or by the
// end of its path and by its name.
func (c *candidate) packages(full bool) []string {
	if full {
		return []string{unescape(c.Package)}
	}
	_, last := cutLast(unescape(c.Package))
	return []string{last, packageName(unescape(c.Package), c.PackageName)}
}

// nearNames returns the names that look like the one that is meant: of those that
// are equally so the main module's first, as that is what people trace.
func nearNames(all []candidate, module, text string) []string {
	want := strings.Trim(strings.ReplaceAll(plainName(unescape(text)), "*", ""), ".")
	if _, rest := splitPattern(plainName(text)); strings.Trim(rest, ".*") == "" || rest == "/..." {
		return nil // a whole package is meant
	}
	near := newRanking()
	for i := range all {
		c := &all[i]
		foreign := !c.isBelow(module)
		if d, ok := likeness(want, c, c.local, foreign); ok {
			near.add(c.Name, d)
		}
		// Or a type is meant.
		if name, isMethod := c.receiver(); isMethod {
			if d, ok := likeness(want, c, name, foreign); ok {
				near.add(strings.TrimSuffix(c.plain, c.local)+"(*"+name+").*", d+1)
			}
		}
	}
	return near.names()
}

// maxDistance is more than what is near is apart.
const maxDistance = 20

// likeness returns how far a name of the candidate's package is from want, if it is near
// at all.
func likeness(want string, c *candidate, local string, foreign bool) (int, bool) {
	pkg, rest := splitPattern(want)
	rest = strings.TrimPrefix(rest, ".")
	least := maxDistance
	// Without its package, or with a type instead.
	if !strings.Contains(want, "/") {
		if d := localDistance(want, local); !foreign || d <= 1 {
			least = min(least, d)
		}
	}
	if pkg != "" {
		away := maxDistance
		for _, name := range c.packages(strings.Contains(pkg, "/")) {
			if d := distance(pkg, name); d <= tolerance(len(pkg)) {
				away = min(away, d)
			}
		}
		d := localDistance(rest, local)
		switch {
		case away == 0 && len(rest) > 1 && distance(rest, local) == 1: // however short
			least = min(least, 1)
		case away < maxDistance:
			least = min(least, away+d)
		case !foreign && d <= 1: // the right name in the wrong package
			least = min(least, d+3)
		}
	}
	if least == maxDistance {
		return 0, false
	}
	if foreign {
		least += 2
	}
	return least, true
}

// localDistance is the distance of names without their packages. A method may be
// meant by a name without its receiver, a longer name by a part of it.
func localDistance(want, local string) int {
	if want == "" {
		return maxDistance
	}
	if d := distance(want, local); d <= tolerance(len(want)) {
		return d
	}
	last := local[strings.LastIndexByte(local, '.')+1:]
	if d := distance(want, last); d <= tolerance(len(want)) {
		return d + 1
	}
	const telling = 4
	if len(want) >= telling && strings.Contains(strings.ToLower(last), strings.ToLower(want)) {
		return tolerance(len(want)) + 2
	}
	return maxDistance
}

// distance compares names without regard to case, but for that something differs.
func distance(a, b string) int {
	if strings.EqualFold(a, b) {
		return 0
	}
	return diag.Distance(strings.ToLower(a), strings.ToLower(b))
}

// tolerance is how many letters may be wrong in a name of so many.
func tolerance(letters int) int { return min(3, (letters+1)/4) }

// A ranking orders names by how near they are.
type ranking struct{ away map[string]int }

func newRanking() *ranking { return &ranking{make(map[string]int)} }

func (r *ranking) add(name string, away int) {
	if old, ok := r.away[name]; !ok || away < old {
		r.away[name] = away
	}
}

// names returns the nearest names, a few more than are offered.
func (r *ranking) names() []string {
	names := make([]string, 0, len(r.away))
	for name := range r.away {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(r.away[a], r.away[b]), cmp.Compare(a, b))
	})
	return names[:min(len(names), 2*maxNear)]
}
