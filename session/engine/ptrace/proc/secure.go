//go:build linux && amd64

package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"gtrace/repair"
)

// UseScratch names text which the target does not execute any more. Code is put
// there, for moments, that makes the target change its own mappings.
func (p *Process) UseScratch(s Scratch) { p.area.scratch = s }

// Secured reports whether the target survives the sudden death of its tracer by
// itself.
func (p *Process) Secured() bool { return p.area.guarded }

// Unsecured returns why Secure has tried in vain to make it, or nil.
func (p *Process) Unsecured() error {
	if p.area.guarded || !p.area.tried {
		return nil
	}
	return p.area.why
}

// Secure makes the target map the area and install the handler, through the
// thread t or, when it is nil, through any that can. It must have set up its
// signal handlers by then. A target that cannot be made to is left as it is:
// Unsecured says why, and its breakpoints are passed in other ways. Only the first
// call that finds a thread does anything.
func (p *Process) Secure(t *Thread) error {
	a := &p.area
	if a.tried || p.ended != nil {
		return nil
	}
	if len(a.scratch.Text) < repair.BorrowSize {
		a.tried, a.why = true, errors.New("it has no code of a start that is over")
		return nil
	}
	if t != nil {
		return p.secureBy(t)
	}
	for !a.tried {
		t, err := p.borrower()
		if err != nil || p.ended != nil {
			return err
		}
		if t == nil {
			a.tried, a.why = true, errors.New("none of its threads can be made to do anything")
			return nil
		}
		if err := p.secureBy(t); err != nil {
			return err
		}
	}
	return nil
}

// secureBy is Secure through one thread, if that can. It may end meanwhile.
func (p *Process) secureBy(t *Thread) error {
	a := &p.area
	if t.within || p.threads[t.ID] != t {
		return nil
	}
	if t.at != nil {
		if err := p.advance(t); err != nil {
			return p.ignoreDeath(t, err)
		}
	}
	var err error
	if a.base == 0 {
		err = p.mapArea(t)
	}
	if err == nil {
		err = p.installHandler(t)
	}
	if refused, ok := errors.AsType[*refusal](err); ok {
		a.why = refused
	} else if err != nil {
		return p.ignoreDeath(t, err)
	}
	a.tried = true
	return p.giveSlots(slices.Collect(maps.Values(p.breaks)))
}

// A refusal is why a target cannot be secured, which is no failure of tracing.
type refusal struct {
	what string
	err  error // may be nil
}

func (r *refusal) Error() string {
	if r.err == nil {
		return r.what
	}
	return r.what + ": " + r.err.Error()
}

func (r *refusal) Unwrap() error { return r.err }

// refused makes the error of a system call of the target a refusal.
func refused(what string, err error) error {
	if call, ok := errors.AsType[callError](err); ok {
		return &refusal{what, call}
	}
	return err
}

// mapArea makes the target map the area, close enough to text for relative
// addresses. Another thread may map something there first: then it is tried
// again elsewhere.
func (p *Process) mapArea(t *Thread) error {
	const what = "it cannot map 2 MB of memory near its code"
	var err error
	for range 3 {
		var addr uint64
		if addr, err = gapNear(p.PID, p.area.scratch.Addr); err != nil {
			return &refusal{what, err}
		}
		var rest uint64
		_, rest, err = p.borrow(t, mappingOf(addr, &p.area.scratch))
		if errors.Is(err, unix.EEXIST) {
			continue
		}
		if err == nil {
			p.area.base = addr
			if err = callErrorOf(rest); err != nil {
				_ = p.unmap(t)
			}
		}
		break
	}
	return refused(what, err)
}

