package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"gtrace/session"
)

// followFlags say what to trace for the calls it is part of.
type followFlags struct {
	depth int
	from  []string
	gos   bool
	std   bool
}

func (f *followFlags) register(fs *pflag.FlagSet) {
	fs.IntVarP(&f.depth, "depth", "d", 0, "also trace what a traced function calls, `N` levels down: through interfaces, closures and deferred calls too")
	fs.StringArrayVar(&f.from, "from", nil, "trace only calls of what matches `PATTERN`, and what happens inside them; may be repeated")
	fs.BoolVar(&f.std, "std", false, "with --depth, also functions of the standard library")
	fs.BoolVar(&f.gos, "follow-go", false, "with --depth, also what goroutines that are started inside call")
}

func (f *followFlags) check() error {
	switch {
	case f.depth < 0:
		return fmt.Errorf("--depth %d: must not be negative", f.depth)
	case f.gos && f.depth == 0:
		return errors.New("--follow-go: needs --depth N")
	case f.std && f.depth == 0:
		return errors.New("--std: needs --depth N; with -t, name what to trace of the standard library, as 'net/http.*'")
	}
	return checkPatterns(f.from)
}

// follow is what the flags ask of a session.
func (f *followFlags) follow() session.Follow {
	return session.Follow{Depth: f.depth, From: f.from, Go: f.gos, Std: f.std}
}
