package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Row is what happened in one function.
type Row struct {
	Func   string
	Calls  uint64 // that began or ended while it was traced
	Errors uint64 // that returned a non-nil error
	Panics uint64 // that a panic, a runtime or a fatal error took away
	Timed  uint64 // that were seen from begin to end: the times are theirs

	Total   time.Duration // in which a call was open: calls inside one of the same function do not count
	Self    time.Duration // of all calls, without traced calls inside
	Average time.Duration // of a call, as are the following
	P50     time.Duration
	P99     time.Duration
	Max     time.Duration

	buckets *buckets // nil unless asked for
}

// A Column is one by which rows are sorted.
type Column uint8

// The columns.
const (
	Self Column = iota
	Total
	Average
	P50
	P99
	Max
	Calls
	Errors
	Panics
	Name
)

var columnNames = [...]string{
	Self: "self", Total: "total", Average: "average", P50: "p50", P99: "p99", Max: "max",
	Calls: "calls", Errors: "errors", Panics: "panics", Name: "name",
}

// Columns returns the names of all columns; the first is the default.
func Columns() []string { return slices.Clone(columnNames[:]) }

// ParseColumn returns the column with the given name.
func ParseColumn(name string) (Column, error) {
	if c := slices.Index(columnNames[:], name); c >= 0 {
		return Column(c), nil
	}
	return Self, fmt.Errorf("unknown column %q: use %s", name, strings.Join(columnNames[:], ", "))
}

// compare puts what is larger first; names rise.
func (c Column) compare(a, b Row) int {
	switch c {
	case Name:
		return cmp.Compare(a.Func, b.Func)
	case Calls:
		return cmp.Compare(b.Calls, a.Calls)
	case Errors:
		return cmp.Compare(b.Errors, a.Errors)
	case Panics:
		return cmp.Compare(b.Panics, a.Panics)
	}
	return cmp.Compare(*c.duration(&b), *c.duration(&a))
}

// duration is where r has the column c, which is one of times.
func (c Column) duration(r *Row) *time.Duration {
	switch c {
	case Total:
		return &r.Total
	case Average:
		return &r.Average
	case P50:
		return &r.P50
	case P99:
		return &r.P99
	case Max:
		return &r.Max
	}
	return &r.Self
}
