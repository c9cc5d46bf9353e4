package session

import "sync/atomic"

// An Allowance is how many events several sessions may report together. It may be
// used by all of them at once.
type Allowance struct{ left atomic.Int64 }

// NewAllowance allows so many events.
func NewAllowance(events uint64) *Allowance {
	a := new(Allowance)
	a.left.Store(int64(min(events, 1<<62)))
	return a
}

// take takes one event, if there is one left. No allowance has no end.
func (a *Allowance) take() bool { return a == nil || a.left.Add(-1) >= 0 }

// spent reports whether there is none left.
func (a *Allowance) spent() bool { return a != nil && a.left.Load() <= 0 }
