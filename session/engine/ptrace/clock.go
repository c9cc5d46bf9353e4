//go:build linux && amd64

package ptrace

import (
	"time"

	"gtrace/session/engine/ptrace/proc"
)

// A clock keeps the target's time: it accounts to each goroutine how long it
// stood still for the tracer.
//
// A thread is held from its stop until it is resumed. Besides, the kernel takes
// time to put a resumed thread on a CPU and to wake the tracer at its next stop;
// on an idle machine that is many times what the target itself does between two
// hits. Where the thread has run without a pause, its CPU time says how long it
// was under way, and all else was waiting. Where it has paused (it slept, was
// preempted, or the goroutine has changed threads) the pause belongs to the
// target, and only the shortest delay ever seen is taken off. That a signal has
// stopped it on the way is no pause: the runtime sends one to a goroutine that was
// held for long. So a duration may
// come out too long by some microseconds, but never too short.
type clock struct {
	threads map[*proc.Thread]lastSeen
	delay   time.Duration // the shortest way from resuming a thread to its next hit
	trap    time.Duration // the least CPU time from hit to hit: the kernel's own
}

// lastSeen is a thread's state when it was last held.
type lastSeen struct {
	goroutine int64
	cpu       proc.CPUTime
	known     bool
}

// What the first hits are charged, before shorter ways were seen.
const (
	typicalDelay = 3 * time.Microsecond
	typicalTrap  = 2 * time.Microsecond
)

func newClock() clock {
	return clock{threads: map[*proc.Thread]lastSeen{}, delay: typicalDelay, trap: typicalTrap}
}

// arrive accounts for the way to a stop.
func (k *clock) arrive(e *Engine, c *hitContext) {
	now := lastSeen{goroutine: c.key}
	now.cpu, now.known = c.thread.CPUTime()
	before := k.threads[c.thread]
	if len(k.threads) > 4*e.p.Threads()+16 {
		clear(k.threads) // most are of threads that have ended
	}
	k.threads[c.thread] = now
	if c.thread.Released.IsZero() {
		return
	}
	way := c.at.Sub(c.thread.Released)
	k.delay = min(k.delay, way)
	lost := k.delay
	if now.known && before.known && before.goroutine == c.key && now.cpu.Slices-before.cpu.Slices == 1+c.thread.Detours {
		ran := now.cpu.Ran - before.cpu.Ran
		k.trap = min(k.trap, ran)
		lost = max(lost, way-(ran-k.trap))
	}
	e.account(c, lost)
}

// release lets the thread of a stop run and accounts for the time it was held.
func (e *Engine) release(c *hitContext) error {
	if c.g.id != 0 {
		// A goroutine runs: the program has set up its signal handlers.
		if err := e.p.Secure(c.thread); err != nil {
			return err
		}
	}
	if err := e.arm(); err != nil {
		return err
	}
	err := e.p.Resume()
	e.account(c, max(c.thread.Released.Sub(c.at), 0))
	return err
}

// serves returns the key of the goroutine that a thread serves: also on its system
// stack, where the runtime works for the one it has left.
func (e *Engine) serves(c *hitContext) int64 {
	if c.g.id == 0 && c.g.m != 0 {
		if addr, err := e.word(c.g.m + uint64(e.layout.Curg)); err == nil {
			if g, ok := e.readG(addr); ok && g.id != 0 {
				return g.key(c.thread)
			}
		}
	}
	return c.g.key(c.thread)
}

// account adds to the time for which the goroutine of a stop stood still.
func (e *Engine) account(c *hitContext, held time.Duration) {
	e.held += held
	if g := e.goroutines[c.key]; g != nil {
		g.held += held
	}
}

// Held returns how long threads were held at hits so far, in total.
func (e *Engine) Held() time.Duration { return e.held }