// installHandler makes the area's handler that of SIGTRAP.
func (p *Process) installHandler(t *Thread) error {
	base := p.area.base
	const what = "its handler of SIGTRAP cannot be exchanged"
	// The kernel writes the action there is into the header.
	if _, err := p.call(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), 0, base+areaOld, 8); err != nil {
		return refused(what, err)
	}
	action := make([]byte, actionSize)
	if _, err := p.ReadMemory(action, base+areaOld); err != nil {
		return err
	}
	old := binary.LittleEndian.Uint64(action)
	if old <= 1 { // the default, or ignored: there is nothing to go on with
		return &refusal{what: "it has no handler of SIGTRAP"}
	}
	code := handlerCode(base+handlerAt, base+tableAt, old)
	if _, err := p.WriteMemory(base+handlerAt, code); err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(action, base+handlerAt)
	if _, err := p.WriteMemory(base+areaNew, action); err != nil {
		return err
	}
	if _, err := p.call(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), base+areaNew, 0, 8); err != nil {
		return refused(what, err)
	}
	p.area.guarded = true
	return nil
}

// removeArea makes the target unmap the area. Every thread must be stopped
// outside of it, and no breakpoint may be left in the text.
func (p *Process) removeArea(t *Thread) error {
	if p.area.base == 0 {
		return nil
	}
	if err := p.removeHandler(t); err != nil {
		return err
	}
	if err := p.unmap(t); err != nil {
		return err
	}
	p.area = area{tried: true}
	return nil
}

func (p *Process) unmap(t *Thread) error {
	base := p.area.base
	p.area.base = 0 // the code for it cannot stand there
	if _, err := p.call(t, unix.SYS_MUNMAP, base, areaSize); err != nil {
		p.area.base = base
		return err
	}
	return nil
}

// removeHandler installs the action of SIGTRAP that there was before, unless the
// target has installed another meanwhile. The default one is the kernel's doing,
// see rearm.
func (p *Process) removeHandler(t *Thread) error {
	base := p.area.base
	if old, err := p.word(base + areaOld); err != nil || old == 0 {
		return err
	}
	if _, err := p.call(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), 0, base+areaNow, 8); err != nil {
		return err
	}
	if now, err := p.word(base + areaNow); err != nil || now != base+handlerAt && now != 0 {
		return err
	}
	_, err := p.call(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), base+areaOld, 0, 8)
	return err
}

// How long it is tried to find a thread that can carry out a system call. Each of
// them can but for moments, unless it waits for a child that vfork has made, or
// for a device.
const (
	borrowerPatience = 2 * time.Second
	borrowerPause    = time.Millisecond
)

// borrower returns a stopped thread that can be made to carry out a system call:
// if it can one that runs, or at least one which waits in a call that is taken up
// again without a trace. It is nil when there is none.
func (p *Process) borrower() (*Thread, error) {
	for deadline := time.Now().Add(borrowerPatience); ; time.Sleep(borrowerPause) {
		list := slices.Collect(maps.Values(p.threads))
		slices.SortFunc(list, func(a, b *Thread) int { return p.reluctance(a) - p.reluctance(b) })
		for _, t := range list {
			if p.reluctance(t) == unfit {
				break
			}
			err := p.stop(func(other *Thread) bool { return other == t })
			if err != nil || p.ended != nil {
				return nil, err
			}
			if p.threads[t.ID] == t && t.state == stopped && !t.within && t.at == nil && !t.waits {
				return t, nil
			}
		}
		if time.Now().After(deadline) {
			return nil, nil
		}
		if err := p.Resume(); err != nil {
			return nil, err
		}
	}
}

// unfit is the reluctance of a thread that cannot be stopped now.
const unfit = 9

// reluctance says how little a thread is suited to carry out a system call.
func (p *Process) reluctance(t *Thread) int {
	switch call := waitsIn(p.PID, t.ID); {
	case t.state == stopped && t.at != nil, t.waits, strings.Contains("DZX", stateOf(p.PID, t.ID)):
		return unfit // "", that of one which is gone, too
	case t.group:
		return 3
	case call == "running":
		return 0
	case call == strconv.Itoa(unix.SYS_FUTEX):
		return 1
	}
	return 2
}

// callErrorOf returns the error that the result of a system call stands for.
func callErrorOf(result uint64) error {
	if errno := -int64(result); errno > 0 && errno < 4096 {
		return callError{unix.Errno(errno)}
	}
	return nil
}

// A callError is the error of a system call that the target has made.
type callError struct{ unix.Errno }

// Unwrap lets errors.Is find the number of the error.
func (e callError) Unwrap() error { return e.Errno }

func (e callError) Error() string { return fmt.Sprintf("%v", e.Errno) }
