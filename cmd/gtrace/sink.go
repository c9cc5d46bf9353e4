package main

import (
	"gtrace/events"
	"gtrace/summary"
)

// newSink makes what turns events into what the flags ask for.
func (o *output) newSink(f *traceFlags, env []string) (events.Sink, error) {
	sink, err := o.countingSink(f, env)
	if err == nil && f.output.normal {
		sink = events.Normalize(sink)
	}
	return sink, err
}

// countingSink makes what writes events, or their summary, or both.
func (o *output) countingSink(f *traceFlags, env []string) (events.Sink, error) {
	sink, err := o.eventSink(f, env)
	if err != nil || !f.summary.on() {
		return sink, err
	}
	by, err := summary.ParseColumn(f.summary.sort)
	if err != nil {
		return nil, usage(err)
	}
	return summary.New(o.spool, sink, summary.Options{
		Sort:       by,
		Events:     f.summary.also,
		JSON:       f.output.format == "json",
		Color:      f.output.colored(o.file, env),
		Prefix:     f.output.prefix,
		Histograms: o.histograms,
	}), nil
}

// eventSink makes what writes events one by one.
func (o *output) eventSink(f *traceFlags, env []string) (events.Sink, error) {
	if f.output.format == "json" {
		return events.JSON(o.spool), nil
	}
	mode, err := events.ParseTimeMode(f.output.time)
	if err != nil {
		return nil, usage(err)
	}
	if f.output.normal {
		mode = events.TimeNone
	}
	template, columns, err := f.output.layout()
	if err != nil {
		return nil, usage(err)
	}
	opts := events.TextOptions{
		Color:   f.output.colored(o.file, env),
		Time:    mode,
		Prefix:  f.output.prefix,
		Quiet:   f.quiet,
		Value:   f.valueWidth(),
		Kinds:   f.eventKinds(),
		Columns: columns,
	}
	switch {
	case template != nil:
		return template.Line(o.spool, opts), nil
	case f.output.format == "snoop":
		return events.Snoop(o.spool, opts, o.source), nil
	}
	return events.Text(o.spool, opts), nil
}
