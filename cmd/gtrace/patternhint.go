package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"gtrace/session"
	"gtrace/session/engine"
)

// What follows says what to type instead of patterns that do not do.

// otherPattern returns the hints for an error of a pattern.
func (w hintWorld) otherPattern(err error) (list []string, ok bool) {
	if e, ok := errors.AsType[*session.NoMatchError](err); ok {
		return w.noMatch(e), true
	}
	if _, ok := errors.AsType[*session.InlinedError](err); ok {
		return w.visibly(), true
	}
	if e, ok := errors.AsType[*session.NoLineError](err); ok {
		return w.noLine(e), true
	}
	if e, ok := errors.AsType[*session.BarredError](err); ok {
		return w.barred(e), true
	}
	if e, ok := errors.AsType[*session.TooManyError](err); ok {
		return w.tooMany(e), true
	}
	return nil, false
}

// noMatch writes the command line again with the nearest pattern, and the command
// that lists all.
func (w hintWorld) noMatch(e *session.NoMatchError) []string {
	var list []string
	if again := w.stamps(e.Chooses); again != "" {
		list = append(list, "-t takes what follows it for a pattern; lines begin with times anyway: "+again)
	} else if len(e.Near) > 0 {
		list = w.offer(w.again(w.isPattern, e.Pattern, e.Near[0]))
	}
	list = append(list, w.offer(w.list())...)
	if remedy := w.remedy(); e.Optimized && len(e.Near) == 0 && remedy != "" {
		list = append(list, "a function may be inlined away without a trace: "+remedy)
	}
	return list
}

// offer is a hint, unless there is nothing to offer.
func (w hintWorld) offer(command string) []string {
	if command == "" {
		return nil
	}
	return []string{command}
}

// list is the command that lists the functions of the same program. It is "" for a
// test, as there is none.
func (w hintWorld) list() string {
	words := w.words()
	if len(words) > 0 && words[0].text == "test" {
		return ""
	}
	list := []string{"gtrace funcs", w.subject()}
	if slices.Contains(w.args, "--optimized") {
		list = append(list, "--optimized") // the same binary
	}
	for _, x := range words {
		if x.flag == "build-flags" {
			list = append(list, quote("--build-flags="+x.text))
		}
	}
	return strings.Join(list, " ")
}

// noLine writes the command line again with the nearest lines.
func (w hintWorld) noLine(e *session.NoLineError) []string {
	var list []string
	for _, line := range e.Near {
		file, _, _ := strings.Cut(e.Pattern, ".go:")
		list = append(list, w.offer(w.again(w.isPattern, e.Pattern, file+".go:"+strconv.Itoa(line)))...)
	}
	return list
}

// barred writes the command line again with the function that calls what forks,
// which every program has that forks.
func (w hintWorld) barred(e *session.BarredError) []string {
	const why = "trace what calls it instead; docs/safety.md tells why"
	if !slices.ContainsFunc(e.Functions, func(fn *engine.Function) bool { return strings.Contains(fn.Symbol, "ork") }) {
		return []string{why}
	}
	return append(w.offer(w.again(w.isPattern, e.Pattern, "syscall.forkExec")), why)
}

// tooMany writes the command line again for a part of what was chosen, and for all.
func (w hintWorld) tooMany(e *session.TooManyError) []string {
	var list []string
	if part := e.Narrower(); part != "" {
		list = w.offer(w.with("trace", "-t", part))
	}
	return append(list, w.offer(w.with("max-probes", "--max-probes", strconv.Itoa(e.Count)))...)
}
