// Package filter reads the expressions of --where and --trigger, such as
//
//	func startsWith "main." and duration > 10ms
//
// and asks them about calls. The language is that of expr-lang, with literals
// for durations; the names are those of the JSON schema. Where values of the
// target are compared, nothing can go wrong: they are compared as numbers where
// both sides are numbers, otherwise as text, and what is not there is equal to
// nothing, and neither less nor greater.
//
// The package knows events, and neither processes nor flags.
package filter

import (
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"gtrace/events"
)

// A Filter is an expression that can be asked about calls. It is an
// [events.Filter], for one goroutine.
type Filter struct {
	source   *source
	program  *vm.Program
	machine  vm.VM
	used     map[string]bool     // fields
	values   map[string][]string // names behind args and results
	places   map[string]int      // the most that is asked for there by position
	needsEnd bool

	failures uint64
	failure  error // the first
}

// maxLength is more than anybody types, and bounds how deep an expression nests.
const maxLength = 4096

// Parse reads an expression. The error is an [*Error].
func Parse(text string) (*Filter, error) {
	if !utf8.ValidString(text) || len(text) > maxLength {
		return nil, &Error{Reason: "an expression is at most 4096 bytes of UTF-8"}
	}
	s := newSource(text)
	asWritten := inspector{source: s}
	_, err := expr.Compile(s.compiled, options(constants{s}, &asWritten)...)
	if found := asWritten.problem(); found != nil {
		return nil, found
	}
	if err != nil {
		return nil, s.describe(err)
	}
	program, err := expr.Compile(s.compiled, append(options(constants{s}, safely{}), lenient()...)...)
	if err != nil {
		return nil, s.describe(err)
	}
	f := &Filter{source: s, program: program, used: asWritten.used, values: asWritten.values, places: asWritten.places}
	for name := range atEnd {
		f.needsEnd = f.needsEnd || f.used[name]
	}
	return f, nil
}

// NeedsEnd reports whether the expression asks for something that is known only
// when a call has ended.
func (f *Filter) NeedsEnd() bool { return f.needsEnd }

// Uses reports whether the expression asks for a field.
func (f *Filter) Uses(field string) bool { return f.used[field] }

// Names returns the names of the values that the expression asks for in args, or in
// results.
func (f *Filter) Names(field string) []string { return f.values[field] }

// Count returns how many values there must be in args, or in results, for all positions
// that the expression asks for.
func (f *Filter) Count(field string) int { return f.places[field] }

// Keep reports whether the expression is true for a call. One that cannot be
// computed, as a sum of what is not there, is not.
func (f *Filter) Keep(call []events.Event) bool {
	v, err := f.machine.Run(f.program, gather(call, f.used))
	if err != nil {
		if f.failures++; f.failures == 1 {
			f.failure = err
		}
		return false
	}
	return truth(v)
}

// Failures returns for how many calls the expression could not be computed, and
// the reason for the first.
func (f *Filter) Failures() (n uint64, first *Error) {
	if f.failure == nil {
		return 0, nil
	}
	return f.failures, f.source.describe(f.failure)
}
