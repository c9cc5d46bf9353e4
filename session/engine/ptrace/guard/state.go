//go:build linux && amd64

package guard

import (
	"encoding/json"
	"io"
	"maps"

	"gtrace/session/engine/ptrace/proc"
)

// A state is what there is to undo.
type state struct {
	patches  map[uint64][]byte // text as it was, by address
	affinity map[int]proc.CPUs
	rest     proc.CPUs
}

func newState() state {
	return state{patches: map[uint64][]byte{}, affinity: map[int]proc.CPUs{}}
}

func (s *state) apply(c proc.Change) {
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
func (s *state) change() proc.Change {
	return proc.Change{Affinity: s.affinity, Rest: s.rest, Patches: s.list()}
}

func (s *state) list() []proc.Patch {
	var list []proc.Patch
	for addr, text := range s.patches {
		list = append(list, proc.Patch{Addr: addr, Text: text})
	}
	return list
}

// An ending is how a journal ended.
type ending uint8

const (
	killed ending = iota // without a word: its writer is gone
	done
	undo
)

// follow reads messages until the tracer has said how it ends, or is gone. The
// state is what there is to undo, as far as that was told: a message that was cut
// off may have been about what has been done.
func follow(r io.Reader) (state, ending) {
	s := newState()
	for in := json.NewDecoder(r); ; {
		var m message
		switch err := in.Decode(&m); {
		case err != nil:
			return s, killed
		case m.Done:
			return s, done
		case m.Undo:
			return s, undo
		case m.Whole:
			s = newState()
		}
		s.apply(m.Change)
	}
}
