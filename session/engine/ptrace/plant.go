//go:build linux && amd64

package ptrace

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/ptrace/proc"
)

var errNoFunction = errors.New("no function given")

// Plant installs a probe.
func (e *Engine) Plant(pr engine.Probe) (engine.ProbeID, error) {
	if e.closed {
		return 0, engine.ErrClosed
	}
	if pr.Func != nil && pr.Func.Barred != "" {
		return 0, fmt.Errorf("probe %s: %w: it runs %s", pr.Func.Name, engine.ErrBarred, pr.Func.Barred)
	}
	p := &probe{id: e.lastID + 1, probe: pr}
	var err error
	switch pr.What {
	case engine.Calls, engine.Entries, engine.Returns:
		err = e.plantCalls(p)
	case engine.Panics:
		err = e.plantPanics(p)
	case engine.Lines:
		err = e.plantLines(p)
	case engine.Branches:
		err = e.plantBranches(p)
	case engine.Writes:
		err = e.plantWrites(p)
	default:
		err = engine.ErrNotSupported
	}
	if err != nil {
		e.lift(p)
		e.dropWatch(p)
		switch {
		case pr.Func != nil:
			return 0, fmt.Errorf("probe %s: %w", pr.Func.Name, err)
		case pr.What == engine.Writes:
			return 0, fmt.Errorf("watch memory: %w", err)
		}
		return 0, fmt.Errorf("probe panics: %w", err)
	}
	e.lastID = p.id
	e.probes[p.id] = p
	return p.id, nil
}

// Unplant removes a probe.
func (e *Engine) Unplant(id engine.ProbeID) error {
	if e.closed {
		return engine.ErrClosed
	}
	p := e.probes[id]
	if p == nil {
		return fmt.Errorf("remove probe %d: there is none", id)
	}
	delete(e.probes, id)
	if p.probe.What == engine.Calls || p.probe.What == engine.Returns {
		e.forgetCalls(p.probe.Func)
	}
	e.dropWatch(p)
	return e.lift(p)
}

// forgetCalls drops what is remembered of the open calls of a function whose
// ends will not be seen.
func (e *Engine) forgetCalls(f *engine.Function) {
	for key, g := range e.goroutines {
		g.calls = slices.DeleteFunc(g.calls, func(c openCall) bool { return c.fn == f })
		if len(g.calls) == 0 {
			delete(e.goroutines, key)
		}
	}
}

func (e *Engine) plantCalls(p *probe) error {
	f := p.probe.Func
	if f == nil {
		return errNoFunction
	}
	if !f.Visible() {
		return fmt.Errorf("every call of it was inlined: %w", engine.ErrNotSupported)
	}
	e.overStd = p.probe.Capture.Parent && !p.probe.Capture.Std
	f.NoReturn = true // until one is found
	return e.plantBodies(p, e.plantCallsIn)
}

