package program

import (
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"gtrace/session/engine"
)

// While a program forks, every signal is blocked, SIGTRAP among them, and a child
// of vfork runs in the memory of its parent, without its handlers in the end. A
// thread that meets a breakpoint there dies of it unless a tracer collects it: there
// is no handler that the kernel would ask. So nothing is planted in what runs then.
//
// That is what is called from where the runtime blocks signals on, as the code
// says, and not a list of names: it is different in every version of Go and way of
// building.

// forking are the functions that fork.
var forking = []string{"syscall.forkAndExecInChild", "syscall.forkAndExecInChild1", "syscall.doCheckClonePidfd"}

// Their calls of the first are the begin of it, the other ends it in the parent.
var (
	beginOfFork = []string{"syscall.runtime_BeforeFork", "syscall.rawVforkSyscall"}
	endOfFork   = "syscall.runtime_AfterFork"
)

// whileForking says where those run.
const whileForking = "between fork and exec, where SIGTRAP is blocked, and a breakpoint would kill the program if gtrace were killed"

// barForked bars the functions that run between fork and exec.
func (im *Image) barForked() {
	begins := func(f *engine.Function) bool { return slices.Contains(beginOfFork, f.Symbol) }
	for _, f := range im.functions {
		switch {
		case f.Entry == 0:
		case f.Symbol == endOfFork:
			im.barTree(f)
		case slices.Contains(forking, f.Symbol):
			f.Barred = whileForking
			for callee := range im.called(f, begins) {
				im.barTree(callee)
			}
		}
	}
}

// barTree bars a function and what it calls. One that checks its stack cannot run
// there: the runtime makes that check fail.
func (im *Image) barTree(f *engine.Function) {
	list, err := im.Instructions(f)
	if f.Barred != "" || err == nil && afterStackCheck(list) > 0 {
		return
	}
	f.Barred = whileForking
	for callee := range im.called(f, nil) {
		im.barTree(callee)
	}
}

// called returns the functions that f may call by name once it has called one of
// those that begin says, which is among them; nil: from its entry on.
func (im *Image) called(f *engine.Function, begin func(*engine.Function) bool) map[*engine.Function]bool {
	list, err := im.Instructions(f)
	if err != nil {
		return nil
	}
	index := make(map[uint64]int, len(list))
	for i, in := range list {
		index[in.Addr] = i
	}
	found := map[*engine.Function]bool{}
	been := make([]bool, len(list))
	todo := []int{0}
	if begin != nil {
		todo = nil
		for i, in := range list {
			if callee := im.calls(in); callee != nil && begin(callee) {
				todo = append(todo, i)
			}
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if i == len(list) || been[i] {
			continue
		}
		been[i] = true
		callee := im.calls(list[i])
		if callee != nil && isMoreStack(callee) {
			continue // before the function has begun
		}
		if callee != nil {
			found[callee] = true
		}
		if t, ok := list[i].Target(); ok && list[i].Op != x86asm.CALL {
			if to, inside := index[t]; inside {
				todo = append(todo, to)
			}
		}
		if !list[i].ends() {
			todo = append(todo, i+1)
		}
	}
	return found
}

// isMoreStack reports whether a function is one that grows the stack.
func isMoreStack(f *engine.Function) bool { return strings.HasPrefix(f.Symbol, "runtime.morestack") }

// calls returns the function that an instruction calls, or goes on in, by name, or
// nil.
func (im *Image) calls(in Insn) *engine.Function {
	t, ok := in.Target()
	if !ok || in.Op != x86asm.CALL && in.Op != x86asm.JMP {
		return nil
	}
	return im.byEntry[t]
}
