package events

import (
	"io"
	"strconv"
	"time"
)

// jsonSchema is the version of the JSON schema. Within a version fields and
// kinds are only ever added.
const jsonSchema = 1

// SummaryKind is the kind of a record that stands among those of a stream, right
// before its end, and is no event: what one function did in all of it. [ReadJSON]
// leaves it out.
const SummaryKind = "summary"

// JSON returns a Sink that writes each event as one line of JSON, in one call
// of w.Write. [ReadJSON] reads them back. Bytes that are not UTF-8 become
// U+FFFD. Close does not close w.
func JSON(w io.Writer) Sink { return &jsonSink{out: lineWriter{w: w}} }

type jsonSink struct {
	out lineWriter
	buf []byte
	now clock
}

func (s *jsonSink) Write(e Event) error {
	b := append(reuse(s.buf), `{"kind":"`...)
	b = append(b, e.Kind.String()...)
	b = append(b, '"')
	if e.PID != 0 && e.Kind != Start && e.Kind != Exec { // these tell it in another place
		b = appendJSONInt(b, `,"pid":`, int64(e.PID))
	}
	switch e.Kind {
	case Start:
		b = s.appendStart(b, &e)
	case Exec:
		b = s.appendExec(b, &e)
	case Lost:
		b = s.appendLost(b, &e)
	case Left, End:
		b = s.appendEnd(b, &e)
	default:
		b = s.appendEvent(b, &e)
	}
	s.buf = append(b, "}\n"...)
	return s.out.write(s.buf)
}

func (s *jsonSink) Close() error { return s.out.err }

func (s *jsonSink) appendStart(b []byte, e *Event) []byte {
	var info StartInfo
	if e.Start != nil {
		info = *e.Start
	}
	b = appendJSONInt(b, `,"schema":`, jsonSchema)
	b = appendJSONString(b, `,"gtrace":`, info.Version)
	b = appendJSONString(b, `,"engine":`, info.Engine)
	return s.appendProgram(b, e.Time, &info)
}

func (s *jsonSink) appendExec(b []byte, e *Event) []byte {
	var info ExecInfo
	if e.Exec != nil {
		info = *e.Exec
	}
	b = s.appendProgram(b, e.Time, &info.StartInfo)
	return appendJSONOpen(b, info.Open)
}

// appendProgram writes what is said of a program whose trace begins.
func (s *jsonSink) appendProgram(b []byte, t time.Time, info *StartInfo) []byte {
	b = appendJSONInt(b, `,"pid":`, int64(info.PID))
	b = appendJSONString(b, `,"program":`, info.Program)
	b = appendJSONString(b, `,"go":`, info.GoVersion)
	b = s.appendTime(b, t)
	b = appendJSONStrings(b, `,"patterns":`, info.Patterns)
	b = appendJSONInt(b, `,"functions":`, int64(info.Functions))
	b = appendJSONInt(b, `,"probes":`, int64(info.Probes))
	b = appendJSONInt(b, `,"stopped_ns":`, int64(info.Stopped))
	return appendJSONStrings(b, `,"notes":`, info.Notes)
}

func (s *jsonSink) appendLost(b []byte, e *Event) []byte {
	var info LostInfo
	if e.Lost != nil {
		info = *e.Lost
	}
	b = s.appendTime(b, e.Time)
	b = appendJSONUint(b, `,"count":`, info.Count)
	b = appendJSONString(b, `,"why":`, info.Why)
	b = appendJSONOptional(b, `,"func":`, info.Func)
	if info.Unseen != 0 {
		b = appendJSONInt(b, `,"unseen_ns":`, int64(info.Unseen))
	}
	return b
}

