package summary

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gtrace/events"
)

// A table is text in lines.
type table struct {
	b    []byte
	opts *Options
}

// Parameters of SGR escape sequences.
const (
	bold = "1"
	red  = "31"
)

// header names the columns, in the order in which they are printed.
var header = []string{
	"% self", columnNames[Self], columnNames[Total], columnNames[Average],
	columnNames[P50], columnNames[P99], columnNames[Max],
	columnNames[Calls], columnNames[Errors], columnNames[Panics],
}

func appendText(b []byte, rows []Row, opts *Options) []byte {
	t := table{b: b, opts: opts}
	called := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Calls == 0 })
	if len(called) == 0 {
		t.row("no calls")
	} else {
		t.functions(called)
	}
	for _, r := range rows {
		if r.buckets != nil {
			t.histogram(&r)
		}
	}
	return t.b
}

// functions prints a row for each function, and their sum.
func (t *table) functions(rows []Row) {
	var sum Row
	for _, r := range rows {
		sum.Calls += r.Calls
		sum.Errors += r.Errors
		sum.Panics += r.Panics
		sum.Timed += r.Timed
		sum.Self += r.Self
	}
	lines := [][]string{header}
	for _, r := range rows {
		lines = append(lines, cells(&r, sum.Self))
	}
	last := cells(&sum, sum.Self)
	for i := 2; i <= 6; i++ {
		last[i] = "" // a sum of these says nothing
	}
	lines = append(lines, last)
	widths := make([]int, len(header))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = events.Printable(t.opts.Names.Shorten(r.Func))
	}
	missing := t.fit(widths, last, names)
	rule := make([]string, len(header))
	for i, width := range widths {
		rule[i] = strings.Repeat("-", width)
	}
	t.line(lines[0], widths, "function", bold)
	t.line(rule, widths, "--------", "")
	for i := range rows {
		t.line(lines[i+1], widths, names[i], "")
	}
	t.line(rule, widths, "--------", "")
	t.line(last, widths, "total", "")
	if len(missing) > 0 {
		t.row("left out: ", strings.Join(missing, ", "))
		t.row("(--width never shows all)")
	}
}

// cells are the columns of a row but the last. What is not known is -, no error
// and no panic are nothing.
func cells(r *Row, self time.Duration) []string {
	list := make([]string, 0, len(header))
	share := "-"
	if self > 0 {
		share = fmt.Sprintf("%.1f", 100*float64(r.Self)/float64(self))
	}
	list = append(list, share)
	for c := Self; c <= Max; c++ {
		cell := "-"
		if r.Timed > 0 {
			cell = events.FormatDuration(*c.duration(r))
		}
		list = append(list, cell)
	}
	return append(list, number(r.Calls), some(r.Errors), some(r.Panics))
}

// line prints the cells of a row, to the right of their columns.
func (t *table) line(cells []string, widths []int, name, st string) {
	var parts []string
	for i, cell := range cells {
		if widths[i] == 0 {
			continue // no room
		}
		text := left(cell, widths[i])
		if i >= len(cells)-2 && strings.ContainsAny(cell, "0123456789") {
			text = t.style(red, text)
		}
		parts = append(parts, t.style(st, text), "  ")
	}
	t.row(append(parts, t.style(st, name))...)
}

// row prints a line of parts.
func (t *table) row(parts ...string) {
	text := events.Printable(t.opts.Prefix) + strings.Join(parts, "")
	t.b = append(append(t.b, strings.TrimRight(text, " ")...), '\n')
}

func (t *table) style(st, s string) string {
	if !t.opts.Color || st == "" {
		return s
	}
	return "\x1b[" + st + "m" + s + "\x1b[0m"
}

// left pads s on the left, right on the right.
func left(s string, width int) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0)) + s
}

func right(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

func some(n uint64) string {
	if n == 0 {
		return ""
	}
	return number(n)
}

func count(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return number(n) + " " + noun
}
