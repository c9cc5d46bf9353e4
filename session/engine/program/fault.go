package program

import (
	"slices"

	"gtrace/session/engine"
)

// An instruction that faults, as one that follows a nil pointer, looks as if it had
// called runtime.sigpanic, except that what stands for the return address is its own
// address: the code before it need not be on the same line, nor of the same inlined
// call or function. It may be anywhere, so also where there is no frame: in a function
// that needs none.

// IsSigpanic reports whether an address is in runtime.sigpanic.
func (im *Image) IsSigpanic(pc uint64) bool {
	if im.sigpanic == nil {
		i := slices.IndexFunc(im.functions, func(f *engine.Function) bool { return f.Symbol == "runtime.sigpanic" && f.Entry != 0 })
		im.sigpanic = new(engine.Function)
		if i >= 0 {
			im.sigpanic = im.functions[i]
		}
	}
	return im.sigpanic.Entry <= pc && pc < im.sigpanic.End
}

// Framed reports whether the function at an address has set up its frame there.
func (im *Image) Framed(pc uint64) bool {
	f := im.FunctionAt(pc)
	if f == nil {
		return true // C, whose frames are like those of others
	}
	from, ok := im.frameFrom[f]
	if !ok {
		from = f.End
		if list, err := im.Instructions(f); err == nil {
			if first, framed := AfterPrologue(list); framed && first < len(list) {
				from = list[first].Addr
			}
		}
		if im.frameFrom == nil {
			im.frameFrom = make(map[*engine.Function]uint64)
		}
		im.frameFrom[f] = from
	}
	return pc >= from
}
