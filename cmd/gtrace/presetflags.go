package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gtrace/cmd/gtrace/output"
)

// presetFlags name sets of flags that stand in a file. The file is read only when
// they are given: what lies in the working directory must not decide what is done
// unless it was asked for.
type presetFlags struct {
	names []string
	file  string
}

// presetFile is the file in the working directory.
const presetFile = "gtrace.yaml"

// maxPresets bounds the size of the file.
const maxPresets = 64 << 10

func (f *presetFlags) register(fs *pflag.FlagSet) {
	fs.StringSliceVar(&f.names, "preset", nil, "take the flags that "+presetFile+" has under `NAME`; those given here win; may be repeated")
	fs.StringVar(&f.file, "config", "", "take presets from `FILE` instead of "+presetFile)
}

// apply sets the flags of cmd that were not given to what the presets say.
func (f *presetFlags) apply(cmd *cobra.Command, _ []string) error {
	switch {
	case len(f.names) > 0:
		return f.read(cmd)
	case cmd.Flags().Changed("config"):
		return usage(errors.New("--config: needs --preset NAME, the flags to take from there"))
	}
	return nil
}

func (f *presetFlags) read(cmd *cobra.Command) error {
	path := cmp.Or(f.file, presetFile)
	sets, err := readPresets(path)
	if err == nil {
		err = checkPresets(cmd, sets)
	}
	if err == nil {
		err = f.set(cmd, sets)
	}
	if wrong, ok := errors.AsType[*presetError](err); ok {
		return usage(fmt.Errorf("%s: %w", path, wrong))
	}
	return err
}

// readPresets reads a file, unless somebody else could have written it.
func readPresets(path string) ([]preset, error) {
	file, err := output.OpenTrusted(path)
	if planted, ok := errors.AsType[*output.PlantedError](err); ok {
		return nil, usage(withHint(fmt.Errorf("--preset: %w", planted.Err), "ls -la "+quote(filepath.Dir(path))+" shows whose it is; a copy of your own can be given: --config FILE"))
	}
	if err != nil {
		return nil, usage(fmt.Errorf("--preset: %w", err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxPresets+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--preset: %w", err)
	case len(text) > maxPresets:
		return nil, &presetError{text: fmt.Sprintf("it has more than %d bytes", maxPresets)}
	}
	return parsePresets(text)
}

// checkPresets refuses flags that no command has, in all sets: what is never
// used should not be wrong either.
func checkPresets(cmd *cobra.Command, sets []preset) error {
	var known []string
	for _, c := range cmd.Root().Commands() {
		if c.Flags().Lookup("preset") == nil {
			continue
		}
		c.Flags().VisitAll(func(fl *pflag.Flag) {
			if !slices.Contains(append(known, "preset", "config", "help"), fl.Name) {
				known = append(known, fl.Name)
			}
		})
	}
	for _, set := range sets {
		for _, flag := range set.flags {
			if !slices.Contains(known, flag.name) {
				return unknownInPreset(flag.line, "flag", flag.name, known)
			}
		}
	}
	return nil
}

// set sets the flags of cmd. Of several presets that have a flag the last one
// counts, and before all of them the command line, also for lists: what adds to
// a list could never take away from it.
func (f *presetFlags) set(cmd *cobra.Command, sets []preset) error {
	chosen := make(map[string]presetFlag)
	var order []string
	for _, name := range f.names {
		set, err := findPreset(sets, name)
		if err != nil {
			return err
		}
		for _, flag := range set.flags {
			if _, ok := chosen[flag.name]; !ok {
				order = append(order, flag.name)
			}
			chosen[flag.name] = flag
		}
	}
	for _, name := range order {
		if err := setFlag(cmd, chosen[name]); err != nil {
			return err
		}
	}
	return nil
}

func setFlag(cmd *cobra.Command, flag presetFlag) error {
	fl := cmd.Flags().Lookup(flag.name)
	if fl == nil {
		return &presetError{line: flag.line, text: cmd.CommandPath() + " has no flag --" + flag.name}
	}
	if fl.Changed {
		return nil
	}
	if _, isList := fl.Value.(pflag.SliceValue); !isList && len(flag.values) > 1 {
		return &presetError{line: flag.line, text: flag.name + ": takes one value, not a list"}
	}
	for _, value := range flag.values {
		err := cmd.Flags().Set(flag.name, value)
		if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
			v := newValueError(e.GetFlag(), e.GetValue(), e.Unwrap())
			if e.GetFlag().Value.Type() == "bool" {
				v.why = "write true or false"
			}
			return &presetError{line: flag.line, text: fmt.Sprintf("%s: %s: %s", flag.name, value, v.why)}
		}
		if err != nil {
			return &presetError{line: flag.line, text: err.Error()}
		}
	}
	return nil
}
