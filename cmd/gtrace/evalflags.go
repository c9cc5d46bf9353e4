package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"gtrace/session"
	"gtrace/session/engine/goexpr"
)

// evalFlags are Go expressions that are evaluated in the target.
type evalFlags struct {
	condition string
}

func (f *evalFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.condition, "if", "", "only calls for which the Go expression `EXPR` is true when they begin, as 'id > 7 && u.Name == \"ann\"'")
}

// check refuses what no program understands.
func (f *evalFlags) check() error {
	if f.condition == "" {
		return nil
	}
	if _, err := goexpr.Parse(f.condition); err != nil {
		return fmt.Errorf("--if: %w", err)
	}
	return nil
}

// apply adds to cfg what the flags ask for.
func (f *evalFlags) apply(cfg *session.Config) {
	cfg.If = f.condition
}
