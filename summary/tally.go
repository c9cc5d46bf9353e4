package summary

import (
	"maps"
	"slices"
	"time"

	"gtrace/events"
)

// A tally counts. It follows the open calls of each goroutine, for two things:
//
// The self time of a call is its duration without those of the traced calls
// right inside. Each call that ends gives its duration to the one around it.
//
// The total time of a function is the time in which at least one of its calls is
// open on a goroutine, as profilers count it: a call inside another of the same
// function adds nothing, else a function that calls itself would take longer
// than its program.
type tally struct {
	funcs      map[string]*function
	goroutines map[thread]*goroutine
}

// A thread is a goroutine of a process, where several are traced.
type thread struct {
	pid int
	id  int64
}

func threadOf(e *events.Event) thread { return thread{e.PID, e.Goroutine} }

// A function is what is known of all calls of one.
type function struct {
	calls, errors, panics uint64
	total, self, sum      time.Duration // sum is that of the durations of all calls
	latency               latency
	buckets               *buckets         // nil unless asked for
	open                  map[thread]int32 // open calls by goroutine
}

// A goroutine is the open calls of one, outermost first.
type goroutine struct{ calls []call }

type call struct {
	id     events.CallID
	fn     *function
	inside time.Duration // of the traced calls right inside
	goexit bool          // it is being left by runtime.Goexit
}

func newTally(histograms []string) tally {
	t := tally{funcs: make(map[string]*function), goroutines: make(map[thread]*goroutine)}
	for _, name := range histograms {
		t.function(name).buckets = new(buckets)
	}
	return t
}

func (t *tally) function(name string) *function {
	fn := t.funcs[name]
	if fn == nil {
		fn = &function{open: make(map[thread]int32)}
		t.funcs[name] = fn
	}
	return fn
}

func (t *tally) add(e *events.Event) {
	if e.Kind == events.Exec || e.Kind == events.Left {
		t.abandon(e.PID)
	}
	if e.Call == events.NoCall {
		return
	}
	switch e.Kind {
	case events.Call:
		t.enter(e)
	case events.Return:
		t.leave(e)
	case events.Exception:
		if e.Exception != nil && e.Exception.Class == events.ClassGoexit {
			if g := t.goroutines[threadOf(e)]; g != nil && g.calls[len(g.calls)-1].id == e.Call {
				g.calls[len(g.calls)-1].goexit = true
			}
		}
	}
}

func (t *tally) enter(e *events.Event) {
	fn := t.function(e.Func)
	fn.calls++
	fn.open[threadOf(e)]++
	g := t.goroutines[threadOf(e)]
	if g == nil {
		g = new(goroutine)
		t.goroutines[threadOf(e)] = g
	}
	g.calls = append(g.calls, call{id: e.Call, fn: fn})
}

// leave counts a call that ended. One that was running before the trace has no
// duration.
func (t *tally) leave(e *events.Event) {
	c := t.pop(e)
	fn := c.fn
	if fn == nil {
		fn = t.function(e.Func)
		fn.calls++
	}
	if e.Error != "" {
		fn.errors++
	}
	if e.Unwound && !c.goexit {
		fn.panics++
	}
	if !e.HasDuration {
		return
	}
	d := max(e.Duration, 0)
	fn.latency.record(d)
	if fn.buckets != nil {
		fn.buckets.record(d)
	}
	fn.sum += d
	fn.self += max(d-c.inside, 0)
	if fn.open[threadOf(e)] == 0 {
		fn.total += d
	}
	if g := t.goroutines[threadOf(e)]; g != nil {
		g.calls[len(g.calls)-1].inside += d
	}
}

// abandon forgets the open calls of a process, which have ended with their program.
func (t *tally) abandon(pid int) {
	maps.DeleteFunc(t.goroutines, func(g thread, _ *goroutine) bool { return g.pid == pid })
	for _, fn := range t.funcs {
		maps.DeleteFunc(fn.open, func(g thread, _ int32) bool { return g.pid == pid })
	}
}

// pop takes the call of e off its goroutine, and what is open inside it. It is
// empty when its begin was not seen.
func (t *tally) pop(e *events.Event) call {
	g := t.goroutines[threadOf(e)]
	if g == nil {
		return call{}
	}
	at := len(g.calls) - 1
	for ; at >= 0 && g.calls[at].id != e.Call; at-- {
	}
	if at < 0 {
		return call{}
	}
	c := g.calls[at]
	for _, c := range g.calls[at:] {
		if c.fn.open[threadOf(e)]--; c.fn.open[threadOf(e)] == 0 {
			delete(c.fn.open, threadOf(e))
		}
	}
	if g.calls = g.calls[:at]; at == 0 {
		delete(t.goroutines, threadOf(e))
	}
	return c
}

// rows returns a row for each function that was called, sorted.
func (t *tally) rows(by Column) []Row {
	var rows []Row
	for _, name := range slices.Sorted(maps.Keys(t.funcs)) {
		fn := t.funcs[name]
		if fn.calls == 0 && fn.buckets == nil {
			continue
		}
		row := Row{
			Func:    name,
			Calls:   fn.calls,
			Errors:  fn.errors,
			Panics:  fn.panics,
			Timed:   fn.latency.count,
			Total:   fn.total,
			Self:    fn.self,
			P50:     fn.latency.percentile(50),
			P99:     fn.latency.percentile(99),
			Max:     fn.latency.max,
			buckets: fn.buckets,
		}
		if row.Timed > 0 {
			row.Average = fn.sum / time.Duration(row.Timed)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, by.compare)
	return rows
}
