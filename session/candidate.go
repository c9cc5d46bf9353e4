package session

import (
	"cmp"
	"regexp"
	"strings"

	"gtrace/session/engine"
)

// A candidate is a function with what patterns ask of it.
type candidate struct {
	*engine.Function
	plain   string // the name in plain form
	local   string // that without its package
	path    string // the import path; of package main, the module's
	aliases []alias
}

// An alias is another way to write a function: source calls packages by the name
// of their clause, which need not be the end of their path.
type alias struct{ path, plain string }

// candidates prepares the functions that patterns may match.
func candidates(fns []*engine.Function, module string) []candidate {
	clauses := make(map[string]string)
	for _, fn := range fns {
		if path := unescape(fn.Package); clauses[path] == "" {
			clauses[path] = packageName(path, fn.PackageName)
		}
	}
	spelled := make(map[string][]string)
	for path := range clauses {
		spelled[path] = spellings(path, clauses)
	}
	all := make([]candidate, 0, len(fns))
	for _, fn := range fns {
		if !fn.Wrapper {
			all = append(all, newCandidate(fn, module, spelled))
		}
	}
	return all
}

func newCandidate(fn *engine.Function, module string, spelled map[string][]string) candidate {
	c := candidate{Function: fn, plain: plainName(unescape(fn.Name)), path: unescape(fn.Package)}
	c.local = strings.TrimPrefix(c.plain, c.path+".")
	also := spelled[c.path]
	if fn.Package == "main" {
		c.path = module
		if fn.CommandPath != "" {
			also = []string{fn.CommandPath}
		}
	}
	for _, path := range also {
		c.aliases = append(c.aliases, alias{path, path + "." + c.local})
	}
	return c
}

// major is the end of an import path that tells a version.
var major = regexp.MustCompile(`^v[0-9]+$`)

// packageName returns the name of a package's clause, or what it is by custom
// where the clause is not known.
func packageName(path, clause string) string {
	if clause != "" {
		return clause
	}
	parent, last := cutLast(path)
	if _, before := cutLast(parent); before != "" && major.MatchString(last) {
		return before
	}
	if i := strings.LastIndexByte(last, '.'); i > 0 && major.MatchString(last[i+1:]) {
		return last[:i]
	}
	return last
}

// cutLast splits an import path in front of its last element.
func cutLast(path string) (parent, last string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// spellings returns how a package may be called besides its path: with the names of
// the packages on the way to it. Package main under test is main as well.
func spellings(path string, clauses map[string]string) []string {
	var spelled strings.Builder
	for from := 0; from <= len(path); {
		to := len(path)
		if i := strings.IndexByte(path[from:], '/'); i >= 0 {
			to = from + i
		}
		spelled.WriteString(cmp.Or(clauses[path[:to]], path[from:to]))
		if to < len(path) {
			spelled.WriteByte('/')
		}
		from = to + 1
	}
	var list []string
	if s := spelled.String(); s != path {
		list = append(list, s)
	}
	if clauses[path] == "main" && path != "main" {
		list = append(list, "main")
	}
	return list
}

// receiver returns the type whose method the candidate is, or whose method it is a
// function literal of. Those that are declared on values look like literals of
// functions, and count as such.
func (c *candidate) receiver() (string, bool) {
	if !strings.Contains(c.Name, ".(*") {
		return "", false
	}
	name, _, ok := strings.Cut(c.local, ".")
	return name, ok
}

// isBelow reports whether the candidate's package is path or below it.
func (c *candidate) isBelow(path string) bool {
	if isBelow(c.path, path) {
		return true
	}
	for _, a := range c.aliases {
		if isBelow(a.path, path) {
			return true
		}
	}
	return false
}

func isBelow(path, parent string) bool {
	rest, ok := strings.CutPrefix(path, parent)
	return ok && (rest == "" || rest[0] == '/')
}

// isAmong reports whether the candidate's package is one whose path ends in pkg, or
// below it.
func (c *candidate) isAmong(pkg string) bool {
	inside := func(path string) bool { return strings.Contains("/"+path+"/", "/"+pkg+"/") }
	if inside(c.path) {
		return true
	}
	for _, a := range c.aliases {
		if inside(a.path) {
			return true
		}
	}
	return false
}

// matches reports whether one of the candidate's names is as match says.
func (c *candidate) matches(match func(plain string) bool) bool {
	if match(c.plain) {
		return true
	}
	for _, a := range c.aliases {
		if match(a.plain) {
			return true
		}
	}
	return false
}
