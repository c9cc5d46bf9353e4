package session

import (
	"fmt"
	"slices"

	"gtrace/session/engine"
)

// Follow says which calls are traced for what they are part of rather than for
// their own name. Its zero value is none.
type Follow struct {
	// Depth is how many levels of what a traced function calls are traced too,
	// whatever they are. 0: none.
	Depth int
	// From are patterns: nothing is traced but inside calls of what they choose,
	// and those calls themselves.
	From []string
	// Go tells whether goroutines that are started inside belong to it.
	Go bool
}

// A scope decides which calls belong to the trace when that depends on the calls
// around them. A nil scope takes all.
//
// A call has a level: 0 for one that was asked for by name, else one more than
// the traced call around it. Levels of calls inside --from are counted from that.
type scope struct {
	depth int
	named map[*engine.Function]bool // asked for by name
	from  map[*engine.Function]bool // nil: everywhere
	// started counts, by go statement, the goroutines of the trace that have not
	// shown themselves yet, and the level of their functions.
	started map[engine.GoStatement][]int
	// callers are those of a function that is followed.
	callers map[*engine.Function][]*engine.Function
}

// admits reports whether a call of fn that begins in r, or has begun there as its
// innermost, belongs to the trace, and at which level.
func (s *scope) admits(fn *engine.Function, r *routine) (level int, ok bool) {
	around := s.around(fn, r)
	switch {
	case s == nil || s.from[fn]:
		return 0, true
	case around != nil:
		level = around.level + 1
	case r.base >= 0:
		level = r.base
	case s.from != nil:
		return 0, false
	case s.named[fn]:
		return 0, true
	default:
		return 0, false
	}
	if s.named[fn] && s.from == nil {
		return 0, true
	}
	if s.named[fn] && s.depth == 0 {
		return level, true
	}
	return level, level <= s.depth
}

// around returns the traced call that a call of fn is part of, or nil. While a
// panic passes, deferred calls run on top of the calls that it takes away, and
// are part of the one that has deferred them.
func (s *scope) around(fn *engine.Function, r *routine) *call {
	top := r.top()
	if s == nil || top == nil || r.raiseOver(top.frame) == nil {
		return top
	}
	for i := range slices.Backward(r.calls) {
		if slices.Contains(s.callers[fn], r.calls[i].fn) {
			return &r.calls[i]
		}
	}
	return top
}

// adopt returns the level of the outermost call of a goroutine that a go
// statement has started, or -1 if it was none of the trace's.
func (s *scope) adopt(by engine.GoStatement) int {
	if s == nil {
		return -1
	}
	levels := s.started[by]
	if len(levels) == 0 {
		return -1
	}
	if len(levels) == 1 {
		delete(s.started, by)
	} else {
		s.started[by] = levels[1:]
	}
	return levels[0]
}

// A follower plants probes in what traced functions call, when they are called
// for the first time: so only what is really reached costs anything.
type follower struct {
	eng     engine.Engine
	callees engine.Follower
	scope   *scope
	gos     bool
	ignored map[*engine.Function]bool
	plant   func(*engine.Function) error
	most    int

	planted map[*engine.Function]bool
	opened  map[*engine.Function]bool // what they call is planted
	warn    func(format string, args ...any)
	noted   bool // warn was told that something is not followed
}

// see plants what is due after a hit in the call c, which may be nil.
func (f *follower) see(h *engine.Hit, c *call) {
	if f == nil || c == nil || c.level >= f.scope.depth {
		return
	}
	switch h.Kind {
	case engine.Entered:
		f.open(c.fn)
	case engine.Branching:
		f.branch(h, c)
	}
}

// open plants what a function calls, once.
func (f *follower) open(fn *engine.Function) {
	if f.opened[fn] {
		return
	}
	f.opened[fn] = true
	for _, callee := range f.callees.Callees(fn) {
		f.add(callee, fn)
	}
	_, err := f.eng.Plant(engine.Probe{What: engine.Branches, Func: fn})
	f.note(err)
}

// branch plants what a call is about to call.
func (f *follower) branch(h *engine.Hit, c *call) {
	if (h.Go != engine.GoStatement{}) {
		if !f.gos {
			return
		}
		f.scope.started[h.Go] = append(f.scope.started[h.Go], c.level+1)
	}
	for _, fn := range h.Targets {
		f.add(fn, c.fn)
	}
}

func (f *follower) add(fn, by *engine.Function) {
	if !slices.Contains(f.scope.callers[fn], by) {
		f.scope.callers[fn] = append(f.scope.callers[fn], by)
	}
	if f.planted[fn] || f.ignored[fn] {
		return
	}
	if len(f.planted) >= f.most {
		f.note(fmt.Errorf("these are %d functions, as many as --max-probes allows", f.most))
		return
	}
	f.planted[fn] = true
	f.note(f.plant(fn))
}

// note tells the first reason for which something is not followed. That the
// target is gone comes from its hits.
func (f *follower) note(err error) {
	if err == nil || f.noted || hopeless(err) {
		return
	}
	f.noted = true
	if f.warn != nil {
		f.warn("not everything that is called is followed: %v", err)
	}
}

// errNoFollow is the reason of an engine that cannot tell what is called.
var errNoFollow = fmt.Errorf("--depth: %w", engine.ErrNotSupported)

// selectFrom chooses the functions of --from, and adds them to the selection.
// With a depth and no pattern of their own, they are all that is traced.
func selectFrom(eng engine.Engine, cfg Config, sel *Selection) (*scope, error) {
	follow := cfg.Follow
	if follow.Depth == 0 && len(follow.From) == 0 {
		return nil, nil
	}
	s := &scope{depth: follow.Depth, named: map[*engine.Function]bool{}, started: map[engine.GoStatement][]int{}, callers: map[*engine.Function][]*engine.Function{}}
	if len(follow.From) == 0 {
		for _, fn := range sel.Functions {
			s.named[fn] = true
		}
		return s, nil
	}
	from, err := Select(eng.Functions(), eng.Target().Module, follow.From, cfg.Ignore)
	if err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	s.from = map[*engine.Function]bool{}
	for _, fn := range from.Functions {
		s.from[fn] = true
	}
	if follow.Depth > 0 && len(cfg.Trace) == 0 {
		*sel = from
		return s, nil
	}
	for _, fn := range sel.Functions {
		s.named[fn] = true
	}
	for _, fn := range from.Functions {
		if !slices.Contains(sel.Functions, fn) {
			sel.Functions = append(sel.Functions, fn)
			sel.named[fn] = true // whatever lines it has
		}
	}
	return s, nil
}

// newFollower returns what follows the calls of a trace, or nil.
func newFollower(eng engine.Engine, cfg Config, s *scope, sel Selection, plant func(*engine.Function) error) (*follower, error) {
	if s == nil || s.depth == 0 {
		return nil, nil
	}
	callees, ok := eng.(engine.Follower)
	if !ok {
		return nil, errNoFollow
	}
	f := &follower{
		eng: eng, callees: callees, scope: s, gos: cfg.Follow.Go, plant: plant, most: maxProbes(cfg), warn: cfg.Warn,
		ignored: map[*engine.Function]bool{}, planted: map[*engine.Function]bool{}, opened: map[*engine.Function]bool{},
	}
	for _, fn := range sel.Functions {
		f.planted[fn] = true
	}
	for _, pattern := range cfg.Ignore {
		// That it matches nothing was noted when the functions were selected.
		ignored, _ := Select(eng.Functions(), eng.Target().Module, []string{pattern}, nil)
		for _, fn := range ignored.Functions {
			f.ignored[fn] = true
		}
	}
	return f, nil
}
