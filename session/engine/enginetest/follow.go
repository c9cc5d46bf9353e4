package enginetest

import (
	"slices"
	"testing"

	"gtrace/session/engine"
)

// follow plants what is called when it is about to be called, and checks that
// each call is seen, and what is told of where it is made from.
func (s suite) follow(t *testing.T) {
	eng := s.start(t, "follow")
	f := follower{t: t, eng: eng, seen: map[*engine.Function]bool{}}
	var ok bool
	if f.callees, ok = eng.(engine.Follower); !ok {
		t.Skip("it is no follower")
	}
	root := function(t, eng, "main.follow")
	f.add(root)
	var inside, outside []engine.Hit // of the goroutine of root, and of others
	frames := map[string]engine.FrameID{}
	var started engine.GoStatement
	for h, err := range eng.Hits(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		check(t, &h)
		f.see(&h)
		if h.Go != (engine.GoStatement{}) {
			started = h.Go
		}
		if h.Kind == engine.Entered {
			frames[h.Func.Name] = h.Frame
		}
		if len(inside) > 0 && h.Kind != engine.Ended && h.Goroutine != inside[0].Goroutine {
			outside = append(outside, h)
			continue
		}
		inside = append(inside, h)
		if parent := parentOf(&h); h.Func != nil && h.Func != root && parent != frames["main.follow"] {
			t.Errorf("%s is made from frame %d, main.follow is %d", told([]engine.Hit{h}), parent, frames["main.follow"])
		}
	}
	const run = "main.shape.run"
	equal(t, calls(inside),
		"enter main.follow", "enter main.one", "return main.one", "enter "+run, "return "+run,
		"enter main.follow.func1", "return main.follow.func1", "enter main.explode", "enter "+run, "return "+run,
		"enter main.rescue", "return main.rescue", "return main.follow", "end")
	equal(t, calls(outside), "enter main.wait", "enter "+run, "return "+run, "return main.wait")
	for _, h := range outside {
		switch parent := parentOf(&h); {
		case h.Func.Name == "main.wait" && h.Kind == engine.Entered && (parent != 0 || h.Started != started):
			t.Errorf("the goroutine's function is made from %d, and by %v rather than %v", parent, h.Started, started)
		case h.Func.Name == run && parent != frames["main.wait"]:
			t.Errorf("%s is made from frame %d, main.wait is %d", told([]engine.Hit{h}), parent, frames["main.wait"])
		}
	}
}

// calls leaves out what only tells what is about to be called, which is not the
// same for every compiler.
func calls(hits []engine.Hit) []engine.Hit {
	return slices.DeleteFunc(slices.Clone(hits), func(h engine.Hit) bool { return h.Kind == engine.Branching })
}

// parentOf returns the frame that the call which a hit tells of is made from.
func parentOf(h *engine.Hit) engine.FrameID {
	if h.Kind == engine.Branching {
		return h.Frame
	}
	return h.Parent
}

// A follower plants probes in all that is called.
type follower struct {
	t       *testing.T
	eng     engine.Engine
	callees engine.Follower
	seen    map[*engine.Function]bool
}

func (f *follower) see(h *engine.Hit) {
	switch h.Kind {
	case engine.Entered:
		if slices.Contains([]string{"main.follow", "main.wait"}, h.Func.Name) {
			f.open(h.Func)
		}
	case engine.Branching:
		f.add(h.Target)
	}
}

func (f *follower) add(fn *engine.Function) {
	switch {
	case f.seen[fn]:
	case f.callees.Through(fn):
		f.open(fn)
	default:
		f.seen[fn] = true
		f.plant(engine.Probe{What: engine.Calls, Func: fn, Capture: engine.Capture{Parent: true}})
	}
}

func (f *follower) open(fn *engine.Function) {
	if f.seen[fn] && f.callees.Through(fn) {
		return
	}
	f.seen[fn] = true
	f.plant(engine.Probe{What: engine.Branches, Func: fn})
	for _, callee := range f.callees.Callees(fn) {
		f.add(callee)
	}
}

func (f *follower) plant(p engine.Probe) {
	if _, err := f.eng.Plant(p); err != nil {
		f.t.Fatal(err)
	}
}
