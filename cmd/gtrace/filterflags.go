package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"gtrace/events"
	"gtrace/filter"
	"gtrace/session"
)

// filterFlags choose calls, each of which is shown whole or not at all.
type filterFlags struct {
	where     string
	succeeded bool
	failed    bool
	slower    time.Duration
	labels    []string
}

func (f *filterFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.where, "where", "", "only calls of which `EXPR` is true, as 'duration > 10ms and args.id == 7'")
	fs.BoolVarP(&f.succeeded, "successful-only", "z", false, "only calls that returned without an error")
	fs.BoolVarP(&f.failed, "failed-only", "Z", false, "only calls that returned an error, or that a panic or Goexit took away")
	fs.StringArrayVar(&f.labels, "label", nil, "only calls of goroutines with the profiler label `K=V`; may be repeated: all must be there")
	fs.DurationVar(&f.slower, "slower", 0, "only calls that took at least `DUR`")
}

// check refuses what cannot be meant.
func (f *filterFlags) check() error {
	if f.succeeded && f.failed {
		return errors.New("-z and -Z exclude each other: every call would be left out")
	}
	if f.slower < 0 {
		return fmt.Errorf("--slower %v: must not be negative", f.slower)
	}
	_, err := f.filters()
	return err
}

// filters returns those that the flags ask for.
func (f *filterFlags) filters() ([]events.Filter, error) {
	var list []events.Filter
	if f.where != "" {
		where, err := filter.Parse(f.where)
		if err != nil {
			return nil, fmt.Errorf("--where: %w", err)
		}
		list = append(list, where)
	}
	if f.succeeded {
		list = append(list, events.Succeeded())
	}
	if f.failed {
		list = append(list, events.Failed())
	}
	for _, label := range f.labels {
		key, value, ok := strings.Cut(label, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--label %s: write KEY=VALUE", label)
		}
		list = append(list, events.Labelled(key, value))
	}
	if f.slower > 0 {
		list = append(list, events.Slower(f.slower))
	}
	return list, nil
}

// choose adds to cfg what the flags ask for.
func (f *filterFlags) choose(cfg *session.Config) {
	cfg.Filters, _ = f.filters() // checked before
	cfg.Capture.Labels = len(f.labels) > 0
}
