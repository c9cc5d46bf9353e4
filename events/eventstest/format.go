package eventstest

import (
	"strconv"
	"time"

	"gtrace/events"
)

// Format returns e in one line of text that [Parse] reads back. It is meant
// for the tables and goldens of tests, to be written by hand as well:
//
//	call seq=1 t=1ms g1 #1 depth=0 main.fib(n:int=2, s:string=`"x"`) @fib.go:9 caller=main.main@fib.go:4
//	exception seq=2 t=2ms g1 #1 depth=0 main.fib @fib.go:11 !error(type=*errors.errorString value="too big" origin=main.fib@fib.go:11)
//	return seq=3 t=3ms g1 #1 depth=0 main.fib -> (:int=0, err:error=E!"too big") @fib.go:11 duration=2ms error="too big"
//	start t=0s gtrace=v1 engine=ptrace pid=7 program=/bin/fib go=go1.26 patterns=(main.fib) functions=1 probes=2
//	exec t=5s pid=7 program=/bin/fib2 go=go1.26 functions=1 probes=2 open=(#4 g1 main.main)
//	write seq=4 t=3ms g1 depth=0 main.fib @fib.go:12 watch=(main.calls:int=2 old=1)
//	lost count=3 why="buffer full"
//	lost why="too many calls" func=main.hot unseen=947ms
//	left pid=7 t=8ms reason=exited status=0 events=3
//	end t=9ms reason=exited status=0 events=3 thinned=(main.hot 2.5s *3) open=(#4 g1 main.main partial)
//
// After the kind, fields stand in any order and may all be left out. A value
// is name:type=value!error. A word that holds blanks or punctuation is quoted
// as in Go. A time is RFC 3339, or a duration since the Unix epoch. Arguments
// and results that were not captured are absent; () are none.
func Format(e events.Event) string {
	b := append(make([]byte, 0, 160), e.Kind.String()...)
	switch e.Kind {
	case events.Start:
		b = formatStart(formatTime(b, e.Time), e.Start)
	case events.Exec:
		b = formatTime(b, e.Time)
		if e.Exec != nil {
			b = formatOpen(formatStart(b, &e.Exec.StartInfo), e.Exec.Open)
		}
	case events.Lost:
		b = formatTime(b, e.Time)
		if e.Lost != nil {
			b = formatUint(b, "count", e.Lost.Count)
			b = formatString(b, "why", e.Lost.Why)
			b = formatString(b, "func", e.Lost.Func)
			b = formatDuration(b, "unseen", e.Lost.Unseen)
			b = formatInt(b, "pid", int64(e.PID))
		}
	case events.Left, events.End:
		b = formatEnd(formatTime(formatInt(b, "pid", int64(e.PID)), e.Time), e.End)
	default:
		b = formatEvent(b, &e)
	}
	return string(b)
}

func formatEvent(b []byte, e *events.Event) []byte {
	b = formatInt(b, "pid", int64(e.PID))
	b = formatUint(b, "seq", e.Seq)
	b = formatTime(b, e.Time)
	if e.Goroutine != 0 {
		b = strconv.AppendInt(append(b, " g"...), e.Goroutine, 10)
	}
	b = formatInt(b, "thread", int64(e.Thread))
	if e.Call != events.NoCall {
		b = strconv.AppendUint(append(b, " #"...), uint64(e.Call), 10)
	}
	b = formatUint(b, "parent", uint64(e.Parent))
	if e.Depth != 0 || e.Kind.Traceable() {
		b = strconv.AppendInt(append(b, " depth="...), int64(e.Depth), 10)
	}
	if e.Func != "" || e.Args != nil {
		b = append(b, ' ')
		if bareFunc(e.Func) {
			b = append(b, e.Func...)
		} else {
			b = quote(b, e.Func)
		}
		b = formatValues(b, e.Args)
	}
	if e.Results != nil {
		b = formatValues(append(b, " -> "...), e.Results)
	}
	if e.File != "" || e.Line != 0 {
		b = formatFrame(append(b, ' '), &events.Frame{File: e.File, Line: e.Line})
	}
	if e.Caller != nil {
		b = formatFrame(append(b, " caller="...), e.Caller)
	}
	if e.Exception != nil {
		b = formatException(b, e.Exception)
	}
	if e.HasDuration {
		b = append(append(b, " duration="...), e.Duration.String()...)
	}
	b = formatString(b, "error", e.Error)
	b = formatFlag(b, "unwound", e.Unwound)
	b = formatFlag(b, "partial", e.Partial)
	b = formatFlag(b, "recovered", e.Recovered)
	b = formatInt(b, "http_status", int64(e.HTTPStatus))
	b = formatString(b, "source", e.Source)
	return formatLists(b, e)
}

// formatLists writes what an event has several of.
func formatLists(b []byte, e *events.Event) []byte {
	b = formatList(b, "changes", len(e.Changes), func(b []byte, i int) []byte {
		mark := byte('+')
		if e.Changes[i].Modified {
			mark = '~'
		}
		b = formatValue(append(b, mark), &e.Changes[i].Value)
		if old := e.Changes[i].Old; old != "" {
			b = formatWord(append(b, " was "...), old, wordStops)
		}
		return b
	})
	b = formatList(b, "locals", len(e.Locals), func(b []byte, i int) []byte { return formatValue(b, &e.Locals[i]) })
	b = formatList(b, "watch", len(e.Watch), func(b []byte, i int) []byte {
		w := e.Watch[i]
		b = formatValue(b, &events.Value{Name: w.Expr, Type: w.Type, Value: w.Value})
		return formatString(b, "old", w.Old)
	})
	return formatList(b, "stack", len(e.Stack), func(b []byte, i int) []byte {
		return formatFrame(b, &e.Stack[i])
	})
}

