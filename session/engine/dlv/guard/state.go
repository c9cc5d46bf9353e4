//go:build linux && amd64

package guard

import (
	"encoding/json"
	"errors"
	"io"
	"maps"

	"gtrace/session/engine/dlv/ptrace"
)

// A state is what there is to undo.
type state struct {
	patches  map[uint64][]byte // text as it was, by address
	affinity map[int]ptrace.CPUs
	rest     ptrace.CPUs
}

func newState() state {
	return state{patches: map[uint64][]byte{}, affinity: map[int]ptrace.CPUs{}}
}

func (s *state) apply(c ptrace.Change) {
	for _, p := range c.Patches {
		s.patches[p.Addr] = p.Text
	}
	for _, addr := range c.Restored {
		delete(s.patches, addr)
	}
	maps.Copy(s.affinity, c.Affinity)
	if c.Rest != nil {
		s.rest = c.Rest
	}
}

// change returns the change that leads to the state from nothing.
func (s *state) change() ptrace.Change {
	return ptrace.Change{Affinity: s.affinity, Rest: s.rest, Patches: s.list()}
}

func (s *state) list() []ptrace.Patch {
	var list []ptrace.Patch
	for addr, text := range s.patches {
		list = append(list, ptrace.Patch{Addr: addr, Text: text})
	}
	return list
}

// takeBorrowed moves the patches that are no breakpoints to a state of their own.
// They stand where the target has borrowed code, and a thread may be in it.
func (s *state) takeBorrowed() state {
	borrowed := newState()
	for addr, text := range s.patches {
		if len(text) > 1 {
			borrowed.patches[addr] = text
			delete(s.patches, addr)
		}
	}
	return borrowed
}

// follow reads messages until the tracer is done, or gone: then the state is
// what there is to undo. A message that was cut off had no effect yet.
func follow(r io.Reader) (s state, done bool, err error) {
	s = newState()
	for in := json.NewDecoder(r); ; {
		var m message
		switch err := in.Decode(&m); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return s, false, nil
		case err != nil:
			return s, false, err
		case m.Done:
			return s, true, nil
		}
		s.apply(m.Change)
	}
}
