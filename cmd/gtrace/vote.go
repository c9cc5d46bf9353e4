package main

import (
	"context"
	"errors"
	"sync"
)

// A vote is how processes that are traced together go on: all of them, or none. Each
// gives its voice once, and may run on until the vote is decided; that ends the context,
// with the verdict as its cause.
type vote struct {
	context.Context
	decide context.CancelCauseFunc
	all    chan struct{} // closed when each has given its voice

	mu    sync.Mutex
	said  []bool
	left  int
	by    int   // who was the first to refuse
	first error // why
}

// errCarried is the verdict that all go on.
var errCarried = errors.New("carried")

// newVote asks a number of processes.
func newVote(ctx context.Context, voices int) *vote {
	v := &vote{all: make(chan struct{}), said: make([]bool, voices), left: voices}
	v.Context, v.decide = context.WithCancelCause(ctx)
	return v
}

// say gives the voice of a process: nil, or why it cannot go on, for which the others
// need not wait. It reports false where the voice was given before.
func (v *vote) say(process int, err error) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.said[process] {
		return false
	}
	v.said[process] = true
	if err != nil && v.first == nil {
		v.by, v.first = process, err
		v.decide(err)
	}
	if v.left--; v.left == 0 {
		close(v.all)
	}
	return true
}

// count waits until all have given their voices, and returns the first that refused,
// and why.
func (v *vote) count() (by int, err error) {
	<-v.all
	return v.by, v.first
}

// carried reports whether it was decided that all go on.
func (v *vote) carried() bool { return context.Cause(v) == errCarried }
