package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gtrace/events"
	"gtrace/events/secret"
	"gtrace/session"
	"gtrace/session/engine"
	"gtrace/summary"
)

// traceFlags are the flags that run, test and attach share: what to trace, what
// to read, how much.
type traceFlags struct {
	trace, ignore []string
	kinds         []string
	set           *pflag.FlagSet // all of the command
	goroutines    []int64
	stack         int
	strings       int
	values        int
	follow        int
	redact        []string
	noRedact      bool
	limit         uint64
	duration      time.Duration
	rate          string
	maxOverhead   string
	stall         time.Duration
	maxProbes     int
	allFields     bool
	followExec    bool
	unprotected   bool
	pin           bool
	engine        string
	quiet         bool
	verbose       bool
	filter        filterFlags
	follows       followFlags
	eval          evalFlags
	inside        lineFlags
	memory        memoryFlags
	output        outputFlags
	summary       summaryFlags
	presets       presetFlags
}

// The defaults of --stall. A process that gtrace attaches to has other work than
// to wait for a reader; one that it launches is there to be watched, perhaps in a
// pager.
const (
	attachedStall = 2 * time.Second
	launchedStall = 0
)

// register defines the flags; stall is the default of --stall.
func (f *traceFlags) register(fs *pflag.FlagSet, stall time.Duration) {
	fs.SortFlags = false
	f.set = fs
	fs.StringArrayVarP(&f.trace, "trace", "t", nil, "trace what matches `PATTERN`; may be repeated (default: the main module)")
	fs.StringArrayVarP(&f.ignore, "ignore", "x", nil, "leave out what matches `PATTERN`; may be repeated")
	fs.StringSliceVarP(&f.kinds, "events", "e", nil, "kinds of event to report, as `KINDS` separated by commas: "+strings.Join(kindNames(), ", ")+" (default: all, line where lines are traced, write where memory is watched)")
	f.follows.register(fs)
	f.inside.register(fs)
	f.memory.register(fs)
	fs.Int64SliceVarP(&f.goroutines, "goroutine", "g", nil, "only the goroutine with this `ID`; may be repeated")
	fs.Lookup("goroutine").DefValue = "" // not "[]"
	fs.IntVarP(&f.stack, "stack", "k", 0, "show `N` frames of the stack with each call and exception")
	fs.IntVarP(&f.strings, "strings", "s", engine.DefaultString, "read `N` bytes of a string")
	fs.IntVar(&f.values, "values", engine.DefaultValues, "read `N` elements or fields of a value")
	fs.IntVar(&f.follow, "follow", engine.DefaultFollow, "follow `N` levels of pointers")
	fs.StringSliceVar(&f.redact, "redact", nil, "hide values of this `NAME` too, like those of passwords and tokens")
	fs.BoolVar(&f.noRedact, "no-redact", false, "hide no values")
	f.eval.register(fs)
	f.filter.register(fs)
	fs.Uint64VarP(&f.limit, "limit", "n", 0, "stop after `N` events")
	fs.DurationVar(&f.duration, "for", 0, "stop after `DUR`, as 10s or 2m")
	fs.StringVar(&f.rate, "rate", "", "show at most `N/s` calls, as 100/s or 30/m; the others are counted")
	fs.StringVar(&f.maxOverhead, "max-overhead", "", "hold the target for at most `N%` of its time, as 5%; probes that cost too much are throttled")
	fs.DurationVar(&f.stall, "stall", stall, "stop when the output takes nothing for `DUR`, rather than keep the target waiting; 0: never")
	fs.IntVar(&f.maxProbes, "max-probes", session.DefaultMaxProbes, "refuse to trace more than `N` functions")
	fs.BoolVar(&f.allFields, "all-fields", false, "also show fields that say nothing, such as mutexes that nobody holds")
	fs.BoolVar(&f.followExec, "follow-exec", false, "go on when the target replaces itself by exec, in the new program")
	fs.BoolVar(&f.pin, "pin", false, "keep target and tracer on one CPU: a hit costs half as much, but the target has only that CPU")
	fs.BoolVar(&f.unprotected, "unprotected", false, "trace even a target that would not survive SIGKILL to gtrace")
	fs.StringVar(&f.engine, "engine", "ptrace", "observe the target with the engine `NAME`: ptrace")
	f.output.register(fs)
	f.summary.register(fs)
	f.presets.register(fs)
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "no start and end lines, no messages but errors")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "say more: functions that cannot be seen fully, probes")
}

