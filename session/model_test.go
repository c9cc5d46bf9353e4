package session

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"gtrace/events"
	"gtrace/session/engine"
)

// A model runs a random program in the way Go does, on stacks of simulated
// frames, and keeps two books: the hits that an engine would report, and the
// events that a user should see. It knows the frames themselves, where the
// session has only their numbers.
//
// A stack holds two sorts of frames: those of functions, some of which are
// traced, and those of the runtime that carry out a panic or Goexit and run
// deferred calls on top of everything that is still there.
type model struct {
	t        *rapid.T
	fns      []*engine.Function
	routines []*modelRoutine
	attached bool
	over     bool
	now      time.Time
	lastCall events.CallID
	lastErr  uint64

	lastRoutine int64

	hits []engine.Hit
	log  []events.Event
}

type modelRoutine struct {
	id    int64
	older bool // than the trace
	seen  bool // by a hit
	// strays are pending panics that were raised where no traced call is open.
	strays []*modelFrame
	// guarded says that its bottom recovers all panics, as a server's does.
	guarded bool
	held    time.Duration
	stack   []*modelFrame
}

type modelFrame struct {
	id engine.FrameID

	// Of a function.
	fn        *engine.Function // nil: it is not traced
	call      *modelCall       // nil: it has not been seen
	defers    int              // deferred calls that have not begun
	returning bool
	runBy     *modelFrame // of a deferred call: the panic that runs it, if one does
	owner     *modelFrame // of a deferred call: the frame that deferred it
	err       *modelError // the latest error that a call has returned to it

	// Of a panic or Goexit.
	raise     *engine.Raise
	recovered *modelFrame // the frame whose deferred call recovered it
}

type modelCall struct {
	id        events.CallID
	start     time.Time
	held      time.Duration
	partial   bool
	recovered bool
	told      map[*modelFrame]bool
}

type modelError struct {
	id     engine.ErrorID
	inner  *modelError
	origin *events.Frame
}

func (e *modelError) chain() []*modelError {
	if e == nil {
		return nil
	}
	return append([]*modelError{e}, e.inner.chain()...)
}

func newModel(t *rapid.T) *model {
	// Far off, so that no alarm goes off while the hits are played.
	now := time.Unix(0, 0).UTC().AddDate(200, 0, 0)
	m := &model{t: t, now: now, attached: rapid.Bool().Draw(t, "launched")}
	for i := range 5 {
		m.fns = append(m.fns, &engine.Function{
			Name: fmt.Sprintf("main.f%d", i), Package: "main", File: "main.go", Line: i, Entry: uint64(i + 1),
		})
	}
	m.spawn()
	return m
}

// roll returns a number below n, all with the same chance, which those that
// rapid draws by itself do not have: it prefers small ones. A failing program is
// shrunk towards one that rolls n-1.
func (m *model) roll(n int, what string) int {
	x := rapid.Uint64().Draw(m.t, what)
	x *= 0x9e3779b97f4a7c15
	return n - 1 - int((x>>32)%uint64(n))
}

func (m *model) chance(percent int, what string) bool { return m.roll(100, what) < percent }

// run runs the program for some steps, and lets it end.
func (m *model) run() {
	for range 1 + m.roll(200, "steps") {
		if !m.attached && m.chance(10, "attach") {
			m.attached = true
		}
		if len(m.routines) == 0 || len(m.routines) < 3 && m.chance(5, "spawn") {
			m.spawn()
		}
		i := m.roll(len(m.routines), "routine")
		m.step(m.routines[i])
		if m.over {
			return
		}
	}
	m.exit()
}

func (m *model) spawn() {
	m.lastRoutine++
	g := &modelRoutine{id: m.lastRoutine, older: !m.attached, guarded: m.chance(80, "guarded")}
	g.stack = []*modelFrame{{id: 8}} // its bottom is not traced
	m.routines = append(m.routines, g)
}

func (g *modelRoutine) top() *modelFrame { return g.stack[len(g.stack)-1] }

// next is the number of a frame on top of the others.
func (m *model) next(g *modelRoutine) engine.FrameID {
	return g.top().id + 8*engine.FrameID(1+m.roll(2, "size"))
}

func (m *model) step(g *modelRoutine) {
	f := g.top()
	switch {
	case f.raise != nil:
		m.carryOn(g, f)
	case f.returning:
		m.leave(g, f)
	default:
		m.act(g, f)
	}
}

// act lets a function do something.
func (m *model) act(g *modelRoutine, f *modelFrame) {
	what := m.roll(100, "act")
	deep := len(g.stack) > 14
	rescuer := f.runBy != nil && f.runBy.raise.Class != events.ClassGoexit
	switch {
	case rescuer && f.runBy.recovered == nil && m.chance(20, "recover"):
		f.runBy.recovered = f.owner
	case rescuer && !deep && m.chance(8, "panic again"):
		m.raise(g)
	case what < 30 && !deep:
		m.enter(g, &modelFrame{id: m.next(g)})
	case what < 50:
		f.defers++
	case what < 58 && !deep:
		m.raise(g)
	case what < 60 && !deep:
		m.goexit(g)
	case what < 80 && f.call != nil:
		m.hit(g, engine.Hit{Kind: engine.Entered, Func: f.fn, Frame: f.id}) // restarted
	case f == g.stack[0] && what < 95: // its bottom stays longer
	default:
		m.leave(g, f)
	}
}

// enter calls a function, which is traced or not.
func (m *model) enter(g *modelRoutine, f *modelFrame) {
	if m.chance(65, "traced") {
		f.fn = m.fns[m.roll(len(m.fns), "function")]
		if h := m.hit(g, engine.Hit{Kind: engine.Entered, Func: f.fn, Frame: f.id}); h != nil {
			m.lastCall++
			f.call = &modelCall{id: m.lastCall, start: h.Time, held: h.Held, told: map[*modelFrame]bool{}}
		}
	}
	g.stack = append(g.stack, f)
	m.tell(g, events.Event{Kind: events.Call}, f)
}

// leave runs the next deferred call of a function, or lets it return.
func (m *model) leave(g *modelRoutine, f *modelFrame) {
	f.returning = true
	if f.defers > 0 {
		f.defers--
		m.enter(g, &modelFrame{id: m.next(g), owner: f})
		return
	}
	err := m.result(f)
	if f.fn != nil {
		h := engine.Hit{Kind: engine.Returned, Func: f.fn, Frame: f.id, File: "main.go", Line: f.fn.Line}
		for _, e := range err.chain() {
			h.Errors = append(h.Errors, e.id)
			h.ErrorText = "bad"
		}
		if h := m.hit(g, h); h != nil {
			m.tellReturn(g, f, h, err)
		}
	}
	g.stack = g.stack[:len(g.stack)-1]
	if len(g.stack) == 0 {
		m.remove(g)
	} else if err != nil {
		g.top().err = err
	}
}

// result makes up the error a function returns: none, a new one, that of a
// callee, or one that wraps it.
func (m *model) result(f *modelFrame) *modelError {
	m.lastErr++
	fresh := engine.ErrorID{Type: 1, Data: m.lastErr}
	switch what := m.roll(6, "result"); {
	case what == 0:
		return &modelError{id: fresh}
	case what == 1 && f.err != nil:
		return &modelError{id: fresh, inner: f.err}
	case what <= 3:
		return f.err
	default:
		return nil
	}
}

func (m *model) remove(g *modelRoutine) {
	for i, other := range m.routines {
		if other == g {
			m.routines = append(m.routines[:i:i], m.routines[i+1:]...)
			return
		}
	}
}