func formatStart(b []byte, info *events.StartInfo) []byte {
	if info == nil {
		return b
	}
	b = formatString(b, "gtrace", info.Version)
	b = formatString(b, "engine", info.Engine)
	b = formatInt(b, "pid", int64(info.PID))
	b = formatString(b, "program", info.Program)
	b = formatString(b, "go", info.GoVersion)
	b = formatStrings(b, "patterns", info.Patterns)
	b = formatInt(b, "functions", int64(info.Functions))
	b = formatInt(b, "probes", int64(info.Probes))
	b = formatDuration(b, "stopped", info.Stopped)
	return formatStrings(b, "notes", info.Notes)
}

func formatEnd(b []byte, info *events.EndInfo) []byte {
	if info == nil {
		return b
	}
	b = formatString(b, "reason", string(info.Reason))
	if info.Status != nil {
		b = strconv.AppendInt(append(b, " status="...), int64(*info.Status), 10)
	}
	b = formatString(b, "signal", info.Signal)
	b = formatString(b, "message", info.Message)
	b = formatUint(b, "events", info.Events)
	b = formatUint(b, "lost", info.Lost)
	b = formatDuration(b, "held", info.Held)
	if info.Overhead != 0 {
		b = strconv.AppendFloat(append(b, " overhead="...), info.Overhead, 'g', -1, 64)
	}
	b = formatList(b, "thinned", len(info.Thinned), func(b []byte, i int) []byte {
		t := info.Thinned[i]
		b = formatWord(b, t.Func, wordStops)
		b = append(append(b, ' '), t.Unseen.String()...)
		return strconv.AppendInt(append(b, " *"...), int64(t.Times), 10)
	})
	return formatOpen(b, info.Open)
}

func formatOpen(b []byte, open []events.OpenCall) []byte {
	return formatList(b, "open", len(open), func(b []byte, i int) []byte {
		c := open[i]
		b = strconv.AppendUint(append(b, '#'), uint64(c.Call), 10)
		b = strconv.AppendInt(append(b, " g"...), c.Goroutine, 10)
		b = formatWord(append(b, ' '), c.Func, wordStops)
		return formatFlag(b, "partial", c.Partial)
	})
}

func formatException(b []byte, x *events.ExceptionInfo) []byte {
	b = append(b, " !"...)
	if x.Class != "" {
		b = formatWord(b, string(x.Class), wordStops)
	}
	// The group's members come with a blank before each; the first one's
	// becomes the parenthesis.
	at := len(b)
	b = formatString(b, "type", x.Type)
	b = formatString(b, "value", x.Value)
	b = formatFlag(b, "recovered", x.Recovered)
	if x.RecoveredBy != nil {
		b = formatFrame(append(b, " recovered_by="...), x.RecoveredBy)
	}
	if x.Origin != nil {
		b = formatFrame(append(b, " origin="...), x.Origin)
	}
	if len(b) > at {
		b[at] = '('
		b = append(b, ')')
	}
	return b
}

func formatFrame(b []byte, f *events.Frame) []byte {
	if f.Func != "" {
		b = formatWord(b, f.Func, funcStops)
	}
	b = append(b, '@')
	if f.File != "" {
		b = formatWord(b, f.File, fileStops)
	}
	return strconv.AppendInt(append(b, ':'), int64(f.Line), 10)
}

func formatValues(b []byte, list []events.Value) []byte {
	if list == nil {
		return b
	}
	b = append(b, '(')
	for i := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = formatValue(b, &list[i])
	}
	return append(b, ')')
}

func formatValue(b []byte, v *events.Value) []byte {
	if v.Name != "" {
		b = formatWord(b, v.Name, nameStops)
	}
	if v.Type != "" {
		b = formatWord(append(b, ':'), v.Type, nameStops)
	}
	b = formatWord(append(b, '='), v.Value, valueStops)
	if v.Error != "" {
		b = formatWord(append(b, '!'), v.Error, wordStops)
	}
	return b
}

func formatList(b []byte, key string, n int, item func([]byte, int) []byte) []byte {
	if n == 0 {
		return b
	}
	b = append(append(append(b, ' '), key...), "=("...)
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = item(b, i)
	}
	return append(b, ')')
}

func formatStrings(b []byte, key string, list []string) []byte {
	return formatList(b, key, len(list), func(b []byte, i int) []byte {
		return formatWord(b, list[i], wordStops)
	})
}

func formatString(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	b = append(append(append(b, ' '), key...), '=')
	return formatWord(b, s, wordStops)
}

func formatInt(b []byte, key string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(append(append(b, ' '), key...), '='), n, 10)
}

func formatUint(b []byte, key string, n uint64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendUint(append(append(append(b, ' '), key...), '='), n, 10)
}

func formatDuration(b []byte, key string, d time.Duration) []byte {
	if d == 0 {
		return b
	}
	return append(append(append(append(b, ' '), key...), '='), d.String()...)
}

func formatFlag(b []byte, name string, set bool) []byte {
	if !set {
		return b
	}
	return append(append(b, ' '), name...)
}

// testDay is how far from the Unix epoch a time is written as a duration.
const testDay = 24 * time.Hour

func formatTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	b = append(b, " t="...)
	if d := t.Sub(time.Unix(0, 0)); d > -testDay && d < testDay {
		return append(b, d.String()...)
	}
	return t.UTC().AppendFormat(b, time.RFC3339Nano)
}
