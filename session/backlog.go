package session

import (
	"slices"
	"time"

	"gtrace/events"
)

// A Backlog keeps the last events in memory, and shows them only when something
// happens. Its zero value shows everything at once.
type Backlog struct {
	Events  int           // that are kept; 0: no backlog
	Trigger events.Filter // a call that it keeps makes them be shown; nil: one that fails
}

// A backlog keeps whole calls, so that what it shows is a stream like others: the
// calls that ended last, as many as have no more events than are to be kept, and
// all that are open. A call of which something was shown is shown to its end.
//
// The trigger is asked about every traced call, also those which filters leave
// out.
type backlog struct {
	keep     int                    // events
	asked    func(events.Kind) bool // whether events of a kind will be shown
	trigger  *sieve                 // what it lets through does not count, only that it does; nil: failures
	failures *failureWatch          // nil: trigger
	status   *statusWatch           // nil: nothing is known of any
	errors   uint64                 // exceptions so far
	fired    bool

	calls   map[events.CallID]*logged // open
	entries []entry                   // in the order of the stream
	ended   []*logged                 // calls with entries, in the order of their ends
	held    size                      // of the entries that have not fallen out
	most    int                       // weight
	out     []events.Event
}

// A logged call is one with entries, or one that is shown.
type logged struct {
	shown  bool // what comes of it is shown at once
	fallen bool // out of the backlog
	size
}

// A size is that of some entries.
type size struct {
	entries int
	asked   int // entries of kinds that were asked for: the others do not count
	weight  int
}

func (s *size) add(o size, sign int) {
	s.entries += sign * o.entries
	s.asked += sign * o.asked
	s.weight += sign * o.weight
}

type entry struct {
	call  *logged
	event events.Event
}

// newBacklog returns nil when everything is shown at once.
func newBacklog(b Backlog, asked func(events.Kind) bool) *backlog {
	if b.Events == 0 {
		return nil
	}
	log := &backlog{
		keep:  b.Events,
		asked: asked,
		calls: make(map[events.CallID]*logged),
		most:  maxWeight,
	}
	if b.Trigger == nil {
		log.failures = newFailureWatch()
	} else {
		log.trigger = newSieve(Config{Filters: []events.Filter{b.Trigger}}, nil)
	}
	return log
}

// fires reports whether what the program has done is what the backlog waits
// for.
func (b *backlog) fires(done []events.Event, now time.Time) bool {
	var fires bool
	if b.failures != nil {
		fires = b.failures.fires(done)
	} else {
		before := b.trigger.chosen
		b.trigger.add(done, now, true)
		fires = b.trigger.chosen > before
	}
	for i := range done {
		if done[i].Kind == events.Exception {
			b.errors++
		}
	}
	b.fired = b.fired || fires
	return fires
}

// silent says, of a trace that has shown nothing though there were errors, why.
func (b *backlog) silent() string {
	if b == nil || b.fired || b.errors == 0 {
		return ""
	}
	seen := plural(int(b.errors), "error or panic was", "errors and panics were")
	if b.trigger != nil {
		return seen + " seen, and none shown: --trigger was true of no call; without it, what fails is shown"
	}
	return seen + " seen, and none shown: the outermost traced calls, which they happened in, have not ended; " +
		`--trigger 'kind == "exception"' shows each at once`
}

// add takes what would be shown without a backlog, and returns what is shown:
// everything when it fires. The slice is valid until the next call.
func (b *backlog) add(list []events.Event, fires bool) []events.Event {
	clear(b.out)
	b.out = b.out[:0]
	for i := range list {
		b.event(&list[i], fires)
	}
	if fires {
		b.show()
	} else {
		b.shorten()
	}
	return b.out
}

func (b *backlog) event(e *events.Event, fires bool) {
	if e.Kind == events.Lost {
		b.out = append(b.out, *e)
		return
	}
	c := b.calls[e.Call]
	if c == nil {
		c = new(logged)
		b.calls[e.Call] = c
	}
	switch {
	case c.fallen:
	case c.shown && !fires:
		b.out = append(b.out, *e)
	default:
		more := size{entries: 1, weight: weigh(e)}
		if b.asked(e.Kind) {
			more.asked = 1
		}
		b.entries = append(b.entries, entry{c, *e})
		b.held.add(more, 1)
		c.add(more, 1)
	}
	if e.Kind == events.Return || e.Call == events.NoCall {
		delete(b.calls, e.Call)
		if c.entries > 0 && !c.fallen {
			b.ended = append(b.ended, c)
		}
	}
}

// shorten lets calls fall out: those that ended first, and when too much memory
// is used, the oldest that are open.
func (b *backlog) shorten() {
	for b.held.asked > b.keep && len(b.ended) > 0 {
		b.fall(b.ended[0])
		b.ended = b.ended[1:]
	}
	if b.held.weight > b.most {
		for i := 0; i < len(b.entries) && b.held.weight > b.most/4*3; i++ {
			b.fall(b.entries[i].call)
		}
	}
	if len(b.entries) > 2*b.held.entries+64 {
		b.entries = slices.DeleteFunc(b.entries, func(e entry) bool { return e.call.fallen })
	}
}

func (b *backlog) fall(c *logged) {
	if !c.fallen {
		c.fallen = true
		b.held.add(c.size, -1)
	}
}

// show empties the backlog.
func (b *backlog) show() {
	for i := range b.entries {
		if e := &b.entries[i]; !e.call.fallen {
			e.call.shown, e.call.size = true, size{}
			b.out = append(b.out, e.event)
		}
	}
	b.entries, b.ended, b.held = nil, nil, size{}
}

// shows reports whether an open call is shown.
func (b *backlog) shows(id events.CallID) bool {
	c := b.calls[id]
	return c != nil && c.shown
}
