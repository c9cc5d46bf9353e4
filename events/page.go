package events

import (
	"strings"
	"time"
)

// A page lays the rows of text output out: a time, the goroutine, then the
// tree of that goroutine's calls. A call opens a bracket in its column, what
// happens inside stands one column deeper, and its return closes the bracket;
// a call with nothing inside is one row with a bullet.
type page struct {
	rows
	opts     TextOptions
	brackets bool // calls and returns are both in the stream

	clock  clock
	base   time.Time // of the stream
	last   time.Time // of the row before
	digits [32]byte

	goroutines int  // columns of the goroutine column
	most       int  // bytes of one value in the row at hand; 0: unlimited
	tight      bool // places are left out of rows that they would make too wide
}

func newPage(opts TextOptions) page {
	return page{rows: rows{color: opts.Color}, opts: opts, most: opts.Value}
}

// cutting prints rows that are cut where they are wider than the output.
func (p *page) cutting(print func()) {
	if p.opts.Width != nil {
		p.width = max(p.opts.Width(), 0)
	}
	print()
	p.width = 0
}

// lessValue is how much of one value there is in a row that would be too wide
// otherwise, until it fits; from the first of the last ones on without its place.
var lessValue = [...]int{80, 48, 32, 24, 16, 10, 16, 10, 6, 3, 1}

const lessPlaces = 6

// besideError is how much of one value there is in a row that is too wide in any
// case, as what went wrong is never cut.
const besideError = 24

// fit prints the rows of an event: with less of each value when they would be
// too wide, so that what stands behind them can be seen, and then without places.
func (p *page) fit(failed bool, print func()) {
	p.cutting(func() {
		at, base, last := len(p.b), p.base, p.last
		again := func(most int) {
			p.b, p.base, p.last = p.b[:at], base, last
			p.begin, p.cols, p.cuts, p.most = at, 0, 0, most
			print()
		}
		p.cuts = 0
		print()
		for i := 0; p.cuts > 0 && i < len(lessValue); i++ {
			if failed && i == lessPlaces { // it is as long as it is, then
				p.width = 0
				again(besideError)
				break
			}
			if p.tight = i >= lessPlaces; p.opts.Value == 0 || p.opts.Value > lessValue[i] {
				again(lessValue[i])
			}
		}
		p.most, p.tight = p.opts.Value, false
	})
}

const (
	openMark   = "╭ "
	guideMark  = "│ "
	closeMark  = "╰ "
	singleMark = "• "
	failMark   = "✗ "
	rescueMark = "↺ "

	// maxGuides is the depth from which it is printed as a number.
	maxGuides = 24

	// placeColumn is where places end at most, however wide the output is:
	// they should stay near the text they belong to.
	placeColumn = 140
)

var guides = strings.Repeat(guideMark, maxGuides)

// event prints an event that stands for itself.
func (p *page) event(e *Event) {
	p.fit(e.Error != "" || e.Exception != nil, func() { p.alone(e) })
}

func (p *page) alone(e *Event) {
	switch e.Kind {
	case Call:
		p.call(e)
	case Return:
		p.ret(nil, nil, e)
	case Exception:
		p.exception(e)
	case Line:
		p.line(e)
	case Write:
		p.write(e)
	}
}

// folded prints what was held together with the return it led to.
func (p *page) folded(h *held, ret *Event) {
	var call, exception *Event
	if h.hasCall {
		call = &h.call
	}
	if h.hasException {
		exception = &h.exception
	}
	p.fit(ret.Error != "" || exception != nil, func() { p.ret(call, exception, ret) })
}

// margin begins a row: everything left of the tree.
func (p *page) margin(e *Event) {
	p.text(p.opts.Prefix)
	if p.opts.Columns == nil {
		p.time(e.Time)
		p.goroutine(e)
		return
	}
	for i := range p.opts.Columns.parts {
		p.part(&p.opts.Columns.parts[i], e)
	}
}

// goroutine prints the column of goroutines.
func (p *page) goroutine(e *Event) {
	begin := p.cols
	st := goroutineStyle(e.Goroutine)
	p.on(st)
	p.text("g")
	p.int(e.Goroutine)
	p.off(st)
	p.goroutines = max(p.goroutines, p.cols-begin, len("g12"))
	p.pad(begin + p.goroutines + 2)
}

// time prints the column of times.
func (p *page) time(t time.Time) {
	if p.opts.Time == TimeNone {
		return
	}
	b := p.moment(t)
	width := len("15:04:05.000000")
	if p.opts.Time != TimeWall {
		width = len("+12.345678")
	}
	p.pad(p.cols + width - len(b))
	p.on(dimStyle)
	p.ascii(b)
	p.off(dimStyle)
	p.text("  ")
}

