package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// buildFlags say how what is source is built.
type buildFlags struct {
	optimized bool
	extra     []string // as given
}

func (f *buildFlags) register(fs *pflag.FlagSet) {
	fs.BoolVar(&f.optimized, "optimized", false, "build as for release, instead of with -gcflags='all=-N -l'")
	fs.StringArrayVar(&f.extra, "build-flags", nil, "build with these `FLAGS` of go build too, as '-race -tags=sqlite'; may be repeated")
}

// A buildFlag is one flag of the go command.
type buildFlag struct {
	name     string
	value    string
	hasValue bool
}

func (f buildFlag) String() string {
	if f.hasValue {
		return "-" + f.name + "=" + f.value
	}
	return "-" + f.name
}

// valueFlags are the flags of go build and go test -c whose value may be the next
// word.
var valueFlags = strings.Fields(`asmflags buildmode compiler covermode coverpkg gccgoflags gcflags installsuffix
	ldflags mod modfile overlay p pgo pkgdir tags toolexec vet`)

// ownFlags are those which gtrace needs for itself, and why.
var ownFlags = map[string]string{
	"o":    "gtrace chooses where the program goes",
	"c":    "gtrace test does so anyway",
	"C":    "give the directory as PROG",
	"n":    "nothing would be built",
	"exec": "gtrace runs the program itself",
}

// parse returns the flags of go build.
func (f *buildFlags) parse() ([]buildFlag, error) {
	var list []buildFlag
	for _, text := range f.extra {
		words, err := splitQuoted(text)
		if err != nil {
			return nil, fmt.Errorf("--build-flags %s: %w", quote(text), err)
		}
		for len(words) > 0 {
			dashed, ok := strings.CutPrefix(words[0], "-")
			if !ok || dashed == "" {
				return nil, fmt.Errorf("--build-flags %s: %s is not a flag: write those of go build, as '-race -tags=sqlite'", quote(text), quote(words[0]))
			}
			var fl buildFlag
			fl.name, fl.value, fl.hasValue = strings.Cut(strings.TrimPrefix(dashed, "-"), "=")
			words = words[1:]
			if !fl.hasValue && slices.Contains(valueFlags, fl.name) {
				if len(words) == 0 {
					return nil, fmt.Errorf("--build-flags %s: -%s needs a value: -%s=VALUE", quote(text), fl.name, fl.name)
				}
				fl.value, fl.hasValue, words = words[0], true, words[1:]
			}
			if err := fl.check(); err != nil {
				return nil, fmt.Errorf("--build-flags: %w", err)
			}
			list = append(list, fl)
		}
	}
	return list, nil
}

// check refuses what would leave nothing to trace.
func (f *buildFlag) check() error {
	if why, ok := ownFlags[f.name]; ok {
		return fmt.Errorf("-%s cannot be given: %s", f.name, why)
	}
	if f.name != "ldflags" {
		return nil
	}
	words, err := splitQuoted(f.value)
	for _, strip := range []string{"-s", "-w"} {
		if err == nil && slices.Contains(words, strip) {
			return fmt.Errorf("-ldflags with %s leaves the debug information out, without which nothing can be traced: leave it out", strip)
		}
	}
	return nil
}

// args are the flags for the go command. Its -gcflags do not add up: what is given
// for a package takes away what was given before. So what keeps every function and
// variable visible goes into each.
func (f *buildFlags) args() []string {
	var args []string
	if !f.optimized {
		args = append(args, "-gcflags=all="+visible)
	}
	flags, _ := f.parse() // checked before
	for _, fl := range flags {
		switch {
		case fl.name == "gcflags" && !f.optimized:
			fl.value += " " + visible
		case slices.Contains([]string{"modfile", "overlay", "pgo"}, fl.name) && fl.value != "off" && fl.value != "auto":
			// The go command may run in another directory.
			if path, err := filepath.Abs(fl.value); err == nil {
				fl.value = path
			}
		}
		args = append(args, fl.String())
	}
	return args
}

// visible are the flags of the compiler that keep every function and variable
// visible.
const visible = "-N -l"

// listArgs are those of the flags that decide which packages there are.
func (f *buildFlags) listArgs() []string {
	deciding := []string{"-tags=", "-mod=", "-modfile=", "-overlay=", "-race", "-msan", "-asan"}
	return slices.DeleteFunc(f.args(), func(arg string) bool {
		return !slices.ContainsFunc(deciding, func(head string) bool { return strings.HasPrefix(arg, head) })
	})
}

// splitQuoted splits words as a shell does, of which it knows the quotes.
func splitQuoted(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	within, open := false, rune(0)
	for _, c := range text {
		switch {
		case open != 0 && c == open:
			open = 0
		case open != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			open, within = c, true
		case strings.ContainsRune(" \t\n", c):
			if within {
				words = append(words, word.String())
			}
			word.Reset()
			within = false
		default:
			word.WriteRune(c)
			within = true
		}
	}
	if open != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if within {
		words = append(words, word.String())
	}
	return words, nil
}