// plantBodies plants a probe in each body of its function. Those in hosts are
// probes of their own, which share its identity: what they find is elsewhere.
func (e *Engine) plantBodies(p *probe, plant func(*probe, *engine.Function) error) error {
	f := p.probe.Func
	if f == nil {
		return errNoFunction
	}
	for body := range e.im.Bodies(f) {
		in := p
		if body != f {
			in = &probe{id: p.id, probe: p.probe, host: body}
			p.hosts = append(p.hosts, in)
		}
		if err := plant(in, body); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) plantCallsIn(p *probe, body *engine.Function) error {
	f := p.probe.Func
	s, err := e.site(body)
	if err != nil {
		return err
	}
	p.sig = e.im.Marked(s.sig, f, p.probe.Capture.Limits.Hide)
	if p.probe.If != "" && p.probe.What != engine.Returns {
		p.loops = s.Loops
		if p.condition, err = e.im.Condition(p.probe.If, f, p.sig); err != nil {
			return err
		}
	}
	f.NoReturn = f.NoReturn && len(s.Rets) == 0
	if p.probe.What != engine.Entries {
		for _, ret := range s.Rets {
			if _, err := e.plantAt(p, ret, retRole); err != nil {
				return err
			}
		}
	}
	if p.probe.What != engine.Returns {
		_, err = e.plantAt(p, s.Entry, entryRole)
	}
	return err
}

// A site is what must be known of a function to plant probes in it.
type site struct {
	program.Places
	sig *program.Signature
}

// site works out where the calls of f are seen, once: a probe may be removed and
// planted many times. Those of a host are calls of what it hosts.
func (e *Engine) site(f *engine.Function) (*site, error) {
	if s := e.sites[f]; s != nil {
		return s, nil
	}
	sig, err := e.im.Signature(f)
	if err != nil {
		return nil, err
	}
	pl, err := e.im.Places(f)
	if err != nil {
		return nil, err
	}
	s := &site{pl, sig}
	e.sites[f] = s
	return s, nil
}

// Parameters returns the names of the arguments and results of a function. See
// [engine.Describer].
func (e *Engine) Parameters(f *engine.Function) (args, results []string, err error) {
	for body := range e.im.Bodies(f) {
		s, err := e.site(body)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range s.sig.Args {
			args = append(args, p.Name)
		}
		for _, p := range s.sig.Results {
			results = append(results, p.Name)
		}
	}
	return args, results, nil
}

// A role is what a probe does at a place. One place may have several: a function
// may consist of nothing but its RET, and the ones through which panics go may
// be traced themselves.
type role uint8

const (
	entryRole role = iota
	retRole
	hookRole
	lineRole
	branchRole
	roles
)

// plantAt prepares a breakpoint at an instruction, which may have one already.
func (e *Engine) plantAt(p *probe, in program.Insn, r role) (*place, error) {
	at := e.places[in.Addr]
	if at == nil {
		at = &place{insn: in}
		e.places[in.Addr] = at
		e.prepared = append(e.prepared, in.Addr)
		e.target.Probes++
	}
	if at.probes[r] != nil {
		return nil, fmt.Errorf("there is a probe already")
	}
	at.probes[r] = p
	p.planted = append(p.planted, in.Addr)
	return at, nil
}

// plantAll makes what was planted take effect.
func (e *Engine) plantAll() error {
	if err := e.write(); err != nil {
		return err
	}
	return e.arm()
}

// write puts the prepared breakpoints into the target's text. All the work that
// takes long was done before, so that this takes microseconds a function: until
// it is over, a thread that runs into one waits. Entries come last, since a call
// that is seen must have an end that is seen.
func (e *Engine) write() error {
	if len(e.prepared) == 0 {
		return nil
	}
	attached := e.greeted != nil
	if attached {
		if err := e.p.Secure(nil); err != nil {
			return err
		}
	}
	var list []proc.Break
	for _, entries := range []bool{false, true} {
		for _, addr := range e.prepared {
			at := e.places[addr]
			if at == nil || at.written || (at.probes[entryRole] != nil) != entries {
				continue
			}
			at.written = true
			list = append(list, proc.Break{Addr: addr, Original: at.insn.First, Insn: effectOf(at.insn)})
		}
	}
	switch err := e.p.Plant(list...); {
	case errors.Is(err, proc.ErrForeignBreakpoint):
		return fmt.Errorf("%w: %w", engine.ErrPatched, err)
	case err != nil && len(list) > 0 && e.gone(list[0].Addr):
		return nil // its end is reported next
	case err != nil:
		return err
	}
	e.prepared = e.prepared[:0]
	if attached && e.oldest == 0 {
		// Whatever was born until now may run a call whose entry was not seen.
		e.oldest = e.newestGoroutine()
	}
	return nil
}

// gone reports whether the target has no memory at the address of a probe any
// more: it is about to end.
func (e *Engine) gone(addr uint64) bool {
	_, err := e.word(addr)
	return err != nil
}

// lift removes what was planted for a probe.
func (e *Engine) lift(p *probe) error {
	var first error
	for _, addr := range p.planted {
		at := e.places[addr]
		if at == nil || at.drop(p) {
			continue
		}
		delete(e.places, addr)
		e.target.Probes--
		if !at.written {
			continue
		}
		if err := e.p.Unplant(addr); err != nil && first == nil && !e.gone(addr) {
			first = err
		}
	}
	p.planted = nil
	for _, in := range p.hosts {
		if err := e.lift(in); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// drop takes a probe's roles away and reports whether others are left.
func (at *place) drop(p *probe) (left bool) {
	for r := range at.probes {
		if at.probes[r] == p {
			at.probes[r] = nil
		}
		left = left || at.probes[r] != nil
	}
	return left
}

// effectOf tells ptrace what an instruction does, so that threads pass its
// breakpoint without lifting it.
func effectOf(in program.Insn) proc.Insn {
	i := proc.Insn{Length: in.Length}
	target, direct := in.Target()
	switch {
	case in.IsPushBP():
		i.Effect = proc.PushBP
	case in.IsRet():
		i.Effect = proc.Ret
	case in.Op == x86asm.CALL && direct:
		i.Effect, i.Target = proc.Call, target
	case in.Op == x86asm.JMP && direct:
		i.Effect, i.Target = proc.Jump, target
	case in.Op == x86asm.NOP:
		i.Effect = proc.Nop
	case in.Op == x86asm.CALL:
		if jump := in.AsJump(); jump != nil {
			i.Effect, i.Code = proc.Indirect, jump
		}
	case in.IsConditional():
		i.Effect, i.Target, i.Condition = proc.Branch, target, in.Condition()
	case in.Moves:
		i.Effect, i.Code, i.Relative = proc.Copied, in.Code, in.Relative
	}
	return i
}
