package ptrace

import "gtrace/session/engine/ptrace/guard"

// Guard makes the program able to watch over its own targets: they are then
// saved should it be killed. A program calls it first of all. It does not return
// in the processes that watch.
func Guard() { guard.Main() }
