package main

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"gtrace/events"
)

// maxWatched is how many places a processor can watch.
const maxWatched = 4

// memoryFlags say which memory to watch.
type memoryFlags struct {
	watch []string
}

func (f *memoryFlags) register(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.watch, "watch-mem", nil, fmt.Sprintf("report each change of the package variable `EXPR`, or of a field or element it leads to, as main.jobs[3].done; may be repeated, %d at most", maxWatched))
}

// check refuses what cannot be meant; kinds are those of --events.
func (f *memoryFlags) check(kinds []string) error {
	switch {
	case len(f.watch) > maxWatched:
		return fmt.Errorf("--watch-mem is given %d times: the processor can watch only %d places", len(f.watch), maxWatched)
	case slices.Contains(f.watch, ""):
		return fmt.Errorf("--watch-mem: no variable is given, as main.total")
	case len(f.watch) == 0 && slices.Contains(kinds, events.Write.String()):
		return fmt.Errorf("--events %s: say what to watch: --watch-mem main.total", events.Write)
	}
	return nil
}
