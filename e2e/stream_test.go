package e2e

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// readStream reads a stream of JSON lines.
func readStream(r io.Reader) ([]events.Event, error) {
	var stream []events.Event
	for e, err := range events.ReadJSON(r) {
		if err != nil {
			return stream, err
		}
		stream = append(stream, e)
	}
	return stream, nil
}

// validate checks a stream of JSON lines against the rules of every stream.
// Without kinds the stream was asked for all of them.
func validate(r io.Reader, kinds ...events.Kind) error {
	return eventstest.Validate(events.ReadJSON(r), kinds...)
}

// compact renders a stream in the form that doc.go describes.
func compact(stream []events.Event, at bool) string {
	var head, tail strings.Builder
	lines := map[int64]*strings.Builder{}
	opened := map[int64][]string{}
	for _, e := range stream {
		switch e.Kind {
		case events.Start:
			fmt.Fprintf(&head, "start %s\n", strings.Join(e.Start.Patterns, " "))
			for _, note := range e.Start.Notes {
				fmt.Fprintf(&head, "note %s\n", note)
			}
		case events.Exec:
			fmt.Fprintf(&head, "exec %s %s\n", filepath.Base(e.Exec.Program), strings.Join(e.Exec.Patterns, " "))
			for _, note := range e.Exec.Notes {
				fmt.Fprintf(&head, "note %s\n", note)
			}
			for _, o := range e.Exec.Open {
				fmt.Fprintf(lines[o.Goroutine], "exec ends %s\n", o.Func)
			}
		case events.Lost:
			fmt.Fprintf(&head, "lost %d %s\n", e.Lost.Count, e.Lost.Why)
		case events.End:
			fmt.Fprintf(&tail, "end %s\n", ending(e.End))
			for _, o := range e.End.Open {
				opened[o.Goroutine] = append(opened[o.Goroutine], o.Func+flagged(o.Partial, " partial"))
			}
		default:
			if lines[e.Goroutine] == nil {
				lines[e.Goroutine] = new(strings.Builder)
			}
			fmt.Fprintf(lines[e.Goroutine], "%s%s\n", strings.Repeat("  ", e.Depth), happening(e, at))
		}
	}
	for g, calls := range opened {
		if lines[g] == nil {
			lines[g] = new(strings.Builder)
		}
		fmt.Fprintf(lines[g], "open %s\n", strings.Join(calls, " "))
	}
	return head.String() + goroutines(lines) + tail.String()
}

// address matches what differs from run to run.
var address = regexp.MustCompile(`0x[0-9a-f]{6,}`)

// goroutines joins the lines of each goroutine, renumbered: the main one first,
// the others ordered by what they did.
func goroutines(lines map[int64]*strings.Builder) string {
	type block struct {
		rank int64 // 0: none was running, 1: the main goroutine, 2: another
		text string
	}
	var blocks []block
	for g, b := range lines {
		blocks = append(blocks, block{rank: min(g, 2), text: address.ReplaceAllString(b.String(), "0xADDR")})
	}
	slices.SortFunc(blocks, func(a, b block) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.text, b.text))
	})
	var out strings.Builder
	number := 0
	for _, b := range blocks {
		if b.rank > 0 {
			number++
		}
		for line := range strings.Lines(b.text) {
			fmt.Fprintf(&out, "g%d %s", number, line)
		}
	}
	return out.String()
}

// happening renders an event within a goroutine.
func happening(e events.Event, at bool) string {
	var text string
	switch e.Kind {
	case events.Call:
		text = e.Func + "(" + named(e.Args) + ")"
		if e.Caller != nil {
			text += " from " + whereabouts(*e.Caller, at)
		}
	case events.Return:
		text = e.Func + results(e.Results) + flagged(e.Unwound, " unwound") + flagged(e.Recovered, " recovered")
		if e.Error != "" {
			text += "; error: " + e.Error
		}
	case events.Exception:
		text = e.Func + " " + exception(e.Exception, at)
	case events.Line:
		text = fmt.Sprintf("%d: %s", e.Line, strings.TrimSpace(e.Source))
	default:
		text = e.Func
	}
	text = strings.TrimSpace(text)
	for _, c := range e.Changes {
		text += flagged(c.Modified, "  ~") + flagged(!c.Modified, "  +") + c.Name + "=" + c.Value.Value + flagged(c.Old != "", " was "+c.Old)
	}
	text += flagged(e.Partial, " partial")
	if at {
		text += " at " + file(events.Frame{File: e.File, Line: e.Line})
	}
	for i, f := range e.Stack {
		text += flagged(i == 0, " stack:") + " " + f.Func
	}
	return strings.ReplaceAll(strings.TrimSpace(e.Kind.String()+" "+text), "\n", `\n`)
}

func exception(e *events.ExceptionInfo, at bool) string {
	if e == nil {
		return "without exception"
	}
	text := string(e.Class)
	if e.Type != "" {
		text += " " + e.Type
	}
	if e.Value != "" {
		text += ": " + e.Value
	}
	if e.Origin != nil {
		text += ", from " + whereabouts(*e.Origin, at)
	}
	return text + flagged(e.Recovered, " recovered")
}

func whereabouts(f events.Frame, at bool) string { return f.Func + flagged(at, " "+file(f)) }

func file(f events.Frame) string { return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line) }

func named(values []events.Value) string {
	var out []string
	for _, v := range values {
		out = append(out, v.Name+"="+v.Value)
	}
	return strings.Join(out, ", ")
}

func results(values []events.Value) string {
	var out []string
	for _, v := range values {
		out = append(out, v.Value)
	}
	return flagged(len(out) > 0, " = ") + strings.Join(out, ", ")
}

func ending(e *events.EndInfo) string {
	text := string(e.Reason)
	if e.Status != nil {
		text += fmt.Sprintf(" %d", *e.Status)
	}
	if e.Signal != "" {
		text += " " + e.Signal
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// flagged returns s if on.
func flagged(on bool, s string) string {
	if on {
		return s
	}
	return ""
}
