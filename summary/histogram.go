package summary

import (
	"math"
	"slices"
	"strings"
	"time"

	"gtrace/events"
)

// bounds are where the bars of a histogram begin: 0, 10ns, 20ns, 50ns, 100ns, …
var bounds = func() []time.Duration {
	list := []time.Duration{0}
	for unit := 10 * time.Nanosecond; ; unit *= 10 {
		list = append(list, unit, 2*unit, 5*unit)
		if unit > math.MaxInt64/50 {
			return list
		}
	}
}()

// buckets count calls by how long they took.
type buckets struct{ counts [64]uint64 }

func (b *buckets) record(d time.Duration) {
	at, found := slices.BinarySearch(bounds, d)
	if !found {
		at--
	}
	b.counts[at]++
}

// used returns the buckets from the first with a call to the last.
func (b *buckets) used() (from, to int) {
	from, to = len(bounds), 0
	for i := range bounds {
		if b.counts[i] > 0 {
			from, to = min(from, i), i+1
		}
	}
	return min(from, to), to
}

// barWidth is the length of the longest bar.
const barWidth = 40

// histogram draws the latencies of one function.
func (t *table) histogram(r *Row) {
	t.row()
	t.row(t.style(bold, events.Printable(t.opts.Names.Shorten(r.Func))), "  ", count(r.Timed, "call"))
	from, to := r.buckets.used()
	most := slices.Max(r.buckets.counts[:])
	digits := len(number(most))
	for i := from; i < to; i++ {
		n := r.buckets.counts[i]
		eighths := int(float64(n) / float64(most) * barWidth * 8)
		if n > 0 {
			eighths = max(eighths, 1)
		}
		bar := strings.Repeat("█", eighths/8)
		if part := eighths % 8; part > 0 {
			bar += string([]rune("▏▎▍▌▋▊▉")[part-1])
		}
		t.row(left(events.FormatDuration(bounds[i]), 8), " – ", right(upper(i), 8),
			left(number(n), digits), " ", bar)
	}
}

// upper is the end of a bar.
func upper(i int) string {
	if i+1 == len(bounds) {
		return "…"
	}
	return events.FormatDuration(bounds[i+1])
}
