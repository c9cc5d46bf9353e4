package main

import (
	"gtrace/events"
	"gtrace/summary"
)

// newSink makes what turns events into what the flags ask for.
func (o *output) newSink(f *traceFlags, env []string) (events.Sink, error) {
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
	return events.Text(o.spool, events.TextOptions{
		Color:  f.output.colored(o.file, env),
		Time:   mode,
		Prefix: f.output.prefix,
		Quiet:  f.quiet,
		Value:  f.valueWidth(),
		Kinds:  f.eventKinds(),
	}), nil
}
