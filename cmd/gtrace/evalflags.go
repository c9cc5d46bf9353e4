package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"gtrace/session"
	"gtrace/session/engine"
	"gtrace/session/engine/goexpr"
)

// evalFlags are Go expressions that are evaluated in the target.
type evalFlags struct {
	condition string
	watch     []string
	explode   []string
}

func (f *evalFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.condition, "if", "", "only calls for which the Go expression `EXPR` is true when they begin, as 'id > 7 && u.Name == \"ann\"'")
	fs.StringArrayVar(&f.watch, "watch", nil, "show what the Go expression `EXPR` is at call, lines and return, when it changes; may be repeated")
	fs.StringArrayVar(&f.explode, "explode", nil, "watch each part of `EXPR`, a struct, map or slice; may be repeated")
}

// check refuses what no program understands.
func (f *evalFlags) check() error {
	for _, flag := range []struct {
		name  string
		exprs []string
	}{{"if", f.conditions()}, {"watch", f.watch}, {"explode", f.explode}} {
		for _, expr := range flag.exprs {
			if _, err := goexpr.Parse(expr); err != nil {
				return fmt.Errorf("--%s: %w", flag.name, err)
			}
		}
	}
	return nil
}

func (f *evalFlags) conditions() []string {
	if f.condition == "" {
		return nil
	}
	return []string{f.condition}
}

// apply adds to cfg what the flags ask for.
func (f *evalFlags) apply(cfg *session.Config) {
	cfg.If = f.condition
	for _, expr := range f.watch {
		cfg.Watch = append(cfg.Watch, engine.Watch{Expr: expr})
	}
	for _, expr := range f.explode {
		cfg.Watch = append(cfg.Watch, engine.Watch{Expr: expr, Parts: true})
	}
}
