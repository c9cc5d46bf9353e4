package summary

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gtrace/events"
)

// selfShare is the first column, which is none of those that rows are sorted by.
const selfShare = 0

// at is where a column is printed.
func at(c Column) int { return int(c) + 1 }

// dispensable are the columns in the order in which they are left out.
// Errors and panics are only where there are none.
var dispensable = [...]int{at(Panics), at(Errors), at(P50), at(Max), at(P99), selfShare, at(Average)}

// leastName is the width in which functions can be told from each other.
const leastName = 24

// fit makes the table as wide as the output: columns get no width, those that say
// nothing first, and names lose their begin. It returns what is missed.
func (t *table) fit(widths []int, sums, names []string) (missing []string) {
	if t.opts.Width == nil || t.opts.Width() <= 0 {
		return nil
	}
	room := t.opts.Width() - utf8.RuneCountInString(events.Printable(t.opts.Prefix))
	longest := len("function")
	for _, name := range names {
		longest = max(longest, utf8.RuneCountInString(name))
	}
	for _, width := range widths {
		room -= width + 2
	}
	for _, column := range dispensable {
		if room >= min(longest, leastName) {
			break
		}
		failures := column == at(Errors) || column == at(Panics)
		if column == at(t.opts.Sort) || failures && sums[column] != "" {
			continue
		}
		room += widths[column] + 2
		widths[column] = 0
		if !failures {
			missing = append(missing, header[column])
		}
	}
	for i, name := range names {
		names[i] = cut(name, max(room, len("function")))
	}
	slices.SortFunc(missing, func(a, b string) int { return slices.Index(header, a) - slices.Index(header, b) })
	return missing
}

// cut shortens a name to a width by its begin.
func cut(name string, width int) string {
	r := []rune(name)
	if len(r) <= width {
		return name
	}
	return "…" + strings.TrimLeft(string(r[len(r)-width+1:]), " ")
}
