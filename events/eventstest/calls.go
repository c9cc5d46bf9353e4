package eventstest

import (
	"errors"
	"fmt"
	"slices"

	"gtrace/events"
)

// A call is what is known of an id.
type call struct {
	id        events.CallID
	goroutine int64
	name      string // "" while it is known as a parent only
	depth     int
	parent    events.CallID

	announced bool // by a call event; others must turn out to be partial
	partial   bool // an event said so
	ended     bool
	raised    bool // a panic, or its like, was reported in it
	rescued   bool // it recovered one
}

// A goroutine is what is known of one: under the calls on its stack lie those
// that were running before the trace, as many as base.
type goroutine struct {
	stack   []*call // open and begun in the trace, outermost first
	seen    bool    // base is known
	base    int
	partial events.CallID // innermost of those under the stack, where known
	pending *events.Event // an error exception, whose return must be next
}

// see learns from the first event of a goroutine how many calls were running
// in it before: as many as lie around that event, minus those announced.
func (g *goroutine) see(around int) {
	if !g.seen {
		g.seen, g.base = true, around
	}
}

// open returns the number of open calls.
func (g *goroutine) open() int { return g.base + len(g.stack) }

// top returns the id of the innermost open call: NoCall when there is none or
// it is not known.
func (g *goroutine) top() events.CallID {
	if n := len(g.stack); n > 0 {
		return g.stack[n-1].id
	}
	return g.partial
}

func (v *Validator) checkCall(g *goroutine, e *events.Event) error {
	switch {
	case e.Call == events.NoCall:
		return errors.New("a call without an id")
	case e.Func == "":
		return errors.New("a call of no function")
	case e.Partial:
		return errors.New("a call that began before the trace is not announced")
	case v.calls[e.Call] != nil:
		return fmt.Errorf("call #%d was known before", e.Call)
	}
	g.see(e.Depth)
	if err := v.checkPlace(g, e, g.open()); err != nil {
		return err
	}
	c := &call{id: e.Call, goroutine: e.Goroutine, name: e.Func, depth: e.Depth, parent: e.Parent, announced: true}
	v.calls[e.Call] = c
	g.stack = append(g.stack, c)
	return nil
}

// checkPlace checks depth and parent of a call around which the given number
// of calls is open: those of g, or one less when the call itself is.
func (v *Validator) checkPlace(g *goroutine, e *events.Event, around int) error {
	if v.Filtered || !v.nested() {
		return nil
	}
	if e.Depth != around {
		return fmt.Errorf("depth %d inside %d open calls", e.Depth, around)
	}
	if around == 0 {
		if e.Parent != events.NoCall {
			return fmt.Errorf("parent #%d, but no call is open around this one", e.Parent)
		}
		return nil
	}
	if around == g.open() && g.top() != events.NoCall {
		if e.Parent != g.top() {
			return fmt.Errorf("parent #%d, but the innermost open call is #%d", e.Parent, g.top())
		}
		return nil
	}
	return v.checkPartialParent(g, e)
}

// checkPartialParent checks a parent that was never announced: it must turn
// out to be partial, before the stream is over.
func (v *Validator) checkPartialParent(g *goroutine, e *events.Event) error {
	if e.Parent == events.NoCall {
		return fmt.Errorf("no parent at depth %d", e.Depth)
	}
	p := v.calls[e.Parent]
	switch {
	case p == nil:
		p = &call{id: e.Parent, goroutine: e.Goroutine}
		v.calls[p.id] = p
	case p.announced, p.ended, p.goroutine != e.Goroutine:
		return fmt.Errorf("parent #%d is not an open call around this one", e.Parent)
	}
	if len(g.stack) == 0 && e.Kind == events.Call {
		g.partial = p.id
	}
	return nil
}

// openCall returns the open call to which e belongs and checks what e says of
// it.
func (v *Validator) openCall(g *goroutine, e *events.Event) (*call, error) {
	c := v.calls[e.Call]
	if c != nil && c.ended {
		return nil, fmt.Errorf("call #%d has ended before", c.id)
	}
	if c != nil && c.goroutine != e.Goroutine {
		return nil, fmt.Errorf("call #%d is of goroutine %d", c.id, c.goroutine)
	}
	if c != nil && c.name != "" {
		switch {
		case c.name != e.Func:
			return nil, fmt.Errorf("call #%d is of %s", c.id, c.name)
		case c.depth != e.Depth:
			return nil, fmt.Errorf("depth %d, but call #%d has depth %d", e.Depth, c.id, c.depth)
		case c.parent != e.Parent:
			return nil, fmt.Errorf("parent #%d, but call #%d has parent #%d", e.Parent, c.id, c.parent)
		case e.Partial != c.partial:
			return nil, fmt.Errorf("call #%d is partial in one event and not in another", c.id)
		}
		return c, nil
	}
	if e.Func == "" {
		return nil, errors.New("an event of a call without a function")
	}
	if !e.Partial && v.has(events.Call) {
		return nil, fmt.Errorf("call #%d was not announced and is not partial", e.Call)
	}
	return v.partialCall(g, e, c)
}

