package main

import (
	"fmt"
	"io"

	"gtrace/cmd/gtrace/output"
	"gtrace/events"
	"gtrace/summary"
)

// newSink makes what turns events into what the flags ask for.
func (o *destination) newSink(f *traceFlags, env []string) (events.Sink, error) {
	sink, err := o.countingSink(f, env)
	if err == nil && f.output.normal {
		sink = events.Normalize(sink)
	}
	if format := f.output.format; err == nil && format != "text" && format != "json" {
		sink = o.withSource(sink) // before the directories are gone
	}
	return sink, err
}

// countingSink makes what writes events, or their summary, or both.
func (o *destination) countingSink(f *traceFlags, env []string) (events.Sink, error) {
	w := o.all(f)
	sink, err := o.splittingSink(f, env, w)
	if err != nil || !f.summary.on() {
		return sink, err
	}
	by, err := summary.ParseColumn(f.summary.sort)
	if err != nil {
		return nil, usage(err)
	}
	width, err := f.output.columnsOf(o.file)
	if err != nil {
		return nil, usage(err)
	}
	return summary.New(w, sink, summary.Options{
		Sort:       by,
		Events:     f.summary.also,
		JSON:       f.output.format == "json",
		Color:      f.output.colored(o.file, env),
		Prefix:     f.output.prefix,
		Names:      o.names,
		Width:      width,
		Histograms: o.histograms,
	}), nil
}

// all returns where what is about all goroutines is written to.
func (o *destination) all(f *traceFlags) io.Writer {
	if f.output.splits() {
		return output.NewFrameWriter(o.spool, 0)
	}
	return o.spool
}

// splittingSink makes what writes events to one file, or to one for each
// goroutine.
func (o *destination) splittingSink(f *traceFlags, env []string, all io.Writer) (events.Sink, error) {
	sink, err := o.eventSink(f, env, all, f.quiet)
	if err != nil || !f.output.splits() {
		return sink, err
	}
	return output.NewSplitSink(sink, func(id int64, start *events.Event) (events.Sink, error) {
		sink, err := o.eventSink(f, env, output.NewFrameWriter(o.spool, id), true)
		if err == nil && start != nil && f.output.format != "json" {
			err = sink.Write(*start) // prints nothing: times count from there
		}
		return sink, err
	}), nil
}

// withSource adds the text of lines to what sink gets.
func (o *destination) withSource(sink events.Sink) events.Sink {
	if o.sources == nil {
		return events.WithSource(sink, o.source)
	}
	return &processSink{open: func(pid int) (events.Sink, error) {
		return events.WithSource(sink, o.sources[pid]), nil
	}, shared: sink}
}

// eventSink makes what writes events one by one.
func (o *destination) eventSink(f *traceFlags, env []string, w io.Writer, quiet bool) (events.Sink, error) {
	if f.output.format == "json" {
		return events.JSON(w), nil
	}
	if o.sources == nil {
		return o.textSink(f, env, w, quiet, f.output.prefix)
	}
	return &processSink{open: func(pid int) (events.Sink, error) {
		prefix := f.output.prefix
		if !f.output.tellsProcess() {
			prefix += fmt.Sprintf("[pid %d] ", pid)
		}
		return o.textSink(f, env, w, quiet, prefix)
	}}, nil
}

// textSink makes what writes events in a form for people.
func (o *destination) textSink(f *traceFlags, env []string, w io.Writer, quiet bool, prefix string) (events.Sink, error) {
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
	width, err := f.output.columnsOf(o.file)
	if err != nil {
		return nil, usage(err)
	}
	opts := events.TextOptions{
		Color:   f.output.colored(o.file, env),
		Time:    mode,
		Prefix:  prefix,
		Quiet:   quiet,
		Value:   f.valueWidth(),
		Width:   width,
		Names:   o.names,
		Kinds:   f.eventKinds(),
		Columns: columns,
	}
	switch {
	case template != nil:
		return template.Line(w, opts), nil
	case f.output.format == "snoop":
		return events.Snoop(w, opts), nil
	}
	return events.Text(w, opts), nil
}
