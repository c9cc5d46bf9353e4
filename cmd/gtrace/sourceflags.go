package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"gtrace/session/source"
)

// sourceFlags say where source files are.
type sourceFlags struct {
	paths []string
}

func (f *sourceFlags) register(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.paths, "source-path", nil, "find source files by `RULE`: OLD=NEW for paths that begin with OLD, or a directory to look in; may be repeated")
}

// check refuses rules that lead nowhere.
func (f *sourceFlags) check() error {
	_, err := f.finder(source.Program{})
	return err
}

// finder returns what finds the files of a program.
func (f *sourceFlags) finder(p source.Program) (*source.Finder, error) {
	finder, err := source.New(p, f.paths)
	if err != nil {
		return nil, fmt.Errorf("--source-path %w", err)
	}
	return finder, nil
}