// complete offers the words that a flag takes to the shell's completion.
func (f *traceFlags) complete(cmd *cobra.Command) {
	words := map[string][]string{
		"events":  kindNames(),
		"engine":  {"ptrace"},
		"format":  formats,
		"columns": events.Fields(),
		"color":   colors,
		"time":    times,
		"width":   widths,
		"sort":    summary.Columns(),
	}
	for flag, choices := range words {
		// The only error is a flag that does not exist, which a test would see.
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
	}
}

// check refuses values that cannot be meant. It is called before anything is
// built, opened or started.
func (f *traceFlags) check() error {
	if err := f.checkEmpty(); err != nil {
		return err
	}
	for _, name := range f.kinds {
		if !events.ParseKind(name).Traceable() {
			return fmt.Errorf("--events %s: unknown kind: use %s", name, strings.Join(kindNames(), ", "))
		}
	}
	if f.engine != "ptrace" {
		return fmt.Errorf("--engine %s: unknown engine: use ptrace", f.engine)
	}
	if err := f.checkNumbers(); err != nil {
		return err
	}
	if _, err := parseRate(f.rate); err != nil {
		return err
	}
	if _, err := parseShare(f.maxOverhead); err != nil {
		return err
	}
	for _, id := range f.goroutines {
		if id <= 0 {
			return fmt.Errorf("--goroutine %d: ids are greater than 0", id)
		}
	}
	if _, err := secret.New(f.redact...); err != nil {
		return fmt.Errorf("--redact: %w", err)
	}
	for _, check := range []func() error{
		func() error { return checkPatterns(f.trace, f.ignore) },
		func() error { return f.summary.check(f.kinds) },
		f.follows.check,
		func() error { return f.memory.check(f.kinds) },
		f.inside.source.check,
		f.eval.check,
		f.filter.check,
		f.checkFollowExec,
		f.output.check,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkNumbers refuses those that are too small.
func (f *traceFlags) checkNumbers() error {
	for _, least := range []struct {
		flag       string
		value, min int
	}{
		{"stack", f.stack, 0},
		{"strings", f.strings, 1},
		{"values", f.values, 1},
		{"follow", f.follow, 0},
		{"max-probes", f.maxProbes, 1},
	} {
		if least.value < least.min {
			return fmt.Errorf("--%s %d: must be at least %d", least.flag, least.value, least.min)
		}
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"for", f.duration}, {"stall", f.stall}} {
		if d.value < 0 {
			return fmt.Errorf("--%s %v: must not be negative", d.flag, d.value)
		}
	}
	return nil
}

// meaningfulEmpty are the flags whose value may be empty: no prefix, no columns, no
// flags of go build.
var meaningfulEmpty = []string{"prefix", "columns", "build-flags"}

// expressions are the flags that take one, and an example for each.
var expressions = map[string]string{
	"if": "id > 7", "where": "duration > 10ms", "trigger": "duration > 1s", "watch": "len(q.jobs)", "explode": "q.jobs",
}

// checkEmpty refuses flags without anything in them, as of a variable of the shell that
// is not set: to leave them out silently would show everything.
func (f *traceFlags) checkEmpty() (err error) {
	f.set.VisitAll(func(flag *pflag.Flag) {
		if err != nil || !flag.Changed || slices.Contains(meaningfulEmpty, flag.Name) || !isEmpty(flag.Value) {
			return
		}
		if example, ok := expressions[flag.Name]; ok {
			err = fmt.Errorf("--%s: the expression is empty: write one, as --%s '%s', or leave the flag out", flag.Name, flag.Name, example)
			return
		}
		name, _ := pflag.UnquoteUsage(flag)
		err = fmt.Errorf("--%s: it is empty: write --%s %s, or leave the flag out", flag.Name, flag.Name, name)
	})
	return err
}

// isEmpty reports whether a flag was given nothing, or a list with nothing in a place.
func isEmpty(v pflag.Value) bool {
	blank := func(s string) bool { return strings.TrimSpace(s) == "" }
	if list, ok := v.(pflag.SliceValue); ok {
		return len(list.GetSlice()) == 0 || slices.ContainsFunc(list.GetSlice(), blank)
	}
	return blank(v.String())
}

// checkFollowExec refuses what is meant for one program only.
func (f *traceFlags) checkFollowExec() error {
	if !f.followExec {
		return nil
	}
	for _, other := range []struct {
		flag string
		set  bool
	}{
		{"start-at", len(f.filter.startAt) > 0},
		{"stop-at", len(f.filter.stopAt) > 0},
		{"backlog", f.filter.backlog > 0},
		{"max-overhead", f.maxOverhead != ""},
	} {
		if other.set {
			return fmt.Errorf("--follow-exec does not go with --%s, which is for one program: leave one of them out", other.flag)
		}
	}
	return nil
}

// checkPatterns reports the first pattern that cannot be read. That it matches
// nothing is no error yet: there is nothing to match.
func checkPatterns(lists ...[]string) error {
	for _, pattern := range slices.Concat(lists...) {
		_, err := session.Select(nil, "", []string{pattern}, nil)
		if _, ok := errors.AsType[*session.NoMatchError](err); err != nil && !ok {
			return err
		}
	}
	return nil
}

// config is what the flags ask of a session of tgt.
func (f *traceFlags) config(tgt engine.Target) (session.Config, error) {
	follow := f.follow
	if follow == 0 {
		follow = -1 // an engine takes 0 for its default
	}
	rate, _ := parseRate(f.rate) // checked before
	share, _ := parseShare(f.maxOverhead)
	cfg := session.Config{
		Trace:      f.trace,
		Ignore:     f.ignore,
		Kinds:      f.eventKinds(),
		Goroutines: f.goroutines,
		Capture: engine.Capture{
			Args: !f.summary.counting() || f.filter.where != "", // a filter may ask for them

			Results: true,
			Stack:   f.stack,
			Limits:  engine.Limits{String: f.strings, Values: f.values, Follow: follow, All: f.allFields, Hide: f.hide()},
		},
		Follow:      f.follows.follow(),
		WatchMem:    f.memory.watch,
		MaxProbes:   f.maxProbes,
		Limit:       f.limit,
		Rate:        rate,
		MaxOverhead: share,
		FollowExec:  f.followExec,
		Version:     buildVersion(),
	}
	_ = f.filter.choose(&cfg) // checked before
	f.eval.apply(&cfg)
	return cfg, f.inside.apply(&cfg, tgt)
}

// hide returns the names whose values are not shown.
func (f *traceFlags) hide() *secret.Names {
	if f.noRedact {
		return nil
	}
	names, _ := secret.New(f.redact...) // checked before
	return names
}

// textValue is how much of one value a line of text shows, so that a function
// which takes an *http.Request still fits a line or two.
const textValue = 120

// valueWidth returns how much of a value text output shows: all that was read
// when the flags say how much to read.
func (f *traceFlags) valueWidth() int {
	if f.strings != engine.DefaultString || f.values != engine.DefaultValues || f.follow != engine.DefaultFollow || f.verbose {
		return 0
	}
	return textValue
}

// eventKinds returns the kinds that --events names, or nil.
func (f *traceFlags) eventKinds() []events.Kind {
	if len(f.kinds) == 0 {
		return nil
	}
	kinds := make([]events.Kind, len(f.kinds))
	for i, name := range f.kinds {
		kinds[i] = events.ParseKind(name)
	}
	return kinds
}

// kindNames are the kinds that --events can ask for.
func kindNames() []string {
	var names []string
	for _, k := range events.TraceableKinds() {
		names = append(names, k.String())
	}
	return names
}
