package session

import (
	"errors"
	"fmt"

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
	// Std tells whether functions of the standard library belong to it, other than
	// those asked for by name.
	Std bool
	// Go tells whether goroutines that are started inside belong to it.
	Go bool
}

// any reports whether anything is asked for.
func (f Follow) any() bool { return f.Depth > 0 || len(f.From) > 0 }

// A scope decides which calls belong to the trace when that depends on the calls
// around them. A nil scope takes all.
//
// A call has a level: 0 for one of a function that was asked for by name, else one
// more than the traced call that it is made from. What is made from a call that is
// not traced does not belong to the trace, whatever is around that: so which calls
// belong does not depend on what happens to be planted.
type scope struct {
	depth int
	named map[*engine.Function]bool // asked for by name
	from  map[*engine.Function]bool // nil: everywhere
	// started holds, by go statement, the levels of the functions of goroutines that
	// have not shown themselves yet, oldest first.
	started map[engine.GoStatement][]int
}

// admits reports whether a call of fn that is innermost in r, once it is there,
// belongs to the trace, and at which level. It is made from the frame parent.
func (s *scope) admits(fn *engine.Function, r *routine, parent engine.FrameID) (level int, ok bool) {
	inside := len(r.calls) > 0 || r.base >= 0
	switch {
	case s == nil || s.from[fn] || s.named[fn] && (s.from == nil || inside):
		return 0, true
	case parent == 0 && len(r.calls) == 0 && r.base >= 0:
		level = r.base
	case parent == 0 || r.at(parent) == nil:
		return 0, false
	default:
		level = r.at(parent).level + 1
	}
	return level, level <= s.depth
}

// expect takes note that a go statement starts a goroutine whose function has a
// level. It reports false when too many of them have never shown themselves.
func (s *scope) expect(by engine.GoStatement, level int) bool {
	if len(s.started) >= maxStarted && s.started[by] == nil || len(s.started[by]) >= maxStarted {
		return false
	}
	s.started[by] = append(s.started[by], level)
	return true
}

// maxStarted bounds the goroutines that are waited for: one that runs nothing
// which is traced, as its function was inlined, never comes.
const maxStarted = 1 << 12

// awaited returns the level of the function of a goroutine that a go statement has
// started, or -1 if it does not belong to the trace.
func (s *scope) awaited(by engine.GoStatement) int {
	if s == nil || len(s.started[by]) == 0 {
		return -1
	}
	return s.started[by][0]
}

// adopt does that, and waits for that goroutine no more.
func (s *scope) adopt(by engine.GoStatement) int {
	level := s.awaited(by)
	switch {
	case level < 0:
	case len(s.started[by]) == 1:
		delete(s.started, by)
	default:
		s.started[by] = s.started[by][1:]
	}
	return level
}

// A follower plants probes in what traced functions call, when they are called
// for the first time: so only what is really reached costs anything.
type follower struct {
	eng     engine.Engine
	callees engine.Follower
	scope   *scope
	gos     bool
	std     bool
	ignored map[*engine.Function]bool
	plant   func(*engine.Function) error
	most    int

	planted map[*engine.Function]state
	count   int                       // of those that are followed
	opened  map[*engine.Function]bool // what they call is planted
	warn    func(format string, args ...any)
	noted   bool // warn was told that something is not followed
}

// A state is whether calls of a function are observed.
type state uint8

const (
	unknown state = iota // nobody has called it
	followed
	refused // and told why
)

// see plants what is due after a hit that was part of a call with that level; a
// hit outside of the trace has -1.
func (f *follower) see(h *engine.Hit, level int) {
	if f == nil || level < 0 || level >= f.scope.depth {
		return
	}
	switch h.Kind {
	case engine.Entered:
		f.open(h.Func)
	case engine.Branching:
		f.branch(h, level)
	}
}

