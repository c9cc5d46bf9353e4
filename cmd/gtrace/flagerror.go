package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gtrace/diag"
)

// A valueError refuses the value of a flag.
type valueError struct {
	flag, value string
	why         string // and the form that is right
	instead     string // what is probably meant; may be empty
}

func (e *valueError) Error() string { return fmt.Sprintf("--%s %s: %s", e.flag, e.value, e.why) }

// flagError says in gtrace's words what is wrong with a flag.
func (a *app) flagError(cmd *cobra.Command, err error) error {
	if !cmd.HasParent() {
		return a.noCommand()
	}
	help := cmd.CommandPath() + " --help"
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return usage(newValueError(e.GetFlag(), e.GetValue(), e.Unwrap()))
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		name, _ := pflag.UnquoteUsage(e.GetFlag())
		return usage(withHint(fmt.Errorf("--%s: needs a value: --%s %s", e.GetFlag().Name, e.GetFlag().Name, name), help))
	}
	e, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return usage(withHint(err, help))
	}
	return usage(withHint(err, a.unknownFlag(cmd, e, help)...))
}

// newValueError tells the form of the values that a flag takes.
func newValueError(f *pflag.Flag, value string, err error) *valueError {
	e := &valueError{flag: f.Name, value: value}
	kind := f.Value.Type()
	switch {
	case kind != "duration" && errors.Is(err, strconv.ErrRange):
		e.why = "the number is too large"
	case kind == "duration":
		e.why = "write a time with its unit, as 10s, 2m or 1h30m"
		if _, err := time.ParseDuration(value + "s"); err == nil {
			e.instead = value + "s"
			e.why = fmt.Sprintf("a time needs its unit: write %ss or %sm", value, value)
		}
	case kind == "bool":
		e.why = fmt.Sprintf("write --%s alone, or --%s=false", f.Name, f.Name)
	case kind == "int64Slice":
		e.why = "write whole numbers with commas between, as 1,7"
	case kind == "uint64":
		e.why = "write a whole number that is not negative, as 10"
	case kind == "int", kind == "count":
		e.why = "write a whole number, as 10"
	default:
		e.why = err.Error()
	}
	return e
}

// unknownFlag finds what a flag that does not exist is meant to be: one that is nearly
// so called, or one of the target.
func (a *app) unknownFlag(cmd *cobra.Command, e *pflag.NotExistError, help string) []string {
	args := a.say.world.args[min(1, len(a.say.world.args)):]
	name, group := e.GetSpecifiedName(), e.GetSpecifiedShortnames()
	at := slices.IndexFunc(args, func(arg string) bool {
		word, _, _ := strings.Cut(arg, "=")
		return name != "" && word == "--"+name || group != "" && strings.TrimPrefix(arg, "-") == group
	})
	if at < 0 {
		return []string{help}
	}
	var list []string
	if near := nearFlag(cmd, name); near != "" {
		again := slices.Clone(args)
		again[at] = strings.Replace(args[at], name, near, 1)
		if a.parses(again) {
			list = append(list, "gtrace "+quoteAll(again))
		}
	}
	if again := toTarget(cmd, args); again != nil && a.parses(again) {
		list = append(list, "flags of the target stand after --: gtrace "+quoteAll(again))
	}
	if list == nil {
		return []string{help}
	}
	return list
}

// nearFlag returns the flag whose name differs by a few letters; a short one begins as
// it was typed.
func nearFlag(cmd *cobra.Command, name string) (near string) {
	const short = 6
	least := max(1, len(name)/4) + 1
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if name == "" || len(name) < short && name[0] != f.Name[0] {
			return
		}
		if d := diag.Distance(name, f.Name); d < least {
			near, least = f.Name, d
		}
	})
	return near
}

// parses reports whether gtrace would take a command line, as far as that can be told
// without looking at any program.
func (a *app) parses(args []string) bool {
	cmd, rest, err := newRootCommand(a).Find(asCommand(args))
	if err != nil || !cmd.HasParent() {
		return false
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return false
	}
	return cmd.Flags().Changed("help") || cmd.ValidateArgs(cmd.Flags().Args()) == nil
}