// stamp prints a time without a column.
func (p *page) stamp(t time.Time) {
	if p.opts.Time != TimeNone {
		p.ascii(p.moment(t))
	}
}

// moment returns the text of a time; none for the zero time. It is good until
// the next call.
func (p *page) moment(t time.Time) []byte {
	if p.base.IsZero() {
		p.base = t
	}
	if p.last.IsZero() {
		p.last = p.base
	}
	if t.IsZero() {
		return nil
	}
	b := p.digits[:0]
	switch p.opts.Time {
	case TimeRelative:
		b = appendSeconds(b, t.Sub(p.base), false)
	case TimeDelta:
		b = appendSeconds(b, t.Sub(p.last), true)
	default:
		t := t.Local()
		b = append(b, p.clock.second(t, "15:04:05.")...)
		b = appendPadded(b, int64(t.Nanosecond()/1000), 6)
	}
	p.last = t
	return b
}

// tree draws the brackets that are open around depth, then mark.
func (p *page) tree(e *Event, depth int, mark string, st style) {
	guide := goroutineStyle(e.Goroutine)
	p.on(guide)
	n := min(max(depth, 0), maxGuides)
	p.text(guides[:n*len(guideMark)])
	if depth > n {
		p.text("+")
		p.int(int64(depth - n))
		p.text(" ")
	}
	if st == plainStyle {
		p.text(mark)
	}
	p.off(guide)
	if st != plainStyle {
		p.span(st, mark)
	}
}

// finishRow adds the place to which the row leads, at the right where the
// width of the output is known, and ends it.
func (p *page) finishRow(file string, line int) {
	if size := len("  ") + len(file) - strings.LastIndexByte(file, '/') + len("1234"); file != "" && !(p.tight && p.cols+size > p.width) {
		if p.width > 0 {
			p.pad(min(p.width, placeColumn) - size)
		}
		p.text("  ")
		p.on(dimStyle)
		p.place(file, line)
		p.off(dimStyle)
	}
	p.end()
}

func (p *page) call(e *Event) {
	p.margin(e)
	mark := openMark
	if !p.brackets {
		mark = singleMark
	}
	p.tree(e, e.Depth, mark, plainStyle)
	p.signature(e)
	p.callSite(e)
	p.watch(e)
	p.stack(e)
}

func (p *page) callSite(e *Event) {
	if e.Caller == nil {
		p.end()
		return
	}
	p.finishRow(e.Caller.File, e.Caller.Line)
}

// ret prints a return, and in the same row its call and an exception right
// before it, where they are not nil.
func (p *page) ret(call, exception, e *Event) {
	first := e
	mark := closeMark
	if !p.brackets {
		mark = singleMark
	}
	if call != nil {
		first, mark = call, singleMark
		if p.opts.Columns != nil {
			first = folded(call, exception, e)
		}
	}
	p.margin(first)
	p.tree(e, e.Depth, mark, plainStyle)
	if call != nil {
		p.signature(call)
	} else {
		p.function(e.Func, plainStyle)
	}
	if exception != nil && exception.Exception == nil {
		exception = nil
	}
	p.outcome(exception, e)
	if e.HasDuration {
		p.text("  ")
		p.duration(e.Duration, heat(e.Duration))
	}
	if e.Partial {
		p.span(dimStyle, "  running since before the trace")
	}
	p.changes(e)
	if call != nil {
		p.callSite(call)
		p.watch(call)
		p.stack(call)
	} else {
		p.end()
	}
	if exception != nil && (call == nil || call.Stack == nil) {
		p.stack(exception) // else it is the call's but for the first line
	}
	p.locals(e)
	p.watch(e)
	p.stack(e)
}

// folded is what is told of a call in one row.
func folded(call, exception, ret *Event) *Event {
	e := *call
	e.Results, e.Error = ret.Results, ret.Error
	e.Duration, e.HasDuration = ret.Duration, ret.HasDuration
	e.Unwound, e.Partial, e.Recovered = ret.Unwound, ret.Partial, ret.Recovered
	e.HTTPStatus = ret.HTTPStatus
	if exception != nil {
		e.Exception = exception.Exception
	}
	return &e
}

// heat is the style of a duration.
func heat(d time.Duration) style {
	switch {
	case d < time.Millisecond:
		return dimStyle
	case d < 10*time.Millisecond:
		return plainStyle
	case d < 100*time.Millisecond:
		return yellowStyle
	}
	return hotStyle
}