func (s *jsonSink) appendEnd(b []byte, e *Event) []byte {
	var info EndInfo
	if e.End != nil {
		info = *e.End
	}
	b = s.appendTime(b, e.Time)
	b = appendJSONString(b, `,"reason":`, string(info.Reason))
	if info.Status != nil {
		b = appendJSONInt(b, `,"exit_status":`, int64(*info.Status))
	}
	b = appendJSONOptional(b, `,"signal":`, info.Signal)
	b = appendJSONOptional(b, `,"message":`, info.Message)
	b = appendJSONUint(b, `,"events":`, info.Events)
	b = appendJSONUint(b, `,"lost":`, info.Lost)
	if info.Held != 0 {
		b = appendJSONInt(b, `,"held_ns":`, int64(info.Held))
	}
	if info.Overhead != 0 {
		b = strconv.AppendFloat(append(b, `,"overhead":`...), info.Overhead, 'g', -1, 64)
	}
	if len(info.Thinned) > 0 {
		b = append(b, `,"thinned":[`...)
		for i, t := range info.Thinned {
			b = appendJSONString(appendJSONComma(b, i), `{"func":`, t.Func)
			b = appendJSONInt(b, `,"unseen_ns":`, int64(t.Unseen))
			b = appendJSONInt(b, `,"times":`, int64(t.Times))
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	return appendJSONOpen(b, info.Open)
}

func appendJSONOpen(b []byte, open []OpenCall) []byte {
	if len(open) == 0 {
		return b
	}
	b = append(b, `,"open":[`...)
	for i, c := range open {
		b = appendJSONComma(b, i)
		b = appendJSONUint(b, `{"call":`, uint64(c.Call))
		b = appendJSONInt(b, `,"goroutine":`, c.Goroutine)
		b = appendJSONString(b, `,"func":`, c.Func)
		b = appendJSONTrue(b, `,"partial":true`, c.Partial)
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendEvent writes what is not about the stream itself. Every field is
// written whatever the kind, so that nothing an event carries gets lost.
func (s *jsonSink) appendEvent(b []byte, e *Event) []byte {
	b = appendJSONUint(b, `,"seq":`, e.Seq)
	b = s.appendTime(b, e.Time)
	b = appendJSONInt(b, `,"goroutine":`, e.Goroutine)
	b = appendJSONInt(b, `,"thread":`, int64(e.Thread))
	if e.Depth != 0 || e.Kind.Traceable() {
		b = appendJSONInt(b, `,"depth":`, int64(e.Depth))
	}
	if e.Call != NoCall {
		b = appendJSONUint(b, `,"call":`, uint64(e.Call))
	}
	if e.Parent != NoCall {
		b = appendJSONUint(b, `,"parent":`, uint64(e.Parent))
	}
	b = appendJSONOptional(b, `,"func":`, e.Func)
	b = appendJSONOptional(b, `,"file":`, e.File)
	if e.Line != 0 {
		b = appendJSONInt(b, `,"line":`, int64(e.Line))
	}
	b = appendJSONLabels(b, e.Labels)
	b = appendJSONFrame(b, `,"caller":`, e.Caller)
	b = appendJSONValues(b, `,"args":`, e.Args)
	if x := e.Exception; x != nil {
		b = appendJSONException(b, x)
	}
	if e.HasDuration {
		b = appendJSONInt(b, `,"duration_ns":`, int64(e.Duration))
	}
	b = appendJSONOptional(b, `,"error":`, e.Error)
	b = appendJSONTrue(b, `,"unwound":true`, e.Unwound)
	b = appendJSONTrue(b, `,"partial":true`, e.Partial)
	b = appendJSONTrue(b, `,"recovered":true`, e.Recovered)
	if e.HTTPStatus != 0 {
		b = appendJSONInt(b, `,"http_status":`, int64(e.HTTPStatus))
	}
	b = appendJSONValues(b, `,"results":`, e.Results)
	b = appendJSONOptional(b, `,"source":`, e.Source)
	b = appendJSONChanges(b, e.Changes)
	b = appendJSONValues(b, `,"locals":`, e.Locals)
	b = appendJSONWatch(b, e.Watch)
	return appendJSONStack(b, e.Stack)
}

// appendTime writes t in UTC with all nine digits of the second, so that times
// line up and sort as text.
func (s *jsonSink) appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	b = append(b, `,"time":"`...)
	b = append(b, s.now.second(t.UTC(), "2006-01-02T15:04:05.")...)
	b = appendPadded(b, int64(t.Nanosecond()), 9)
	return append(b, 'Z', '"')
}