// openAll plants what functions call that may be running already, so that nobody
// will see them begin. It leaves half of the probes there may be to what will be
// reached: where they call more than that, they are followed from their next call
// on.
func (f *follower) openAll(fns []*engine.Function) {
	more := map[*engine.Function]bool{}
	for _, fn := range fns {
		for _, callee := range f.callees.Callees(fn) {
			if f.planted[callee] == unknown && !f.ignored[callee] {
				more[callee] = true
			}
		}
	}
	if f.count+len(more) > f.most/2 {
		return
	}
	for _, fn := range fns {
		f.open(fn)
	}
}

// open plants what a function calls, once.
func (f *follower) open(fn *engine.Function) {
	if f.opened[fn] {
		return
	}
	f.opened[fn] = true
	for _, callee := range f.callees.Callees(fn) {
		f.add(callee)
	}
	_, err := f.eng.Plant(engine.Probe{What: engine.Branches, Func: fn})
	f.note(err)
}

// branch plants what a call is about to call.
func (f *follower) branch(h *engine.Hit, level int) {
	goes := h.Go != engine.GoStatement{}
	if goes && !f.gos {
		return
	}
	if f.add(h.Target) && goes && !f.scope.expect(h.Go, level+1) {
		f.note(fmt.Errorf("%d goroutines were started that have called nothing", maxStarted))
	}
}

// add plants a function, unless that was done, or what it calls. It reports
// whether it is followed.
func (f *follower) add(fn *engine.Function) bool {
	switch {
	case f.ignored[fn], !f.std && !f.scope.named[fn] && f.callees.Standard(fn) && !f.callees.Through(fn):
		return false
	case f.callees.Through(fn):
		f.open(fn)
		return true
	case f.planted[fn] != unknown:
		return f.planted[fn] == followed
	}
	f.planted[fn] = refused
	if f.count >= f.most {
		f.note(fmt.Errorf("these are %d functions, as many as --max-probes allows", f.most))
		return false
	}
	if err := f.plant(fn); err != nil {
		f.note(err)
		return false
	}
	f.planted[fn] = followed
	f.count++
	return true
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
	if !follow.any() {
		return nil, nil
	}
	if sel.named == nil { // no function of this program is chosen
		sel.named = map[*engine.Function]bool{}
	}
	s := &scope{depth: follow.Depth, named: map[*engine.Function]bool{}, started: map[engine.GoStatement][]int{}}
	if len(follow.From) > 0 {
		if len(cfg.StartAt)+len(cfg.StopAt) > 0 {
			return nil, errors.New("--from does not go with --start-at and --stop-at, whose calls may be outside of it")
		}
		from, err := Select(eng.Functions(), eng.Target().Module, follow.From, cfg.Ignore)
		if _, none := errors.AsType[*NoMatchError](err); none && cfg.FollowExec {
			from, err = Selection{Notes: []string{"--from: " + err.Error()}}, nil // a program to come may have it
		}
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
		sel.Functions = union(sel.Functions, from.Functions)
		sel.Notes = union(sel.Notes, from.Notes)
		for _, fn := range from.Functions {
			sel.named[fn] = true // whatever lines it has
		}
	}
	for _, fn := range sel.Functions {
		s.named[fn] = true
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
		eng: eng, callees: callees, scope: s, gos: cfg.Follow.Go, std: cfg.Follow.Std, plant: plant, most: maxProbes(cfg), warn: cfg.Warn,
		ignored: map[*engine.Function]bool{}, planted: map[*engine.Function]state{}, opened: map[*engine.Function]bool{},
	}
	for _, fn := range sel.Functions {
		f.planted[fn] = followed
	}
	f.count = len(f.planted)
	for _, pattern := range cfg.Ignore {
		// That it matches nothing was noted when the functions were selected.
		ignored, _ := Select(eng.Functions(), eng.Target().Module, []string{pattern}, nil)
		for _, fn := range ignored.Functions {
			f.ignored[fn] = true
		}
	}
	if !eng.Target().Launched {
		f.openAll(sel.Functions)
	}
	return f, nil
}
