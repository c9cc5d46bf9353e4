package session

import (
	"fmt"
	"slices"

	"gtrace/diag"
	"gtrace/events"
	"gtrace/session/engine"
)

// An UnknownNameError says that an expression asks for a name that no traced function
// has.
type UnknownNameError struct{ text string }

func (e *UnknownNameError) Error() string { return e.text }

// A naming is a filter that asks for arguments and results by name or by position.
type naming interface {
	// Names returns the names of the values in args, or in results, that it asks for.
	Names(field string) []string
	// Count returns how many values there must be there for all that it asks for by
	// position.
	Count(field string) int
}

// checkNames says which value in the expressions of cfg no function has: such an
// expression means something else than its author thinks. Nothing is said where the
// engine does not know the names of all.
func checkNames(eng engine.Engine, cfg Config, fns []*engine.Function) error {
	asked := namings(cfg)
	describer, ok := eng.(engine.Describer)
	if !ok || len(asked) == 0 || len(fns) == 0 {
		return nil
	}
	var known [2][]string
	var most [2]int
	for _, fn := range fns {
		args, results, err := describer.Parameters(fn)
		if err != nil {
			return nil
		}
		known[0], known[1] = append(known[0], args...), append(known[1], results...)
		most[0], most[1] = max(most[0], len(args)), max(most[1], len(results))
	}
	for _, n := range asked {
		for i, field := range []string{"args", "results"} {
			if count := n.Count(field); count > most[i] {
				what := plural(most[i], []string{"argument", "result"}[i], []string{"arguments", "results"}[i])
				return &UnknownNameError{fmt.Sprintf("--%s: no traced function has %s[%d], as none has more than %s", n.flag, field, count-1, what)}
			}
			for _, name := range n.Names(field) {
				if slices.Contains(known[i], name) {
					continue
				}
				what := []string{"an argument", "a result"}[i]
				if near := diag.Nearest(name, known[i]); near != "" {
					return &UnknownNameError{fmt.Sprintf("--%s: no traced function has %s %s: perhaps %s.%s", n.flag, what, name, field, near)}
				}
				return &UnknownNameError{fmt.Sprintf("--%s: no traced function has %s %s", n.flag, what, name)}
			}
		}
	}
	return nil
}

// A flagNaming is a naming, and the flag that it was given by.
type flagNaming struct {
	naming
	flag string
}

// namings returns those of cfg's expressions.
func namings(cfg Config) []flagNaming {
	var found []flagNaming
	add := func(flag string, f events.Filter) {
		if n, ok := f.(naming); ok {
			found = append(found, flagNaming{n, flag})
		}
	}
	for _, f := range cfg.Filters {
		add("where", f)
	}
	add("trigger", cfg.Backlog.Trigger)
	return found
}
