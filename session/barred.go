package session

import (
	"fmt"

	"gtrace/session/engine"
)

// A BarredError says that patterns choose only functions in which nothing is
// planted, for the target's sake.
type BarredError struct {
	Pattern   string
	Functions []*engine.Function // at least one
}

func (e *BarredError) Error() string {
	return fmt.Sprintf("%s cannot be traced: %s", some(names(e.Functions)), whyBarred(e.Functions))
}

// whyBarred says of functions why nothing is planted in them.
func whyBarred(fns []*engine.Function) string {
	if len(fns) == 1 {
		return "it runs " + fns[0].Barred
	}
	return "they run " + fns[0].Barred
}

// barred returns those of the candidates in which nothing is planted.
func barred(all []candidate, which []int) []*engine.Function {
	var fns []*engine.Function
	for _, i := range which {
		if all[i].Barred != "" {
			fns = append(fns, all[i].Function)
		}
	}
	return fns
}

// barredNote says that functions are left out.
func barredNote(fns []*engine.Function) string {
	return fmt.Sprintf("%s left out: %s; %s",
		plural(len(fns), "function is", "functions are"), some(names(fns)), whyBarred(fns))
}