// partialCall takes in the first event of a call that was not announced; c is
// what is known of it, or nil. It was running before the goroutine's first
// event, unless events were lost: then its begin may be among them.
func (v *Validator) partialCall(g *goroutine, e *events.Event, c *call) (*call, error) {
	late := false
	if v.nested() && !v.Filtered {
		g.see(e.Depth + 1)
		late = e.Depth >= g.base
		switch {
		case late && !v.gaps:
			return nil, fmt.Errorf("depth %d of a partial call, when %d were running before, and nothing was lost", e.Depth, g.base)
		case late && e.Depth != g.open():
			return nil, fmt.Errorf("depth %d inside %d open calls", e.Depth, g.open())
		case e.Depth == g.base-1 && g.partial != events.NoCall && g.partial != e.Call:
			return nil, fmt.Errorf("the innermost partial call is #%d", g.partial)
		case e.Depth == g.base-1:
			g.partial = e.Call
		}
		if err := v.checkPlace(g, e, e.Depth); err != nil {
			return nil, err
		}
	}
	if c == nil {
		c = &call{id: e.Call, goroutine: e.Goroutine}
		v.calls[c.id] = c
	}
	c.name, c.depth, c.parent, c.partial = e.Func, e.Depth, e.Parent, e.Partial
	if late {
		g.stack = append(g.stack, c)
	}
	return c, nil
}

// leave takes c, which has ended, from the calls of g. Calls nest, so it must
// be the innermost.
func (v *Validator) leave(g *goroutine, c *call) error {
	c.ended = true
	if !v.nested() {
		return nil
	}
	if n := len(g.stack); n > 0 {
		if g.stack[n-1] != c {
			return fmt.Errorf("call #%d ends inside call #%d", c.id, g.stack[n-1].id)
		}
		g.stack = g.stack[:n-1]
		return nil
	}
	if !v.Filtered && c.depth != g.base-1 {
		return fmt.Errorf("partial call #%d ends at depth %d, but %d are open", c.id, c.depth, g.base)
	}
	g.base--
	g.partial = c.parent
	return nil
}

// checkOpen checks the calls that the end lists as open: all that are, and no
// other.
func (v *Validator) checkOpen(open []events.OpenCall) error {
	if !v.nested() {
		return nil
	}
	listed := make(map[events.CallID]bool)
	last := make(map[int64]int)
	for _, o := range open {
		c := v.calls[o.Call]
		switch {
		case o.Call == events.NoCall || listed[o.Call]:
			return fmt.Errorf("open call #%d has no id, or is listed twice", o.Call)
		case c == nil && !o.Partial:
			return fmt.Errorf("open call #%d was not announced and is not partial", o.Call)
		case c != nil && c.ended:
			return fmt.Errorf("open call #%d has ended", o.Call)
		case c != nil && c.announced == o.Partial:
			return fmt.Errorf("open call #%d is partial in one place and not in another", o.Call)
		case c != nil && c.goroutine != o.Goroutine:
			return fmt.Errorf("open call #%d is of goroutine %d", o.Call, c.goroutine)
		case c != nil && c.name != "" && c.name != o.Func:
			return fmt.Errorf("open call #%d is of %s", o.Call, c.name)
		}
		listed[o.Call] = true
		at := -1 // under the stack
		if g := v.goroutines[o.Goroutine]; g != nil {
			at = slices.Index(g.stack, c)
		}
		if before, ok := last[o.Goroutine]; ok && at < before {
			return fmt.Errorf("open call #%d is listed after one inside it", o.Call)
		}
		last[o.Goroutine] = at
	}
	for id, c := range v.calls {
		if !c.ended && !listed[id] {
			return fmt.Errorf("call #%d has no end and is not listed as open", id)
		}
	}
	return nil
}
