package value

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine"
)

// RuntimeType returns the type whose runtime description stands at addr, or nil
// where the debug information does not have it. A generic function finds the
// types it was instantiated with that way.
func (r *Reader) RuntimeType(mem Memory, addr uint64) godwarf.Type {
	d, err := r.begin(mem, engine.Limits{}).typeAt(addr)
	if err != nil {
		return nil
	}
	return d.plan.t
}
