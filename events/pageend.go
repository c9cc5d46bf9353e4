package events

import "strconv"

// maxNamed bounds the calls, and the functions, that the end of a stream names.
const maxNamed = 16

func (p *page) finish(e *Event) {
	if p.opts.Quiet || e.End == nil {
		return
	}
	x := e.End
	p.text(p.opts.Prefix)
	p.span(boldStyle, "■ ")
	p.on(boldStyle)
	p.reason(x)
	p.off(boldStyle)
	p.on(dimStyle)
	p.count("  ", x.Events, "event")
	p.off(dimStyle)
	if x.Lost > 0 {
		p.text(", ")
		p.on(alarmStyle)
		p.int(int64(x.Lost))
		p.text(" lost")
		p.off(alarmStyle)
	}
	if x.Held > 0 {
		p.on(dimStyle)
		p.text(", threads held ")
		p.duration(x.Held, plainStyle)
		p.share(x.Overhead)
		p.off(dimStyle)
	}
	p.end()
	p.thinned(x.Thinned)
	p.open("still open", x.Open)
}

// share adds a share of time in per cent.
func (p *page) share(x float64) {
	if x > 0 {
		p.text(" (")
		p.ascii(strconv.AppendFloat(p.digits[:0], 100*x, 'f', percentDigits(100*x), 64))
		p.text("%)")
	}
}

// percentDigits returns how many digits behind the point a percentage gets.
func percentDigits(x float64) int {
	switch {
	case x < 1:
		return 2
	case x < 10:
		return 1
	}
	return 0
}

// thinned lists the functions that were not observed all the time.
func (p *page) thinned(list []Thinned) {
	for i, t := range list {
		p.text(p.opts.Prefix)
		if i == maxNamed && len(list) > maxNamed+1 {
			p.span(dimStyle, "  … ")
			p.count("", uint64(len(list)-maxNamed), "more throttled function")
			p.end()
			return
		}
		p.span(dimStyle, "  throttled  ")
		p.function(t.Func, boldStyle)
		p.span(dimStyle, "  not seen for ")
		p.duration(t.Unseen, plainStyle)
		p.on(dimStyle)
		p.count(" in ", uint64(max(t.Times, 0)), "gap")
		p.off(dimStyle)
		p.end()
	}
}

// open names the calls that were open at the end of tracing or of a program.
func (p *page) open(what string, list []OpenCall) {
	for i, c := range list {
		p.text(p.opts.Prefix)
		if i == maxNamed && len(list) > maxNamed+1 {
			p.span(dimStyle, "  … ")
			p.count("", uint64(len(list)-maxNamed), "more open call")
			p.end()
			return
		}
		p.span(dimStyle, "  "+what+"  ")
		st := goroutineStyle(c.Goroutine)
		p.on(st)
		p.text("g")
		p.int(c.Goroutine)
		p.off(st)
		p.text("  ")
		p.function(c.Func, boldStyle)
		if c.Partial {
			p.span(dimStyle, "  since before the trace")
		}
		p.end()
	}
}

func (p *page) reason(x *EndInfo) {
	switch x.Reason {
	case ReasonExited:
		p.text("exited")
		if x.Status != nil {
			p.text(" with status ")
			p.int(int64(*x.Status))
		}
	case ReasonSignaled:
		p.note("killed by ", x.Signal)
	case ReasonExec:
		p.text("became another program")
	case ReasonInterrupted:
		p.text("interrupted")
		p.note(" by ", x.Signal)
	case ReasonLimit:
		p.text("limit reached")
	case ReasonDuration:
		p.text("time is up")
	case ReasonStopAt:
		p.text("stop function called")
	case ReasonOutput:
		p.text("output failed")
	case ReasonError:
		p.text("tracing failed")
	default:
		p.text(string(x.Reason))
	}
	p.note(": ", x.Message)
}
