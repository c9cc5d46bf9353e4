package summary

import (
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A latency keeps the durations of the calls of one function well enough for
// percentiles. Most functions are called a few times and take about as long each
// time, so it starts with a list, and goes on with a histogram that is as long as
// the longest call needs: 1 KiB for each doubling from 128 ns on, 15 KiB for a
// function that takes a millisecond at most.
type latency struct {
	few   []time.Duration         // all of them, until there are too many
	many  *hdrhistogram.Histogram // then
	count uint64
	max   time.Duration
}

const (
	maxFew = 64
	// digits is how many significant digits a percentile has: it is wrong by
	// less than one in a hundred.
	digits = 2
)

func (l *latency) record(d time.Duration) {
	l.count++
	l.max = max(l.max, d)
	if l.many == nil && len(l.few) < maxFew {
		l.few = append(l.few, d)
		return
	}
	l.grow()
	for _, d := range l.few {
		l.add(d)
	}
	l.few = nil
	l.add(d)
}

// add puts d into the histogram, which is large enough for it.
func (l *latency) add(d time.Duration) {
	_ = l.many.RecordValue(int64(d)) // its only error is a value that is too large
}

// grow makes the histogram large enough for the longest call.
func (l *latency) grow() {
	if l.many != nil && int64(l.max) <= l.many.HighestTrackableValue() {
		return
	}
	larger := hdrhistogram.New(1, int64(min(l.max, math.MaxInt64/2)*2), digits)
	if l.many != nil {
		larger.Merge(l.many)
	}
	l.many = larger
}

// percentile returns the least duration that p of a hundred calls do not exceed.
func (l *latency) percentile(p float64) time.Duration {
	if l.count == 0 {
		return 0
	}
	rank := max(math.Ceil(p/100*float64(l.count)), 1)
	if l.many != nil {
		return min(time.Duration(l.many.ValueAtPercentile(100*rank/float64(l.count))), l.max)
	}
	return slices.Sorted(slices.Values(l.few))[int(rank)-1]
}
