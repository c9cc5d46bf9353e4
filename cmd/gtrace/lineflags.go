package main

import (
	"os"

	"github.com/spf13/pflag"

	"gtrace/session"
	"gtrace/session/engine"
	"gtrace/session/source"
)

// lineFlags say what to show inside traced functions.
type lineFlags struct {
	lines  bool
	locals bool
	old    bool
	source sourceFlags
}

func (f *lineFlags) register(fs *pflag.FlagSet) {
	fs.BoolVarP(&f.lines, "lines", "l", false, "trace the lines of functions too, each with the variables that changed before it")
	fs.BoolVar(&f.locals, "locals", false, "show all variables at call and return")
	fs.BoolVar(&f.old, "old", false, "show what a variable was before it changed")
	f.source.register(fs)
}

// apply adds to cfg what the flags ask of a session of tgt.
func (f *lineFlags) apply(cfg *session.Config, tgt engine.Target) error {
	cfg.Lines, cfg.Locals, cfg.Old = f.lines, f.locals, f.old
	p := source.Program{Path: tgt.Program, Module: tgt.Module, Go: tgt.GoVersion}
	if info, err := os.Stat(p.Path); err == nil {
		p.Built = info.ModTime()
	}
	p.Dir, _ = os.Getwd()
	p.User = procfs{root: "/proc"}.reader(tgt.PID)
	var err error
	cfg.Sources, err = f.source.finder(p)
	return err
}
