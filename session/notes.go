package session

import (
	"fmt"
	"slices"
	"strings"

	"gtrace/session/engine"
)

// notes names the functions of which not everything can be seen.
func notes(sel Selection) []string {
	var inlined, noReturn, assembly []string
	for _, fn := range sel.Functions {
		if fn.Inlined > 0 {
			inlined = append(inlined, fn.Name)
		}
		if strings.HasSuffix(fn.File, ".s") {
			assembly = append(assembly, fn.Name)
		}
		if fn.NoReturn {
			noReturn = append(noReturn, fn.Name)
		}
	}
	var notes []string
	if len(sel.Barred) > 0 {
		notes = append(notes, barredNote(sel.Barred))
	}
	if n := len(sel.Inlined); n > 0 {
		notes = append(notes, fmt.Sprintf("%s inlined everywhere, so that no call is seen: %s",
			plural(n, "function is", "functions are"), some(names(sel.Inlined))))
	}
	if n := len(inlined); n > 0 {
		notes = append(notes, fmt.Sprintf("%s inlined in places, and calls made there are not seen: %s",
			plural(n, "function is", "functions are"), some(inlined)))
	}
	if n := len(noReturn); n > 0 {
		notes = append(notes, fmt.Sprintf("%s no return instruction, so that calls are seen but no end, unless a panic takes them: %s",
			plural(n, "function has", "functions have"), some(noReturn)))
	}
	if n := len(assembly); n > 0 {
		notes = append(notes, fmt.Sprintf("%s written in assembly, so that arguments and results are not known: %s",
			plural(n, "function is", "functions are"), some(assembly)))
	}
	return notes
}

// HasInlined reports whether there are calls of what was chosen that cannot be seen, as
// the compiler has inlined them.
func (sel *Selection) HasInlined() bool {
	return len(sel.Inlined) > 0 || slices.ContainsFunc(sel.Functions, func(fn *engine.Function) bool { return fn.Inlined > 0 })
}

// remedyNote says what makes inlined calls visible, where there are some.
func (cfg *Config) remedyNote(sel *Selection) []string {
	if cfg.Remedy == "" || !sel.HasInlined() {
		return nil
	}
	return []string{"to see inlined calls: " + cfg.Remedy}
}

func names(fns []*engine.Function) []string {
	list := make([]string, len(fns))
	for i, fn := range fns {
		list[i] = fn.Name
	}
	return list
}

// some names the first few of a list.
func some(names []string) string {
	const few = 3
	if len(names) <= few+1 {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:few], ", ") + ", … (gtrace funcs lists them)"
}

// plural returns a count with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
