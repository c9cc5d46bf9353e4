package value

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine"
)

// RuntimeType returns the type whose runtime description stands at addr, nil
// when there is none, or one made by package reflect. A generic function finds
// the types it was instantiated with that way.
//
// For a type that the debug information lacks it returns one of the right name
// and size, of which only this reader knows more.
func (r *Reader) RuntimeType(mem Memory, addr uint64) godwarf.Type {
	d, err := r.begin(mem, engine.Limits{}).typeAt(addr)
	if err != nil {
		return nil
	}
	return d.plan.t
}
