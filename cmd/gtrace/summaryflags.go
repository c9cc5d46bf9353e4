package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"gtrace/events"
	"gtrace/session"
	"gtrace/session/engine"
	"gtrace/summary"
)

// summaryFlags ask for a table of what happened.
type summaryFlags struct {
	only       bool // instead of the events
	also       bool // besides them
	sort       string
	histograms []string // patterns
}

func (f *summaryFlags) register(fs *pflag.FlagSet) {
	fs.BoolVarP(&f.only, "summary", "c", false, "instead of events, a table at the end: calls, errors, times of each function")
	fs.BoolVarP(&f.also, "summary-too", "C", false, "the table besides the events")
	fs.StringVarP(&f.sort, "sort", "S", summary.Columns()[0], "sort the table by `COLUMN`: "+strings.Join(summary.Columns(), ", "))
	fs.StringArrayVar(&f.histograms, "histogram", nil, "draw the latencies of the functions that match `PATTERN`, under the table; may be repeated")
}

// on reports whether there will be a table.
func (f *summaryFlags) on() bool { return f.only || f.also || len(f.histograms) > 0 }

// counting reports whether there will be a table and no events.
func (f *summaryFlags) counting() bool { return f.on() && !f.also }

func (f *summaryFlags) check(kinds []string) error {
	switch {
	case f.only && f.also:
		return errors.New("--summary-too: prints the events that --summary leaves out: use one of them")
	case !slices.Contains(summary.Columns(), f.sort):
		return fmt.Errorf("--sort %s: use %s", f.sort, strings.Join(summary.Columns(), ", "))
	case !f.on() && f.sort != summary.Columns()[0]:
		return fmt.Errorf("--sort %s: needs the table of --summary", f.sort)
	case !f.on():
		return nil
	}
	for _, kind := range []events.Kind{events.Call, events.Return} {
		if len(kinds) > 0 && !slices.Contains(kinds, kind.String()) {
			return fmt.Errorf("--events %s: a summary is made of calls and returns: leave --events out", strings.Join(kinds, ","))
		}
	}
	return checkPatterns(f.histograms)
}

// drawn returns the names of the functions whose latencies are to be drawn, of
// those that are traced.
func (f *traceFlags) drawn(eng engine.Engine) ([]string, error) {
	if len(f.summary.histograms) == 0 {
		return nil, nil
	}
	module := eng.Target().Module
	traced, err := session.Select(eng.Functions(), module, f.trace, f.ignore)
	if err != nil {
		return nil, err
	}
	drawn, err := session.Select(traced.Functions, module, f.summary.histograms, nil)
	if err != nil {
		return nil, fmt.Errorf("--histogram: of the functions that are traced, %w", err)
	}
	names := make([]string, len(drawn.Functions))
	for i, fn := range drawn.Functions {
		names[i] = fn.Name
	}
	return names, nil
}
