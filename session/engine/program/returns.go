package program

import "gtrace/session/engine"

// SharesReturn reports whether a function has a RET to which it comes from
// anywhere, as after a panic, while its variables are all said to be there: those
// of optimised code are not.
func (im *Image) SharesReturn(f *engine.Function) bool {
	if f.Optimized {
		return false
	}
	shares, ok := im.shared[f]
	if !ok {
		deferreturn := map[uint64]bool{}
		for _, fn := range im.debug.Lookup("runtime.deferreturn") {
			deferreturn[fn.Entry+im.base] = true
		}
		code, err := im.Code(f)
		if err == nil {
			var calls []Insn
			calls, err = FindCalls(code, f.Entry, deferreturn)
			shares = len(calls) > 0
		}
		shares = shares || err != nil
		if im.shared == nil {
			im.shared = make(map[*engine.Function]bool)
		}
		im.shared[f] = shares
	}
	return shares
}
