package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"gtrace/events"
	"gtrace/filter"
	"gtrace/session"
)

// filterFlags choose calls, each of which is shown whole or not at all.
type filterFlags struct {
	where             string
	succeeded, failed bool
	slower            time.Duration
	labels            []string
	sample            string
	skip, every       uint64
	startAt, stopAt   []string
	backlog           int
	trigger           string

	exprs map[string][]*filter.Filter // in use, by flag: one for each session
}

func (f *filterFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.where, "where", "", "only calls of which `EXPR` is true, as 'duration > 10ms and args.id == 7'")
	fs.BoolVarP(&f.succeeded, "successful-only", "z", false, "only calls that returned without an error")
	fs.BoolVarP(&f.failed, "failed-only", "Z", false, "only calls that returned an error, or that a panic or Goexit ended")
	fs.StringArrayVar(&f.labels, "label", nil, "only calls of goroutines with the profiler label `K=V`; may be repeated: all of them must be present")
	fs.DurationVar(&f.slower, "slower", 0, "only calls that took at least `DUR`")
	fs.Uint64Var(&f.skip, "skip", 0, "leave out the first `N` of these calls, of each function")
	fs.Uint64Var(&f.every, "every", 0, "only the `N`th of these calls of each function, the 2Nth and so on")
	fs.StringVar(&f.sample, "sample", "", "only one in N of these calls, as `1/N`, evenly scattered")
	fs.StringArrayVar(&f.startAt, "start-at", nil, "show nothing before the first call of what matches `PATTERN`, which is traced too")
	fs.StringArrayVar(&f.stopAt, "stop-at", nil, "stop at the next call of what matches `PATTERN`, which is traced too")
	fs.IntVar(&f.backlog, "backlog", 0, "keep the last `N` events, and show them when an outermost traced call fails: by an error, a panic, or an HTTP status of 500 or more")
	fs.StringVar(&f.trigger, "trigger", "", "show the backlog instead at a call of which `EXPR` is true, as in --where")
}

// check refuses what cannot be meant.
func (f *filterFlags) check() error {
	switch {
	case f.succeeded && f.failed:
		return errors.New("-z and -Z exclude each other: every call would be left out")
	case f.slower < 0:
		return fmt.Errorf("--slower %v: must not be negative", f.slower)
	case f.backlog < 0:
		return fmt.Errorf("--backlog %d: must not be negative", f.backlog)
	case f.trigger != "" && f.backlog == 0:
		return errors.New("--trigger: needs --backlog N, the events that it shows")
	}
	if _, err := parseSample(f.sample); err != nil {
		return err
	}
	if err := session.CheckCallable(slices.Concat(f.startAt, f.stopAt)); err != nil {
		return err
	}
	return f.choose(new(session.Config))
}

// choose adds to cfg what the flags ask for.
func (f *filterFlags) choose(cfg *session.Config) error {
	where, err := f.parse("where", f.where)
	if err != nil {
		return err
	}
	trigger, err := f.parse("trigger", f.trigger)
	if err != nil {
		return err
	}
	cfg.Capture.Labels = len(f.labels) > 0
	for _, exprs := range f.exprs {
		// A table alone is made without arguments.
		cfg.Capture.Args = cfg.Capture.Args || exprs[0].Uses("args")
		cfg.Capture.Labels = cfg.Capture.Labels || exprs[0].Uses("labels")
	}
	if where != nil {
		cfg.Filters = append(cfg.Filters, where)
	}
	if f.succeeded {
		cfg.Filters = append(cfg.Filters, events.Succeeded())
	}
	if f.failed {
		cfg.Filters = append(cfg.Filters, events.Failed())
	}
	if f.slower > 0 {
		cfg.Filters = append(cfg.Filters, events.Slower(f.slower))
	}
	for _, label := range f.labels {
		key, value, ok := strings.Cut(label, "=")
		if !ok || key == "" {
			return fmt.Errorf("--label %s: write KEY=VALUE", label)
		}
		cfg.Filters = append(cfg.Filters, events.Labelled(key, value))
		cfg.Capture.LabelsAsked = append(cfg.Capture.LabelsAsked, key)
	}
	cfg.Pick = session.Pick{Skip: f.skip, Every: f.every}
	cfg.Pick.Sample, _ = parseSample(f.sample) // checked before
	cfg.StartAt, cfg.StopAt = f.startAt, f.stopAt
	cfg.Backlog = session.Backlog{Events: f.backlog, Trigger: trigger}
	return nil
}

// parse reads the expression of a flag; without one the filter is nil.
func (f *filterFlags) parse(flag, text string) (events.Filter, error) {
	if text == "" {
		return nil, nil
	}
	expr, err := filter.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	if f.exprs == nil {
		f.exprs = make(map[string][]*filter.Filter)
	}
	f.exprs[flag] = append(f.exprs[flag], expr)
	return expr, nil
}

// failures tells which expressions could not be computed for every call.
func (f *filterFlags) failures() string {
	var text strings.Builder
	for _, flag := range slices.Sorted(maps.Keys(f.exprs)) {
		var n uint64
		var first *filter.Error
		for _, expr := range f.exprs[flag] {
			failures, err := expr.Failures()
			n, first = n+failures, cmp.Or(first, err)
		}
		if n > 0 {
			fmt.Fprintf(&text, "--%s could not be computed for %s, and counts as not true for them; the first time: %v\n",
				flag, plural(int(n), "call"), first)
		}
	}
	return text.String()
}

// parseSample reads 1/N, and returns N. Empty is 0.
func parseSample(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	number, ok := strings.CutPrefix(text, "1/")
	n, err := strconv.ParseUint(number, 10, 64)
	if !ok && err == nil && n > 0 {
		return 0, &valueError{"sample", text, fmt.Sprintf("write it as a share of the calls: 1/%d", n), fmt.Sprintf("1/%d", n)}
	}
	if !ok || err != nil || n == 0 {
		return 0, fmt.Errorf("--sample %s: write 1 and how many calls it stands for, as 1/100", text)
	}
	return n, nil
}
